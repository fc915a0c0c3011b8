public import RLCore
public import Storage

/// Records episodes into files while they run; an episode's end is the reset that follows it.
///
/// The environment is stepped by the same thread that asks it for errors: a step can't throw, so
/// the first error is kept until ``check()``.
public final class FileRecorder: EpisodeObserver {
  /// Where an episode goes; nil where it is not recorded.
  public typealias Destination = (_ start: EpisodeStart) -> String?

  /// The files that are finished.
  public private(set) var finished: [String] = []
  private let destination: Destination
  private var header: RecordingHeader
  private var writer: RecordingWriter?
  private var error: FileError?

  /// Describes what is recorded.
  public init(header: RecordingHeader, destination: @escaping Destination) {
    self.header = header
    self.destination = destination
  }

  /// Throws what went wrong since the last time it was asked.
  public func check() throws(FileError) {
    guard let error else { return }
    self.error = nil
    throw error
  }

  /// Finishes the recording of an episode that does not go on, if one runs.
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
