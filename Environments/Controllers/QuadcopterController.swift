/// Hovers by nested control loops: position sets the pitch, pitch sets the rate, and rate sets the
/// difference of the thrusts.
public struct QuadcopterController: Controller {
  public static let environmentIdentifiers = ["quadcopter"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (x, vx) = (observation[0], observation[1])
    let (z, vz) = (observation[2], observation[3])
    let attitude = AttitudeLoop(
      pitch: min(max(-0.25 * x - 0.35 * vx, -0.4), 0.4), stiffness: 4,
      lift: min(max(-0.5 * z - 0.5 * vz, -0.3), 0.6))
    attitude.act(on: observation, action: &action)
  }
}

/// Holds a pitch and a lift of a quadcopter: pitch sets the rate, and rate sets the difference of the
/// thrusts.
struct AttitudeLoop {
  /// Wanted pitch, in rad.
  var pitch: Float
  /// Wanted rate per error of the pitch, in 1/s.
  var stiffness: Float
  /// Wanted thrust of each pair of rotors, in hover thrusts beyond hover.
  var lift: Float

  /// Writes two components of an action for eight of an observation that are like `quadcopter`'s.
  ///
  /// - Parameters:
  ///   - observation: Observation, [O].
  ///   - first: Index of the first of the eight.
  ///   - action: Action, [A].
  ///   - target: Index of the first of the two.
  func act(
    on observation: Span<Float>, at first: Int = 0, action: inout MutableSpan<Float>,
    at target: Int = 0
  ) {
    let rate = stiffness * (pitch - observation[first + 4])
    // Half the difference of the thrusts, in hover thrusts.
    let turn = 0.0019 * 12 * (rate - observation[first + 5])
    action[target] = command(thrust: lift - turn, now: observation[first + 6])
    action[target + 1] = command(thrust: lift + turn, now: observation[first + 7])
  }

  /// Returns the action that brings a pair of rotors to a thrust, in hover thrusts beyond hover.
  ///
  /// The action overshoots the desired thrust to compensate for the lag of the motors.
  private func command(thrust: Float, now: Float) -> Float {
    let ahead = now + 2.5 * (thrust - now)
    return min(max(ahead < 0 ? ahead / 0.574 : ahead / 1.243, -1), 1)
  }
}

/// Follows the reference by the loops of ``QuadcopterController``, stiffer, with the preview fed forward.
///
/// The pitch and the lift are weighted sums of the error, the velocity and the reference's way ahead;
/// 400 random steps of a search over all shapes found the weights.
public struct QuadcopterTrackController: Controller {
  public static let environmentIdentifiers = ["quadcopter-track"]

  /// Weights of the error in m, the velocity in m/s and the way in 0.1, 0.2, 0.4 and 0.8 s in m.
  private typealias Weights = (error: Float, velocity: Float, way: [4 of Float])
  private static let pitchWeights: Weights = (-0.93, -0.48, [-0.4, 2.38, -0.38, 0.28])
  private static let liftWeights: Weights = (-1.37, -0.72, [0.4, 2.66, 0.42, 0.02])

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let attitude = AttitudeLoop(
      pitch: min(max(sum(observation, axis: 0, Self.pitchWeights), -0.6), 0.6), stiffness: 6.4,
      lift: min(max(sum(observation, axis: 1, Self.liftWeights), -0.4), 0.8))
    attitude.act(on: observation, action: &action)
  }

  private func sum(_ observation: Span<Float>, axis: Int, _ weights: Weights) -> Float {
    var sum =
      weights.error * observation[2 * axis] + weights.velocity * observation[2 * axis + 1]
    for j in 0..<4 { sum += weights.way[j] * observation[8 + 2 * j + axis] }
    return sum
  }
}

/// Hovers over the pad and sinks the more slowly the lower it is.
public struct QuadcopterLandController: Controller {
  public static let environmentIdentifiers = ["quadcopter-land"]

  private var hover = QuadcopterController()

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (x, height) = (observation[0], observation[2])
    var shifted: [8 of Float] = .init(repeating: 0)
    for j in 0..<8 { shifted[j] = observation[j] }
    // The hovering loop takes half of the height's error as the wanted lift, so this is a speed.
    let isAbove = abs(x) < 0.1 + 0.2 * height
    shifted[2] = isAbove ? min(0.5, 0.12 + 0.4 * height) : height - 0.5
    hover.act(on: shifted.span, action: &action)
  }
}

/// Flies to the left place, and on to the right one if the goal does not come in sight there.
public struct QuadcopterSearchController: Controller {
  public static let environmentIdentifiers = ["quadcopter-hidden-goal"]

  private var hover = QuadcopterController()
  /// Position along x to which it flies, in m.
  private var target: Float = -1

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    if observation[8] == 1 {
      target = observation[0] < 0 ? -1 : 1
    } else if abs(observation[0] - target) < 0.5 {
      target = -target
    }
    var shifted: [8 of Float] = .init(repeating: 0)
    for j in 0..<8 { shifted[j] = observation[j] }
    shifted[0] -= target
    hover.act(on: shifted.span, action: &action)
  }
}
