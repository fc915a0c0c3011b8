import ArgumentParser
import Experiments
import RLCore
import Recording
import Rendering
import Training

/// Options for pictures and films of episodes.
struct PictureOptions: ParsableArguments {
  @Option(path: .long, help: "Folder for numbered pictures, one per step.") var frames: String?
  @Option(help: "Format of the pictures: png or ppm.") var format = PictureFormat.png.rawValue
  @Option(path: .long, help: "Film to write: .gif, or .mp4, .mkv or .webm with the program ffmpeg.")
  var video: String?
  @Option(help: "Width and height of pictures, in pixels.") var size = "600x400"
  @Option(help: "Steps between two pictures; the last state is drawn too. Films keep their pace.")
  var pictureEvery = 1
  @Flag(help: "Draw no figures over the pictures.") var noOverlay = false

  func validate() throws {
    guard (1...1_000_000).contains(pictureEvery) else {
      throw ValidationError("--picture-every must lie in 1...1000000")
    }
  }

  /// Creates the film that the options ask for; nil if they ask for none.
  func makeFilm(timeStep: Double) throws -> Film? {
    let (width, height) = try Picture.size(from: size)
    guard let format = PictureFormat(rawValue: format) else {
      throw ConfigurationError.unknown(
        "picture format", format, allowed: PictureFormat.allCases.map(\.rawValue))
    }
    guard frames != nil || video != nil else { return nil }
    return Film(
      renderer: try SceneRenderer(width: width, height: height),
      frames: try frames.map { try FrameWriter(folder: $0, format: format) },
      video: try video.map {
        try VideoWriter(
          path: $0, width: width, height: height, timeStep: timeStep * Double(pictureEvery))
      },
      every: pictureEvery, hasOverlay: !noOverlay)
  }
}

/// Draws replays into picture files.
final class Film {
  private let renderer: SceneRenderer
  private let frames: FrameWriter?
  private let video: VideoWriter?
  private let every: Int
  private let hasOverlay: Bool
  private var failure: (any Error)?

  init(
    renderer: SceneRenderer, frames: FrameWriter?, video: VideoWriter?, every: Int, hasOverlay: Bool
  ) {
    self.renderer = renderer
    self.frames = frames
    self.video = video
    self.every = every
    self.hasOverlay = hasOverlay
  }

  /// Draws the current state of a replay and every later one.
  func follow(_ replay: Replay) {
    draw(replay)
    replay.onState = { [self] in draw($0) }
  }

  private func draw(_ replay: Replay) {
    // The last state is drawn whatever the interval.
    let isLast = replay.isAtEnd
    guard failure == nil, replay.step % every == 0 || isLast else { return }
    let steps = isLast ? 1 : min(every, replay.recording.stepCount - replay.step)
    let picture = renderer.draw(
      replay.environment.scene(of: 0), overlay: hasOverlay ? Overlay(replay) : nil)
    do {
      try frames?.write(picture)
      try video?.write(
        picture, lasting: Double(steps) * replay.environment.specification.timeStep,
        isNeeded: isLast)
    } catch {
      failure = error
    }
  }

  /// Throws the error that stopped the drawing, if one did.
  func check() throws {
    if let failure { throw failure }
  }

  /// Completes the film's files.
  func finish() throws {
    try check()
    try video?.finish()
  }
}

extension Overlay {
  /// Creates the overlay for the current step of a replay.
  init(_ replay: Replay, mode: String? = nil) {
    let recording = replay.recording
    let specification = replay.environment.specification
    var remarks = [Remark]()
    if let end = replay.end { remarks.append(Remark(end)) }
    if replay.difference != nil { remarks.append(Remark("differs from the recording", .bad)) }
    self.init(
      title: recording.header.environment, actor: recording.header.agent,
      seed: recording.header.seed,
      step: replay.step, steps: recording.stepCount,
      time: Double(replay.step) * specification.timeStep,
      reward: replay.step == 0 ? nil : Double(replay.reward), episodeReturn: replay.totalReward,
      remarks: remarks,
      action: replay.step == 0 ? nil : Action(replay.action, of: specification),
      disturbances: [Gauge](replay.disturbance, of: replay.environment.disturbanceComponents),
      mode: mode)
  }
}
