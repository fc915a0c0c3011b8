import CRLSuite
import Foundation
// Brings the functions that the header declares.
import SharedLibrary
import Testing

/// A vector behind a handle, with the buffers that it is lent.
final class LentVector {
  let handle: UInt64
  let count: Int
  let actions: UnsafeMutableBufferPointer<Float>
  let disturbances: UnsafeMutableBufferPointer<Float>
  let observations: UnsafeMutableBufferPointer<Float>
  let rewards: UnsafeMutableBufferPointer<Double>
  let terminated: UnsafeMutableBufferPointer<UInt8>
  let truncated: UnsafeMutableBufferPointer<UInt8>
  let finalObservations: UnsafeMutableBufferPointer<Float>
  let observationWidth: Int
  let actionWidth: Int

  init(_ configuration: String) throws {
    var handle: UInt64 = 0
    try expectSuccess(rlsuite_create(configuration, &handle))
    var sizes = rlsuite_sizes()
    try expectSuccess(rlsuite_get_sizes(handle, &sizes))
    self.handle = handle
    count = Int(sizes.environments)
    observationWidth = Int(sizes.observation_width)
    actionWidth = Int(sizes.action_width)
    actions = Self.buffer(count * actionWidth)
    disturbances = Self.buffer(count * Int(sizes.disturbance_width))
    observations = Self.buffer(count * observationWidth)
    finalObservations = Self.buffer(count * observationWidth)
    rewards = Self.buffer(count)
    terminated = Self.buffer(count)
    truncated = Self.buffer(count)
    var buffers = self.buffers
    try expectSuccess(
      rlsuite_bind(handle, &buffers, Int64(MemoryLayout<rlsuite_buffers>.size)))
  }

  private static func buffer<Number: Numeric>(
    _ count: Int
  ) -> UnsafeMutableBufferPointer<Number> {
    let buffer = UnsafeMutableBufferPointer<Number>.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return buffer
  }

  deinit {
    #expect(rlsuite_destroy(handle) == RLSUITE_OK)
    for buffer in [actions, disturbances, observations, finalObservations] { buffer.deallocate() }
    rewards.deallocate()
    terminated.deallocate()
    truncated.deallocate()
  }

  /// What is lent.
  var buffers: rlsuite_buffers {
    rlsuite_buffers(
      actions: actions.baseAddress, action_count: Int64(actions.count),
      disturbances: disturbances.isEmpty ? nil : UnsafePointer(disturbances.baseAddress),
      disturbance_count: Int64(disturbances.count),
      observations: observations.baseAddress, observation_count: Int64(observations.count),
      rewards: rewards.baseAddress, reward_count: Int64(rewards.count),
      terminated: terminated.baseAddress, terminated_count: Int64(terminated.count),
      truncated: truncated.baseAddress, truncated_count: Int64(truncated.count),
      final_observations: finalObservations.baseAddress,
      final_observation_count: Int64(finalObservations.count))
  }

  func reset(_ seeds: [UInt64]? = nil, mask: [UInt8]? = nil) throws {
    try expectSuccess(
      rlsuite_reset(
        handle, seeds, Int64(seeds?.count ?? 0), mask, Int64(mask?.count ?? 0)))
  }

  func step() throws { try expectSuccess(rlsuite_step(handle)) }

  func hash(_ environment: Int) throws -> UInt64 {
    var hash: UInt64 = 0
    try expectSuccess(rlsuite_state_hash(handle, Int64(environment), &hash))
    return hash
  }

  func snapshot(_ environment: Int) throws -> [UInt8] {
    var length: Int64 = 0
    try expectSuccess(rlsuite_snapshot(handle, Int64(environment), nil, 0, &length))
    var bytes = [UInt8](repeating: 0, count: Int(length))
    try expectSuccess(rlsuite_snapshot(handle, Int64(environment), &bytes, length, &length))
    return bytes
  }

  func observation(_ i: Int) -> [Float] {
    Array(observations[i * observationWidth..<(i + 1) * observationWidth])
  }

  func finalObservation(_ i: Int) -> [Float] {
    Array(finalObservations[i * observationWidth..<(i + 1) * observationWidth])
  }
}

/// The thread's last error.
func lastError() -> String {
  var length: Int64 = 0
  var text = [CChar](repeating: 0, count: 4096)
  guard rlsuite_last_error(&text, Int64(text.count), &length) == RLSUITE_OK else { return "?" }
  return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Fails the test with the library's sentence unless a call has succeeded.
func expectSuccess(
  _ status: Int32, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try #require(status == RLSUITE_OK, "\(status): \(lastError())", sourceLocation: sourceLocation)
}
