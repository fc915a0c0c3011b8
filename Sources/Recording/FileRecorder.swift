public import RLCore
public import Storage

/// Records episodes to files while they run; a recording is finished at the next reset.
///
/// A step can't throw, so the first error is kept until ``check()``, which the thread that steps
/// the environment must call.
public final class FileRecorder: EpisodeObserver {
  /// A function that returns the path for an episode; nil if it is not to be recorded.
  public typealias Destination = (_ start: EpisodeStart) -> String?

  /// Paths of the finished files.
  public private(set) var finished: [String] = []
  private let destination: Destination
  private var header: RecordingHeader
  private var writer: RecordingWriter?
  private var error: FileError?

  /// Creates a recorder.
  public init(header: RecordingHeader, destination: @escaping Destination) {
    self.header = header
    self.destination = destination
  }

  /// Throws the error that has occurred since the last call, if there is one.
  public func check() throws(FileError) {
    guard let error else { return }
    self.error = nil
    throw error
  }

  /// Finishes the recording of an episode that will not be continued, if there is one.
  public func finish() throws(FileError) {
    try check()
    guard let writer else { return }
    self.writer = nil
    try writer.finish()
    finished.append(writer.path)
  }

  public func didReset(_ start: EpisodeStart, observation: Span<Float>) {
    do throws(FileError) {
      try finish()
      guard let path = destination(start) else { return }
      header.begin(start, observation: array(observation))
      writer = try RecordingWriter(path: path, header: header)
    } catch {
      self.error = error
    }
  }

  public func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) {
    guard let writer else { return }
    do throws(FileError) {
      try writer.append(step, action: action, disturbance: disturbance, observation: observation)
    } catch {
      self.error = error
      self.writer = nil
    }
  }
}
