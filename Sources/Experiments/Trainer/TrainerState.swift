internal import Foundation
internal import Storage

/// State of the trainer itself between two iterations.
struct TrainerState: Codable, Equatable {
  /// Number of evaluations so far.
  var evaluations = 0
  /// Number of episodes of training that have ended so far.
  var episodes = 0
  /// Environment step of the last evaluation.
  var lastEvaluationStep: Int?
  /// Mean return of the last evaluation.
  var lastReturn: Double?
  /// Mean return of the best evaluation; nil if tasks change.
  var bestReturn: Double?
  /// Environment step of the best evaluation; nil if tasks change.
  var bestStep: Int?
  /// Alarm for collapses; nil in checkpoints of builds without it.
  var cliff: RewardCliff? = RewardCliff()
  /// Whether the run has finished.
  var isFinished = false
  /// CRC-32C of `config.yaml`, since a checkpoint belongs to one configuration.
  var configurationChecksum: UInt32

  private static let key = "trainer"

  /// Writes the state into an archive's metadata.
  func save(to archive: inout TensorArchive) {
    archive.metadata[Self.key] = String(decoding: JSON.encode(self, isPretty: false), as: UTF8.self)
  }

  /// Reads the state from an archive's metadata.
  init(from archive: TensorArchive) throws(ArchiveError) {
    guard let text = archive.metadata[Self.key] else { throw .missing(name: "trainer state") }
    do {
      self = try JSONDecoder().decode(TrainerState.self, from: Data(text.utf8))
    } catch {
      throw .invalid(reason: "its trainer state can't be read")
    }
    guard (0..<1 << 40).contains(evaluations), (0..<1 << 50).contains(episodes) else {
      throw .invalid(reason: "its count of evaluations or episodes is impossible")
    }
  }

  init(configurationChecksum: UInt32) { self.configurationChecksum = configurationChecksum }
}
