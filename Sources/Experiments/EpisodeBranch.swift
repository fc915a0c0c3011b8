internal import Foundation
internal import LinearAlgebra
package import RLCore
public import Recording
internal import Robustness
package import Storage
public import Training

/// An episode that repeats a recording up to a step and goes on from there in another way.
///
/// The state at the step is reached by re-simulation, which works in every environment, and is
/// compared with the recording by its hash.  From there on a policy acts, or the recorded actions
/// go on.  The physical parameters stay those of the recording; its disturbances end at the step
/// if a policy acts.
///
/// The policy sees the episode from its start and chooses an action at every step, although only
/// those after the branch count.  A controller with memory therefore knows what has happened, and a
/// recording that is branched with its own policy goes on as it did.
public struct EpisodeBranch {
  private let recording: RecordingReader
  private let step: Int
  private let environment: RegisteredEnvironment
  private let policy: StoredPolicy?
  private let mode: ActionMode
  private let seed: UInt64

  /// Plans a branch and checks that it can be made.
  ///
  /// - Parameters:
  ///   - recording: Recording to repeat.
  ///   - step: Number of its steps to repeat, after which its episode must still run; 0 for its
  ///     start only.
  ///   - policy: Policy that acts from there on; nil for the recorded actions.
  ///   - mode: One of the policy's modes; nil for the usual one.
  ///   - seed: Seed of the policy's random stream, which is drawn from at every step from the
  ///     episode's start; nil for the episode's, as in `record`.
  ///   - registry: Registry of environments.
  /// - Throws: `ConfigurationError` if the episode does not run at the step or the policy does not
  ///   fit, `FileError` if the recording's environment is unknown.
  public init(
    _ recording: RecordingReader, at step: Int, with policy: StoredPolicy? = nil,
    mode: ActionMode? = nil, seed: UInt64? = nil, registry: Registry = .standard
  ) throws {
    let header = recording.header
    environment = try recording.environment(among: registry)
    let hasEnd = recording.isTerminated || recording.isTruncated
    let last = recording.stepCount - (hasEnd ? 1 : 0)
    guard (0...max(last, 0)).contains(step) else {
      throw ConfigurationError(
        "the episode of \(recording.path) can be branched at the steps 0...\(max(last, 0)), and not "
          + "at \(step)")
    }
    if let policy {
      guard policy.environment.identifier == environment.identifier,
        (policy.wrappers.text ?? "") == (header.wrapping ?? "")
      else {
        func text(_ environment: String, _ wrapping: String?) -> String {
          environment + (wrapping.map { " behind \($0)" } ?? "")
        }
        throw ConfigurationError(
          "\(policy.path) acts in \(text(policy.environment.identifier, policy.wrappers.text)), and "
            + "\(recording.path) is of \(text(header.environment, header.wrapping))")
      }
      try policy.check(mode ?? policy.modes[0])
    }
    self.mode = mode ?? policy?.modes[0] ?? .deterministic
    self.seed = seed ?? header.seed
    (self.recording, self.step, self.policy) = (recording, step, policy)
  }

  /// Simulates the branch and records it.
  ///
  /// - Parameters:
  ///   - path: Path of the new recording.
  ///   - overwrites: Whether an existing file is replaced.
  /// - Throws: `FileError.damaged(path:reason:)` if re-simulation does not reach the recorded state,
  ///   ``NotFiniteFailure`` if the policy's action or return is not finite, ``CheckFailure`` if the
  ///   new recording does not replay, `ConfigurationError` if the file exists, and `FileError` if
  ///   it can't be written.
  /// - Returns: The new recording, verified by re-simulation.
  public func record(to path: String, overwrites: Bool = false) throws -> RecordingReader {
    guard overwrites || !FileSystem.exists(path) else {
      throw ConfigurationError(
        "\(path) exists; choose another file (--out) or replace it (--overwrite)")
    }
    let contents = try simulate()
    let branch = try RecordingReader(contents, path: path)
    let replay = try Replay(branch, environment: environment.makeVector(1))
    if let difference = try replay.verify() {
      throw CheckFailure("the branch does not replay: \(difference)")
    }
    try FileSystem.makeFolder(ofFile: path)
    try FileSystem.write(contents, to: path)
    return branch
  }

  /// Returns the contents of the new recording.
  private func simulate() throws -> Data {
    var header = recording.header.branching(
      from: recording.fingerprint, at: step, build: .current)
    if let policy {
      (header.agent, header.policy) = (policy.recordedAgent, policy.recordedPolicy)
      header.mode = .init(mode)
    }
    let recorder = EpisodeRecorder(header: header)
    let vector = try environment.makeVector(1)
    vector.observe(environment: 0, with: recorder)
    let replay = try Replay(recording, environment: vector)
    try check(replay)
    if let policy {
      let actions = Matrix(rows: 1, columns: vector.specification.actionWidth)
      let runner = EpisodeRunner(policy.policy, in: vector, slot: 0, actions: actions)
      let outcome = try runner.play(seed: seed, mode: mode) {
        guard replay.step < step else {
          vector.disturbances?.fill(0)
          return false
        }
        try replay.next()
        try check(replay)
        return true
      }
      guard outcome.episodeReturn.isFinite else {
        throw NotFiniteFailure(
          "the policy's action or return is not finite after step \(outcome.length)")
      }
    } else {
      while replay.step < step {
        try replay.next()
        try check(replay)
      }
      while try replay.next() {}
    }
    recorder.finish()
    return recorder.takeFinished().first?.contents ?? Data()
  }

  /// Throws if the re-simulation differs from the recording.
  private func check(_ replay: Replay) throws(FileError) {
    guard let difference = replay.difference else { return }
    throw .damaged(
      path: recording.path,
      reason: "\(difference), so that the state at step \(step) can't be reached; the build that "
        + "recorded it is \(recording.header.build.commit)")
  }
}

extension RecordingReader {
  /// Returns the environment of the recording, behind the wrappers that it was recorded with.
  ///
  /// - Throws: `FileError.damaged(path:reason:)` if the registry has no such environment.
  package func environment(among registry: Registry) throws(FileError) -> RegisteredEnvironment {
    do {
      return try header.environment(among: registry)
    } catch {
      throw .damaged(
        path: path,
        reason: "it was recorded in the environment '\(header.environment)', which this version "
          + "does not have")
    }
  }
}
