import ArgumentParser
import Experiments
import Foundation
import RLCore
import Recording
import Rendering
import Storage
import Training

/// Plays episodes of a run's newest checkpoint in a window, as long as the run trains.
///
/// Each episode is simulated by the policy as it is when the episode begins, and then shown in real
/// time.  Nothing in the run's folder is changed.
struct WatchWindow {
  private let folder: RunFolder
  /// Folder of the episodes, gone with the window.
  private let episodes =
    FileManager.default.temporaryDirectory.appending(path: "rlsuite-watch-\(getpid())").path

  /// Takes the folder of a run.
  ///
  /// - Throws: `FileError` if there is no run.
  init(_ path: String) throws(FileError) { folder = try RunResults(path).folder }

  /// Plays episodes until the window is closed.
  func show() throws {
    let stop = StopSignal(notice: "\(CommandLineTool.name): closing the window")
    defer { try? FileSystem.remove(episodes) }
    let size = Picture.standardSize
    let window = try Window(
      title: "\(folder.path) - \(CommandLineTool.name) watch", width: size.width,
      height: size.height)
    var seed: UInt64 = 0
    while !stop.isRaised {
      guard let replay = try newestEpisode(seed: seed) else {
        // The first checkpoint is not there yet.
        let isClosed = window.events(waiting: Clock.longestWait).contains { $0 == .quit }
        if isClosed || !folder.isInUse { return }
        continue
      }
      var model = ViewerModel(
        steps: replay.recording.stepCount,
        timeStep: replay.environment.specification.timeStep)
      try Viewer.play(replay, &model, in: window) { model in
        stop.isRaised || model.step == model.steps && folder.isInUse
      }
      // The last episode of a run that trains no more stays until the window is closed.
      if model.isDone { return }
      seed += 1
    }
    throw ExitCode(ExitStatus.interrupted.rawValue)
  }

  /// Simulates an episode of the newest checkpoint; nil if there is none.
  private func newestEpisode(seed: UInt64) throws -> Replay? {
    // Old checkpoints are removed while the run trains, perhaps between two of these calls.
    for _ in 0..<10 where !folder.checkpointSteps.isEmpty {
      guard
        let policy = try? StoredPolicy(
          folder.path, checkpoint: "latest", registry: .ofTheTool)
      else {
        usleep(20_000)
        continue
      }
      let plan = try RecordingPlan(policy, seed: seed, to: episodes, overwrites: true)
      _ = try plan.run()
      let recording = try RecordingReader(path: plan.paths[0])
      return try Replay(recording, environment: policy.environment.makeVector(1))
    }
    return nil
  }
}
