internal import RLCore

/// A push of up to two numbers that waits for the next step and is gone after it.
struct DisturbancePort {
  private var next = SIMD2<Float>.zero
  /// What acted in the last step; for the picture only.
  private(set) var last = SIMD2<Float>.zero

  /// Takes a push [D] in, each component clipped to its bound.
  mutating func accept(_ push: Span<Float>, bound: Float) {
    for i in 0..<min(push.count, 2) { next[i] = min(max(push[i], -bound), bound) }
  }

  /// The push of the step that begins, nil if there is none.
  ///
  /// A caller that does nothing about nil keeps every bit and wakes no body.
  mutating func take() -> SIMD2<Float>? {
    (last, next) = (next, .zero)
    return last == .zero ? nil : last
  }

  /// Forgets all, at a reset.
  mutating func clear() { (last, next) = (.zero, .zero) }
}
