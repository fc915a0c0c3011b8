internal import Glibc

/// Pumps the pole's energy to that of standing upright, then balances it.
///
/// Far from upright it chooses an acceleration of the cart: against `θ' cos θ`, which adds energy
/// to the pole, minus a term that keeps the cart on its track; the equations of motion yield the
/// required force. Close to upright it is a linear regulator.
///
/// - Source: Åström and Furuta 2000, "Swinging up a pendulum by energy control"; the regulator's
///   gains solve the discrete Riccati equation for costs 1, 0.1, 1, 0.1 of state and 0.05 of force.
public struct CartPoleSwingUpController: Controller {
  public static let environmentIdentifiers = ["cartpole-swingup"]

  // The nominal constants: kg, m, m/s², N.
  private static let (cartMass, poleMass, halfLength, gravity) = (1.0, 0.1, 0.5, 9.8)
  private static let force = 10.0
  private static let weight = poleMass * halfLength * gravity  // N·m at right angles
  private static let inertia = 4.0 / 3 * poleMass * halfLength * halfLength

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (x, velocity) = (Double(observation[0]), Double(observation[1]))
    let (cosine, sine) = (Double(observation[2]), Double(observation[3]))
    let rate = Double(observation[4])
    let balancing = 3.990 * x + 5.206 * velocity + 42.123 * atan2(sine, cosine) + 10.813 * rate
    let push =
      Self.isBalancing(cosine: cosine, action: balancing / Self.force)
      ? balancing : Self.pump(x: x, velocity: velocity, cosine: cosine, sine: sine, rate: rate)
    action[0] = Float(min(max(push / Self.force, -1), 1))
  }

  /// Returns whether a regulator should balance, with an action that it may clip.
  ///
  /// If it demands far more force than available, it would only lose the pole again.
  static func isBalancing(cosine: Double, action: Double) -> Bool {
    cosine > 0.8 && abs(action) < 1.6
  }

  /// Returns the action that swings the pole up.
  static func swing(_ observation: Span<Float>) -> Double {
    pump(
      x: Double(observation[0]), velocity: Double(observation[1]), cosine: Double(observation[2]),
      sine: Double(observation[3]), rate: Double(observation[4])) / force
  }

  /// Returns the force that swings the pole up, in N.
  private static func pump(
    x: Double, velocity: Double, cosine: Double, sine: Double, rate: Double
  ) -> Double {
    let excess = inertia * rate * rate / 2 / weight + cosine - 1  // 0 if it just gets up
    let pumping = min(max(14 * excess, -7), 7)  // m/s²
    let acceleration = (rate * cosine >= 0 ? pumping : -pumping) - 3 * x - velocity
    let moment = poleMass * halfLength
    let turning = (weight * sine - moment * acceleration * cosine) / inertia
    return (cartMass + poleMass) * acceleration
      + moment * (turning * cosine - rate * rate * sine)
  }
}
