internal import Glibc

/// The constants of a Crazyflie 2 that flies in a vertical plane, and its motor model.
///
/// There are two pairs of rotors, the left one at -x and the right one at +x.  A rotor's thrust is
/// `kf rpm²`, and its speed follows the command with a first-order lag that is shorter for rising
/// than for falling speeds.
///
/// - Source: masses, thrust and drag from safe-control-gym and gym-pybullet-drones (Panerati et
///   al. 2021, arXiv:2103.02142); time constants from Eschmann, Albani and Loianno 2024,
///   arXiv:2311.13081.
package enum QuadcopterModel {
  /// Mass, in kg.
  package static let mass = 0.027
  /// Moment of inertia about the pitch axis, in kg·m².
  package static let inertia = 1.4e-5
  /// Gravitational acceleration, in m/s².
  package static let gravity = 9.8
  /// Distance of each pair of rotors from the centre along x, in m.
  package static let lever = 0.0397 / 2.0.squareRoot()
  /// Thrust of one rotor per square of its speed, in N/rpm².
  package static let thrustCoefficient = 3.16e-10
  /// Slowest and fastest speed of a rotor, in rpm.
  package static let speedRange = 9440.3...21666.4
  /// Time constant of the motor lag for rising speeds, in s.
  package static let riseTime = 0.0555
  /// Time constant of the motor lag for falling speeds, in s.
  package static let fallTime = 0.2494
  /// Drag per rotor speed (rad/s, sum of all four) and velocity, along body x and z, in kg.
  package static let dragCoefficient = (x: 9.1785e-7, z: 10.311e-7)

  /// Speed at which four rotors carry the weight, in rpm.
  package static let hoverSpeed = (mass * gravity / (4 * thrustCoefficient)).squareRoot()

  /// Returns the thrust of a pair of rotors, in N.
  package static func pairThrust(speed: Double) -> Double {
    2 * thrustCoefficient * speed * speed
  }

  /// Returns the rotor speed that an action commands: -1 is the slowest, 0 hovers, 1 is the
  /// fastest, and thrust is linear in between.
  package static func commandedSpeed(action: Double) -> Double {
    let a = min(max(action, -1), 1)
    let hover = pairThrust(speed: hoverSpeed)
    let end = pairThrust(speed: a < 0 ? speedRange.lowerBound : speedRange.upperBound)
    return ((hover + abs(a) * (end - hover)) / (2 * thrustCoefficient)).squareRoot()
  }

  /// Returns the force that the air below another quadcopter exerts downwards, in N.
  ///
  /// It is 1.15 weights at 0.5 m and grows without limit towards 0, where the formula was never
  /// measured; so its height is at least 0.25 m, and its width, which has a zero at 0.69 m, at least
  /// 0.05 m.
  ///
  /// - Parameters:
  ///   - height: Height of the other one above this one, in m; the force is 0 unless it is positive.
  ///   - offset: Distance along x, in m; the force is 0 beyond ten widths.
  /// - Returns: The force, in N.
  /// - Source: gym-pybullet-drones, whose propellers have a radius of 23.1348 mm.
  /// - Difference from source: the two bounds.
  package static func downwash(height: Double, offset: Double) -> Double {
    guard height > 0 else { return 0 }
    let bounded = max(height, 0.25)
    let ratio = 0.0231348 / (4 * bounded)
    let widths = offset / max(abs(0.16 * bounded - 0.11), 0.05)
    return abs(widths) < 10 ? 2267.18 * ratio * ratio * exp(-0.5 * widths * widths) : 0
  }

  /// Returns the rotor speed after some seconds of lag.
  package static func laggedSpeed(
    from speed: Double, to command: Double, seconds: Double, lag: Double
  ) -> Double {
    let timeConstant = lag * (command > speed ? riseTime : fallTime)
    guard timeConstant > 0 else { return command }
    return command + (speed - command) * exp(-seconds / timeConstant)
  }
}
