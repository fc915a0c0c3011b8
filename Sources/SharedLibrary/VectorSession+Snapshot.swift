internal import Foundation
internal import LinearAlgebra
internal import RLCore
internal import Storage
internal import Training

extension VectorSession {
  private static let environmentKey = "environment"
  private static let episodeName = "episode"
  private static let seedsName = "seeds"

  /// Returns a running episode as bytes.
  func snapshot(of i: Int) throws -> Data {
    guard phases[i] == .running else {
      throw Boundary.Misuse("environment \(i) has no running episode")
    }
    var archive = TensorArchive()
    archive.metadata[Self.environmentKey] = registered.identifier
    archive.set(
      environment.snapshot(of: i), named: Self.episodeName,
      hasDisturbances: environment.disturbances != nil)
    archive.set(Self.seedsName, .words([seeds[i], UInt64(episodes[i])]))
    return archive.safetensors
  }

  /// Continues an episode from its bytes.
  func restore(_ bytes: Data, to i: Int) throws {
    let buffers = try bound()
    let archive = try TensorArchive(safetensors: bytes)
    guard archive.metadata[Self.environmentKey] == registered.identifier else {
      throw ArchiveError.invalid(reason: "the episode is not of \(registered.identifier)")
    }
    let snapshot = try archive.episode(named: Self.episodeName, in: environment)
    let origin = try archive.words(Self.seedsName, count: 2)
    guard origin[1] < 1 << 62 else {
      throw ArchiveError.invalid(reason: "its episode count is impossible")
    }
    do {
      try check(rows: snapshot.actions, width: actionWidth) { try check(action: $0, of: i) }
      let width = environment.disturbances?.columns ?? 0
      try check(rows: snapshot.disturbances, width: width) { try check(disturbance: $0, of: i) }
    } catch let error as Boundary.Misuse {
      throw ArchiveError.invalid(reason: error.description)
    }
    phases[i] = .idle
    try environment.restore(snapshot, to: i)
    (seeds[i], episodes[i]) = (origin[0], Int(origin[1]))
    phases[i] = .running
    write(i, to: buffers)
  }

  private func check(
    rows: [Float], width: Int, _ check: (ArraySlice<Float>) throws -> Void
  ) throws {
    guard width > 0 else { return }
    for first in stride(from: 0, to: rows.count, by: width) {
      try check(rows[first..<min(first + width, rows.count)])
    }
  }
}
