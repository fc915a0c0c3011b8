public import Foundation
public import RLCore

/// Records every n-th episode of an environment during training.
///
/// Nothing is written while it observes: finished recordings are kept until they are taken.
/// Attached before the first reset of a resumed run, it observes whole episodes and produces the
/// same files as if the run had never stopped.
public final class EpisodeRecorder: EpisodeObserver {
  /// A finished recording.
  public struct Finished: Sendable, Equatable {
    /// Name of the recording's file, such as `episode-000012.rlrec`.
    public var name: String
    /// Contents of the recording's file.
    public var contents: Data
  }

  private let every: Int
  private var header: RecordingHeader
  private var encoder: RecordingEncoder?
  private var chunks: [UInt8] = []
  private var finished: [Finished] = []

  /// Records the episodes whose number is a multiple of `every`.
  ///
  /// - Parameters:
  ///   - header: Header shared by all episodes; names disturbances if they are on.
  ///   - every: Number of episodes from one recorded to the next.
  public init(header: RecordingHeader, every: Int = 1) {
    precondition(every >= 1, "every \(every) episodes")
    self.header = header
    self.every = every
  }

  /// Returns the name of an episode's file.
  public static func name(episode: Int) -> String {
    let digits = String(episode)
    return "episode-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).rlrec"
  }

  /// Returns the recordings of episodes that have ended since the last call.
  public func takeFinished() -> [Finished] {
    defer { finished = [] }
    return finished
  }

  public func didReset(_ start: EpisodeStart, observation: Span<Float>) {
    chunks = []
    guard start.episode % every == 0 else {
      encoder = nil
      return
    }
    header.begin(start, observation: array(observation))
    encoder = RecordingEncoder(layout: header.layout)
  }

  public func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) {
    guard encoder != nil else { return }
    let chunk = encoder?.append(
      step, action: action, disturbance: disturbance, observation: observation)
    if let chunk { chunks += chunk }
    if step.terminated || step.truncated { finish() }
  }

  /// Finishes the recording of an episode that will not be continued, if there is one.
  package func finish() {
    guard var encoder else { return }
    if let chunk = encoder.flush() { chunks += chunk }
    header.end = encoder.end
    let head = RecordingEncoder.head(header)
    var contents = Data(head.bytes)
    contents.append(contentsOf: chunks)
    contents.append(contentsOf: encoder.done(headChecksum: head.checksum))
    finished.append(Finished(name: Self.name(episode: header.episode), contents: contents))
    self.encoder = nil
    chunks = []
  }
}

func array(_ span: Span<Float>) -> [Float] { span.indices.map { span[$0] } }
