internal import LinearAlgebra

/// The conditional flow-matching loss of an action a at noise ε and time t, where 1 is noise and 0
/// is the action.
///
/// With `x = t ε + (1 − t) a` and the velocity v that a network computes at x, the loss is
/// `c w(t) Σ (v − (ε − a))²`: w is 1 if the velocity is compared, and (1 − t)² if the noise
/// `x + (1 − t) v` is.
///
/// - Source: McAllister et al. 2025, arXiv:2507.21053, and its code.
package struct FlowMatchingLoss: Sendable, Equatable {
  private let kind: FPOConfiguration.Loss
  /// Factor c: the loss scale and the reduction over the action's components.
  private let factor: Float

  /// Creates the loss for actions of the given width.
  package init(_ configuration: FPOConfiguration, actionWidth: Int) {
    kind = configuration.flowLoss
    let width = Float(actionWidth)
    let divisor =
      switch configuration.lossReduction {
      case .mean: width
      case .root: width.squareRoot()
      case .sum: Float(1)
      }
    factor = configuration.lossScale / divisor
  }

  /// Returns the factor c w(t) on the sum of squared velocity errors.
  package func weight(at time: Float) -> Float {
    kind == .velocity ? factor : factor * (1 - time) * (1 - time)
  }

  /// Returns the point x of one component between action and noise.
  package static func point(action: Float, noise: Float, time: Float) -> Float {
    time * noise + (1 - time) * action
  }
}
