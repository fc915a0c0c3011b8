package import RLCore

/// A disturbance of one or two numbers that acts in the next step and is then removed.
package struct DisturbancePort {
  private let bound: Float
  private var next = SIMD2<Float>.zero
  private var last = SIMD2<Float>.zero

  /// Creates a port for components that share one bound.
  package init(_ components: [DisturbanceComponent]) {
    precondition((1...2).contains(components.count), "\(components.count) components")
    bound = components[0].bound
    precondition(components.allSatisfy { $0.bound == bound }, "bounds differ")
  }

  /// The disturbance of the last step as a fraction of the bound; for the picture only.
  var shown: (x: Double, y: Double) { (Double(last.x / bound), Double(last.y / bound)) }

  /// Stores a disturbance, [D], with each component clipped to its bound.
  package mutating func accept(_ push: Span<Float>) {
    for i in 0..<min(push.count, 2) { next[i] = min(max(push[i], -bound), bound) }
  }

  /// Removes and returns the disturbance for the step that begins; nil if there is none.
  ///
  /// Callers that do nothing if it is nil keep every bit of the trajectory and wake no body.
  package mutating func take() -> SIMD2<Float>? {
    (last, next) = (next, .zero)
    return last == .zero ? nil : last
  }
}
