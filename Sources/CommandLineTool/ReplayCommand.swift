import ArgumentParser
import Environments
import Experiments
import Foundation
import RLCore
import Recording
import Rendering
import Storage

/// The verb `replay`: re-simulates recorded episodes and compares every step.
struct ReplayRecording: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Re-simulate recorded episodes, to verify, watch, draw or branch them.",
    discussion: """
      Each episode is simulated again from its seed, parameters and actions, and every step is \
      compared bit for bit. The first difference is reported with its step and field; with \
      --verify it is a failed check (exit code 1). Of several recordings all are tried; if some \
      can't be read, the exit code is that of the first of these.

      With --branch, an episode is simulated up to a step and goes on from there in another way, \
      as a new recording, which is replayed in the old one's place. A policy sees the episode from \
      its start, and its actions count from the step on.
      """)

  @Argument(inputs: "Recordings (.rlrec).", extensions: ["rlrec"])
  var files: [String]
  @Flag(help: "Exit with 1 unless every step is the same, bit for bit.") var verify = false
  @Flag(help: "Play the recording in a window; h explains the keys.") var window = false
  @Option(help: "Simulated seconds per second in the window, in 0.1...16.") var speed = 1.0
  @Flag(help: "Open the window paused.") var paused = false
  @Option(help: "Step at which the window opens.") var step = 0
  @Flag(help: "Accept a recording that was cut off, and use what is left.") var partial = false
  @OptionGroup var branching: BranchOptions
  @OptionGroup var pictures: PictureOptions
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one recording") }
    let takesOne =
      window || pictures.frames != nil || pictures.video != nil || branching.branch != nil
    guard files.count == 1 || !takesOne else {
      throw ValidationError("--branch, --frames, --video and --window take one recording at a time")
    }
    guard (0.1...16).contains(speed) else { throw ValidationError("--speed must lie in 0.1...16") }
    guard step >= 0 else { throw ValidationError("--step must not be negative") }
  }

  func run() throws {
    var different = 0
    var unread: [ExitStatus] = []
    for file in files {
      do {
        if try !replay(file) { different += 1 }
      } catch {
        guard files.count > 1, let status = Failure.status(of: error) else { throw error }
        Failure.report(error)
        unread.append(status)
      }
    }
    let counts = [
      different > 0 && (verify || !unread.isEmpty)
        ? "\(different) of \(files.count) recordings do not replay as they were recorded" : nil,
      unread.isEmpty ? nil : "\(unread.count) of \(files.count) recordings can't be replayed",
    ].compactMap(\.self)
    if let status = unread.first {
      complain(counts.joined(separator: "; "))
      throw ExitCode(status.rawValue)
    }
    guard different == 0 || !verify else {
      throw CheckFailure(
        files.count == 1 ? "\(files[0]) does not replay as it was recorded" : counts[0])
    }
  }

  /// Replays a file; returns whether every step was the same.
  private func replay(_ path: String) throws -> Bool {
    var recording = try RecordingReader(
      path: path, accepting: partial ? .toLastWholeChunk : .finished)
    if let missing = recording.missingEnd { complain("\(path): \(missing)") }
    if let step = branching.branch { recording = try branching.branch(recording, at: step) }
    let file = recording.path
    let environment = try recording.environment(among: .ofTheTool)
    let film = try pictures.makeFilm(timeStep: environment.specification.timeStep)
    let replay = try Replay(recording, environment: environment.makeVector(1))
    if window {
      let viewer = Viewer(
        title: "\(file) - \(CommandLineTool.name) replay",
        size: try Picture.size(from: pictures.size),
        speed: speed, isPaused: paused, firstStep: step)
      try viewer.show(replay)
      replay.rewind()
    }
    // An unfinished film is removed, along with its hidden file.
    let stop = StopSignal(notice: "\n\(CommandLineTool.name): stopping")
    film?.follow(replay)
    while !stop.isRaised, try replay.next() {}
    guard !stop.isRaised else { throw ExitCode(ExitStatus.interrupted.rawValue) }
    try film?.finish()
    var report = RecordingReport(
      recording, end: replay.end, verified: replay.difference == nil)
    report.difference = replay.difference?.description
    if json {
      writeLine(try jsonLine(report))
    } else {
      writeLine(
        "\(file): \(recording.header.environment), \(recording.header.agent), seed \(report.seed), "
          + "\(counted(report.steps, "step")), return \(decimals(report.episodeReturn, 2)), \(report.end)"
      )
      writeLine(
        report.difference.map { "differs at \($0)" }
          ?? "verified: every step is the same, bit for bit")
    }
    return replay.difference == nil
  }
}
