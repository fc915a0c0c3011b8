/// Hovers by nested control loops: position sets the pitch, pitch sets the rate, and rate sets the
/// difference of the thrusts.
public struct QuadcopterController: Controller {
  public static let environmentIdentifiers = ["quadcopter"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (x, vx) = (observation[0], observation[1])
    let (z, vz) = (observation[2], observation[3])
    let (pitch, rate) = (observation[4], observation[5])
    let wantedPitch = min(max(-0.25 * x - 0.35 * vx, -0.4), 0.4)
    let wantedRate = 4 * (wantedPitch - pitch)
    let turn = 0.0019 * 12 * (wantedRate - rate)  // half the thrust difference, of hover thrust
    let lift = min(max(-0.5 * z - 0.5 * vz, -0.3), 0.6)
    action[0] = command(thrust: lift - turn, now: observation[6])
    action[1] = command(thrust: lift + turn, now: observation[7])
  }

  /// Returns the action that brings a pair of rotors to a thrust, in hover thrusts beyond hover.
  ///
  /// The action overshoots the desired thrust to compensate for the lag of the motors.
  private func command(thrust: Float, now: Float) -> Float {
    let ahead = now + 2.5 * (thrust - now)
    return min(max(ahead < 0 ? ahead / 0.574 : ahead / 1.243, -1), 1)
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
