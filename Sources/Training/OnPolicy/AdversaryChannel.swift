package import LinearAlgebra
package import RLCore

/// The way on which an adversary's choices, numbers in −1...1, reach the environments.
///
/// - Source: forces as in Pinto et al. 2017, arXiv:1703.02702; mixed actions as in Tessler et al.
///   2019, arXiv:1901.09184 (the noisy action robust MDP).
package final class AdversaryChannel {
  /// What an adversary acts on.
  package enum Target: Sendable {
    /// The environment's disturbance port: `d_j = s · bound_j · c_j`.
    case force
    /// The protagonist's action: `a ← (1 − s) a + s a'`, with c as the action a' in the range of
    /// actions.
    case action(low: [Float], high: [Float])
  }

  /// Strength s in 0...1; at 0 no bit of the environments changes.
  package var strength: Float = 0
  /// Probability with which a choice is replaced by a random direction of length 0.5...1.
  package var exploration: Float = 0
  /// Size of each choice as a fraction of the largest possible one, times the strength, [N · T].
  package let sizes: Vector
  /// Number of components of a choice.
  package let width: Int
  /// Space of the choices.
  package var space: Space {
    .box(low: Array(repeating: -1, count: width), high: Array(repeating: 1, count: width))
  }
  private let target: Target
  private let bounds: [Float]
  private let isBall: Bool
  private let steps: Int
  private let disturbances: Matrix?
  private let actions: Matrix

  /// Creates a channel to environments that are reset but have taken no step.
  ///
  /// - Parameters:
  ///   - target: What the adversary acts on.
  ///   - isBall: Whether choices are scaled down to a length of 1, so that they lie in a ball
  ///     rather than in a box.
  ///   - environment: The environments, which must have a disturbance port if that is the target.
  ///   - actions: The environments' actions, [N × A].
  ///   - steps: The number T of steps in a rollout.
  package init(
    _ target: Target, isBall: Bool, environment: any BatchedEnvironment, actions: Matrix, steps: Int
  ) {
    self.target = target
    self.isBall = isBall
    self.actions = actions
    self.steps = steps
    sizes = Vector(count: environment.count * steps)
    bounds = environment.disturbanceComponents.map(\.bound)
    switch target {
    case .force:
      precondition(!bounds.isEmpty, "\(environment.specification.identifier) has no disturbances")
      environment.takesDisturbances = true
      disturbances = environment.disturbances
      width = bounds.count
    case .action(let low, _):
      disturbances = nil
      width = low.count
    }
  }

  /// Replaces a choice by a random one, with the probability of exploration.
  ///
  /// - Returns: Whether the choice was replaced.
  @discardableResult package func explore(
    using stream: inout RandomStream, _ choices: Matrix, row: Int
  ) -> Bool {
    guard exploration > 0, stream.uniform() < exploration else { return false }
    var squares: Float = 0
    for j in 0..<width {
      choices[row, j] = stream.firstOfNormalPair()
      squares += choices[row, j] * choices[row, j]
    }
    let length = stream.uniform(from: 0.5, to: 1)
    for j in 0..<width { choices[row, j] *= length / max(squares.squareRoot(), 1e-12) }
    return true
  }

  /// Applies a choice, each component of which is clipped to −1...1, in the next step.
  package func apply(_ choices: Matrix, row: Int, to i: Int, step t: Int) {
    var squares: Float = 0
    for j in 0..<width { squares += choices[row, j] * choices[row, j] }
    let length = squares.squareRoot()
    let scale = isBall ? min(1, 1 / max(length, 1e-12)) : 1
    let largest = isBall ? 1 : Float(width).squareRoot()
    sizes[i * steps + t] = strength * scale * length / largest
    switch target {
    case .force:
      for j in 0..<width { disturbances?[i, j] = strength * bounds[j] * scale * choices[row, j] }
    case .action(let low, let high):
      guard strength > 0 else { return }
      for j in 0..<width {
        let other = low[j] + (scale * choices[row, j] + 1) / 2 * (high[j] - low[j])
        actions[i, j] = (1 - strength) * actions[i, j] + strength * other
      }
    }
  }
}
