package import RLCore

/// A push of up to two numbers that waits for the next step and is gone after it.
package struct DisturbancePort {
  private let bound: Float
  private var next = SIMD2<Float>.zero
  private var last = SIMD2<Float>.zero

  /// Makes a port for components that share one bound.
  package init(_ components: [DisturbanceComponent]) {
    precondition((1...2).contains(components.count), "\(components.count) components")
    bound = components[0].bound
    precondition(components.allSatisfy { $0.bound == bound }, "bounds differ")
  }

  /// What acted in the last step, in parts of the bound; for the picture only.
  var shown: (x: Double, y: Double) { (Double(last.x / bound), Double(last.y / bound)) }

  /// Takes a push [D] in, each component clipped to its bound.
  package mutating func accept(_ push: Span<Float>) {
    for i in 0..<min(push.count, 2) { next[i] = min(max(push[i], -bound), bound) }
  }

  /// The push of the step that begins, nil if there is none.
  ///
  /// A caller that does nothing about nil keeps every bit and wakes no body.
  package mutating func take() -> SIMD2<Float>? {
    (last, next) = (next, .zero)
    return last == .zero ? nil : last
  }
}
