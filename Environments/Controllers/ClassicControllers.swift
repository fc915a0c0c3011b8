internal import Glibc

/// Pushes the cart in the direction of the sign of `pitch + 0.3 rate + 0.05 x + 0.1 velocity`.
public struct CartPoleController: Controller {
  public static let environmentIdentifiers = ["cartpole", "cartpole-v1", "cartpole-infinite"]

  /// The weighted sum whose sign is pushed.
  static func lean(_ observation: Span<Float>) -> Float {
    // `cartpole-infinite` reports angles in 0 to 2π; angles up to π keep every bit.
    let pitch = remainderf(observation[2], 2 * .pi)
    return pitch + 0.3 * observation[3] + 0.05 * observation[0] + 0.1 * observation[1]
  }

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = Self.lean(observation) > 0 ? 1 : 0
  }
}

/// Pushes the cart in proportion to the sum of which ``CartPoleController`` takes the sign.
public struct CartPoleContinuousController: Controller {
  public static let environmentIdentifiers = ["cartpole-continuous"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = min(max(5 * CartPoleController.lean(observation), -1), 1)
  }
}

/// Pumps the pendulum's energy to that of standing upright, then balances it.
public struct PendulumController: Controller {
  public static let environmentIdentifiers = ["pendulum-v1"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (cosine, sine) = (Double(observation[0]), Double(observation[1]))
    let velocity = Double(observation[2])
    let torque: Double
    if cosine > 0.9 && abs(velocity) < 4 {
      torque = -(12 * atan2(sine, cosine) + 3 * velocity)
    } else {
      let energy = velocity * velocity / 6 + 5 * cosine  // 5 when at rest upright
      torque = 2 * (velocity >= 0 ? 1 : -1) * min(max(2 * (5 - energy), -1), 1)
    }
    action[0] = Float(min(max(torque, -2), 2))
  }
}

/// Bends the acrobot against the swing of its upper link, which pumps energy into it.
///
/// The torque has the sign of `θ₂' − 2 θ₁'`; of the weights 0, 0.5, 1, 2, 4 and infinity, 2 was the
/// fastest over 60 episodes.
public struct AcrobotController: Controller {
  public static let environmentIdentifiers = ["acrobot-v1"]

  /// Returns whether to bend counter-clockwise.
  static func bends(_ observation: Span<Float>) -> Bool {
    observation[5] - 2 * observation[4] > 0
  }

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = Self.bends(observation) ? 2 : 0
  }
}

/// Bends the acrobot with full torque where ``AcrobotController`` does.
public struct AcrobotTorqueController: Controller {
  public static let environmentIdentifiers = ["acrobot"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = AcrobotController.bends(observation) ? 1 : -1
  }
}

/// Pushes the mountain car the way it moves.
public struct MountainCarController: Controller {
  public static let environmentIdentifiers = ["mountain-car"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = observation[1] > 0 ? 2 : 0
  }
}

/// Pushes the mountain car the way it moves, with a strength of 0.3.
///
/// Of the strengths 0.3, 0.4, 0.5, 0.6, 0.8 and 1, this one costs least and still arrives.
public struct MountainCarContinuousController: Controller {
  public static let environmentIdentifiers = ["mountain-car-continuous"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = observation[1] > 0 ? 0.3 : -0.3
  }
}
