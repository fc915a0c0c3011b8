/// Walks by a state machine of three phases that swap the roles of the two legs.
///
/// It swings one leg forward while standing on the other, puts it down, and pushes off with the leg
/// that is now behind.  Proportional-derivative control follows the targets; the hull's pitch and
/// the vertical speed are damped through all joints.
///
/// - Source: the heuristic in Gymnasium 1.4.0's `bipedal_walker.py`; its first action is zero.
public struct BipedalWalkerController: Controller {
  public static let environmentIdentifiers = ["walker", "walker-hardcore", "walker-parametric"]

  private enum Phase {
    case standing, landing, pushing
  }

  /// The target angles of one leg's hip and knee, in rad; nil for damping only.
  private struct Target {
    var hip: Float?
    var knee: Float?
  }

  private static let cruise: Float = 0.29  // observed speed above which it would fall forward
  private static let supportKnee: Float = 0.1  // observed angle

  private var phase = Phase.standing
  private var movingLeg = 0
  private var supportKnee = Self.supportKnee
  private var isFirst = true

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    guard !isFirst else {
      isFirst = false
      for j in 0..<4 { action[j] = 0 }
      return
    }
    let targets = advance(observation)
    let (pitch, pitchRate) = (observation[0], observation[1])
    let (speedUp, leg) = (observation[3], 5)
    for side in 0..<2 {
      let base = 4 + leg * side
      var hip: Float = 0
      var knee: Float = 0
      if let target = targets[side].hip {
        hip = 0.9 * (target - observation[base]) - 0.25 * observation[base + 1]
      }
      if let target = targets[side].knee {
        knee = 4 * (target - observation[base + 2]) - 0.25 * observation[base + 3]
      }
      hip -= 0.9 * (0 - pitch) - 1.5 * pitchRate
      knee -= 15 * speedUp
      action[2 * side] = min(max(0.5 * hip, -1), 1)
      action[2 * side + 1] = min(max(0.5 * knee, -1), 1)
    }
  }

  /// Advances through the phases; one observation may complete several.
  private mutating func advance(_ observation: Span<Float>) -> [2 of Target] {
    var targets: [2 of Target] = [Target(), Target()]
    let speed = observation[2]
    let moving = movingLeg
    let standing = 1 - moving
    let (movingBase, standingBase) = (4 + 5 * moving, 4 + 5 * standing)
    if phase == .standing {
      targets[moving] = Target(hip: 1.1, knee: -0.6)
      supportKnee += speed > Self.cruise ? 0.06 : 0.03
      supportKnee = min(supportKnee, Self.supportKnee)
      targets[standing].knee = supportKnee
      if observation[standingBase] < 0.1 { phase = .landing }
    }
    if phase == .landing {
      targets[moving] = Target(hip: 0.1, knee: Self.supportKnee)
      targets[standing].knee = supportKnee
      if observation[movingBase + 4] != 0 {
        phase = .pushing
        supportKnee = min(observation[movingBase + 2], Self.supportKnee)
      }
    }
    if phase == .pushing {
      targets[moving].knee = supportKnee
      targets[standing].knee = 1
      if observation[standingBase + 2] > 0.88 || speed > 1.2 * Self.cruise {
        phase = .standing
        movingLeg = standing
      }
    }
    return targets
  }
}
