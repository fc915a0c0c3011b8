internal import Glibc
internal import RLCore

/// Angles, in rad, and angular velocities, in rad/s, of both links of an acrobot: the second's from
/// the first's.
package struct AcrobotState: Sendable, Equatable {
  /// Angle of the upper link from hanging down, then of the lower link from the upper one.
  package var angles: (Double, Double)
  /// Angular velocities in the same order.
  package var velocities: (Double, Double)

  /// Creates a state.
  package init(angles: (Double, Double), velocities: (Double, Double)) {
    self.angles = angles
    self.velocities = velocities
  }

  /// Draws all four numbers uniformly within ±0.1 of hanging at rest, in single precision.
  init(using random: inout NumPyRandom) {
    let draws = (0..<4).map { _ in Double(Float(random.uniform(-0.1, 0.1))) }
    self.init(angles: (draws[0], draws[1]), velocities: (draws[2], draws[3]))
  }

  package static func == (first: AcrobotState, second: AcrobotState) -> Bool {
    first.angles == second.angles && first.velocities == second.velocities
  }

  /// Writes cosines and sines of the angles and the velocities as an observation.
  func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cos(angles.0))
    observation[1] = Float(sin(angles.0))
    observation[2] = Float(cos(angles.1))
    observation[3] = Float(sin(angles.1))
    observation[4] = Float(velocities.0)
    observation[5] = Float(velocities.1)
  }
}

extension AcrobotV1.Parameters {
  /// Returns the height of the tip above the pivot, in m.
  func height(of state: AcrobotState) -> Double {
    -upperLength * cos(state.angles.0) - lowerLength * cos(state.angles.1 + state.angles.0)
  }
}
