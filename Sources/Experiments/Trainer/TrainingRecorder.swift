internal import RLCore
internal import Recording
internal import Storage

/// A recorder that writes episodes of a training run into the run's folder.
///
/// A run that is resumed writes the episodes since its checkpoint again, with the same bytes.
final class TrainingRecorder: EpisodeObserver {
  private let folder: String
  private let recorder: EpisodeRecorder

  init(header: RecordingHeader, every: Int, folder: RunFolder) {
    recorder = EpisodeRecorder(header: header, every: every)
    self.folder = folder.recordingsFolder
  }

  /// Makes the folder of the recordings.
  func open() throws(FileError) { try FileSystem.makeFolder(folder) }

  func didReset(_ start: EpisodeStart, observation: Span<Float>) {
    recorder.didReset(start, observation: observation)
  }

  func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) {
    recorder.didStep(step, action: action, disturbance: disturbance, observation: observation)
  }

  /// Writes the episodes that have ended since the last call; called between iterations.
  func writeFinished() throws(FileError) {
    for recording in recorder.takeFinished() {
      try FileSystem.write(
        recording.contents, to: "\(folder)/\(recording.name)", waitsForDisk: false)
    }
  }
}
