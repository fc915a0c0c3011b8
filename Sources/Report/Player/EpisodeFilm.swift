package import Experiments
internal import Foundation
package import RLCore
package import Recording
package import Storage

/// A recorded episode as the page's player shows it.
package struct EpisodeFilm: Sendable {
  /// Name for the player's list of episodes.
  package let name: String
  /// The film, compressed and in the letters of base64.
  package let base64: String
  /// Picture of the middle of the episode, for paper and where no script runs.
  package let poster: Scene
  /// One sentence about the episode.
  package let summary: String

  /// Pictures per second that are enough for the eye.
  private static let rate = 25.0
  /// Most pictures of a film, beyond which there are fewer per second.
  private static let mostPictures = 5000

  /// Re-simulates a recording and keeps its scenes.
  ///
  /// - Parameters:
  ///   - path: Path of the recording.
  ///   - name: Name for the player's list.
  ///   - registry: Registry with the recording's environment.
  /// - Throws: `FileError` if the recording can't be read or does not fit the environment.
  /// - Returns: The film; nil if the environment has no picture.
  package static func make(
    _ path: String, name: String, registry: Registry
  ) throws(FileError) -> EpisodeFilm? {
    let recording = try RecordingReader(path: path)
    let header = recording.header
    guard let environment = try? registry.environment(header.environment) else {
      throw .damaged(
        path: path,
        reason: "it was recorded in the environment '\(header.environment.printable)', which this "
          + "version does not have")
    }
    guard environment.hasPicture else { return nil }
    let replay = try Replay(recording, environment: vector(environment, path))
    let stride = max(
      (1 / (rate * header.timeStep) + 1e-6).clampedToInt,
      (recording.stepCount + mostPictures - 1) / mostPictures)
    var encoder = FilmEncoder(
      FilmEncoder.Caption(replay, of: environment.specification, stride: stride))
    let middle = recording.stepCount / 2
    var poster = replay.environment.scene(of: 0)
    func add() {
      encoder.add(
        replay.environment.scene(of: 0), action: replay.action, disturbance: replay.disturbance,
        reward: replay.reward, totalReward: replay.totalReward)
    }
    add()
    while try replay.next() {
      if replay.step == middle { poster = replay.environment.scene(of: 0) }
      if replay.step % stride == 0 || replay.isAtEnd { add() }
    }
    // On another machine, the last bits may differ.
    let remark = replay.difference.map { ", which replays otherwise from step \($0.step) on" }
    return EpisodeFilm(
      name: name, base64: Data(encoder.compressed()).base64EncodedString(), poster: poster,
      summary: "\(header.agent.printable) on \(header.environment.printable), seed \(header.seed), "
        + "\(recording.stepCount) steps, return "
        + "\(String(format: "%.1f", recording.totalReward)), "
        + "\((recording.end ?? replay.end)?.description ?? "ended")\(remark ?? "")")
  }

  private static func vector(
    _ environment: RegisteredEnvironment, _ path: String
  ) throws(FileError) -> any BatchedEnvironment {
    do {
      return try environment.makeVector(1)
    } catch {
      throw .damaged(path: path, reason: "\(error)")
    }
  }
}

extension Double {
  /// The number as an integer within what a step count can be; 1 if it is not finite.
  fileprivate var clampedToInt: Int { isFinite ? Int(Swift.min(Swift.max(self, 1), 1e6)) : 1 }
}

extension FilmEncoder.Caption {
  /// Describes the episode of a replay.
  package init(_ replay: Replay, of specification: EnvironmentSpecification, stride: Int) {
    let header = replay.recording.header
    environment = header.environment.printable
    agent = header.agent.printable
    seed = "\(header.seed)"
    end = replay.recording.end?.description ?? "ended"
    steps = replay.recording.stepCount
    self.stride = stride
    timeStep = header.timeStep
    let names = specification.actionComponents.map(\.name)
    switch specification.actionSpace {
    case .discrete(let count):
      choices = (0..<count).map { $0 < names.count ? names[$0] : "action \($0)" }
      actions = []
    case .box(let low, let high):
      choices = []
      actions = low.indices.map { index in
        Gauge(
          name: index < names.count ? names[index] : "action \(index)",
          low: low[index].isFinite ? Double(low[index]) : -1,
          high: high[index].isFinite ? Double(high[index]) : 1)
      }
    }
    disturbances = header.disturbanceComponents.map {
      let bound = $0.bound.isFinite ? Double($0.bound) : 1
      return Gauge(name: $0.name.printable, low: -bound, high: bound)
    }
  }
}
