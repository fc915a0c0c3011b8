internal import RLCore
public import Storage

/// The hashes in recordings, computed with `StateHasher`.
public enum RecordingHash {
  /// Hashes an episode's start: the simulator's fingerprint, the seed and every parameter's bits.
  public static func initial(state: UInt64, seed: UInt64, parameters: [Double]) -> UInt64 {
    var hasher = StateHasher()
    hasher.combine(state)
    hasher.combine(seed)
    for value in parameters { hasher.combine(value) }
    return hasher.value
  }

  /// Hashes a step: the simulator's fingerprint after it, and the bits of action and disturbance.
  ///
  /// Hashing the latter also reveals changes that the physics clips away.
  public static func step(
    state: UInt64, action: Span<Float>, disturbance: Span<Float>
  ) -> UInt64 {
    var hasher = StateHasher()
    hasher.combine(state)
    for j in action.indices { hasher.combine(action[j]) }
    for j in disturbance.indices { hasher.combine(disturbance[j]) }
    return hasher.value
  }

  /// Hashes a policy: the names, shapes and bits of all tensors that are saved for it.
  public static func policy(_ archive: TensorArchive) -> UInt64 {
    var hasher = StateHasher()
    for (name, tensor) in archive.tensors.sorted(by: { $0.key < $1.key }) {
      combine(name, into: &hasher)
      for extent in tensor.shape { hasher.combine(extent) }
      switch tensor.values {
      case .floats(let values): for value in values { hasher.combine(value) }
      case .doubles(let values): for value in values { hasher.combine(value) }
      case .words(let values): for value in values { hasher.combine(value) }
      }
    }
    return hasher.value
  }

  /// Hashes a policy without tensors, such as a controller, by its name.
  public static func policy(named name: String) -> UInt64 {
    var hasher = StateHasher()
    combine(name, into: &hasher)
    return hasher.value
  }

  private static func combine(_ text: String, into hasher: inout StateHasher) {
    hasher.combine(text.utf8.count)
    for byte in text.utf8 { hasher.combine(UInt64(byte)) }
  }
}
