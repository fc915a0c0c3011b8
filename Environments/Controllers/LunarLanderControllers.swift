/// What both lander controllers want: a turn and a lift, whatever their engines are.
private struct LunarLanderPlan {
  /// Wanted turn, positive to the left.
  var turn: Float
  /// Wanted lift.
  var lift: Float

  /// Leans against the drift and hovers the higher the farther the pad is; on the ground it only
  /// brakes the fall.
  init(_ observation: Span<Float>) {
    let (x, y) = (observation[0], observation[1])
    let (velocityX, velocityY) = (observation[2], observation[3])
    if observation[6] != 0 || observation[7] != 0 {
      (turn, lift) = (0, -0.5 * velocityY)
      return
    }
    let lean = min(max(0.5 * x + velocityX, -0.4), 0.4)
    turn = 0.5 * (lean - observation[4]) - observation[5]
    lift = 0.5 * (0.55 * abs(x) - y) - 0.5 * velocityY
  }
}

/// Lands with one engine at a time, whichever is needed most.
///
/// - Source: Gymnasium 1.4.0, the heuristic of `LunarLander-v3`.
public struct LunarLanderController: Controller {
  public static let environmentIdentifiers = ["lander"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let plan = LunarLanderPlan(observation)
    if plan.lift > abs(plan.turn) && plan.lift > 0.05 {
      action[0] = 2
    } else {
      action[0] = plan.turn < -0.05 ? 3 : plan.turn > 0.05 ? 1 : 0
    }
  }
}

/// Lands with both throttles, twenty times the turn and the lift that are wanted.
///
/// - Source: Gymnasium 1.4.0, the heuristic of `LunarLanderContinuous-v3`.
public struct LunarLanderContinuousController: Controller {
  public static let environmentIdentifiers = ["lander-continuous"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let plan = LunarLanderPlan(observation)
    action[0] = min(max(20 * plan.lift - 1, -1), 1)
    action[1] = min(max(-20 * plan.turn, -1), 1)
  }
}
