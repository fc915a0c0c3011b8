internal import Physics
internal import RLCore

/// A walker's bodies, whatever simulates them, and the rules that are the same for all.
///
/// Bodies are the hull, then the upper and lower segment of the rear and of the front leg; hinges are
/// hip and knee of the rear leg, then of the front leg.
protocol BipedalWalkerBodies: ~Copyable {
  func state(ofBody body: Int) -> BodyState
  func state(ofHinge hinge: Int) -> HingeState
  func isTouching(_ body: Int) -> Bool
  /// Whether the hull has touched the ground in this episode.
  var hullHasTouched: Bool { get }
  /// Writes the free fractions of the lidar's rays.
  func castRays(into fractions: inout MutableSpan<Float>, at offset: Int)
  mutating func drive(_ hinge: Int, speed: Float, maximumTorque: Float)
}

extension BipedalWalkerBodies where Self: ~Copyable {
  private typealias Rules = BipedalWalkerSimulation

  /// Sets the motors by an action, before a step.
  mutating func drive(_ action: Span<Float>, _ parameters: BipedalWalkerParameters) {
    for i in 0..<4 {
      let direction: Double = action[i] > 0 ? 1 : action[i] < 0 ? -1 : 0
      let speed =
        (i % 2 == 0 ? Rules.hipSpeed : Rules.kneeSpeed) * parameters.motorSpeed * direction
      drive(
        i, speed: Float(speed),
        maximumTorque: Float(Rules.motorTorque * parameters.motorStrength) * min(abs(action[i]), 1))
    }
  }

  /// Observes and rewards, after a step.
  func conclude(
    _ action: Span<Float>, _ previousShaping: inout Double,
    observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let hull = state(ofBody: 0)
    observe(hull, into: &observation)
    return outcome(hull: hull, action: action, &previousShaping)
  }

  /// Writes what the walker senses, computed in double precision and rounded last, as in the
  /// reference.
  private func observe(_ hull: BodyState, into observation: inout MutableSpan<Float>) {
    observation[0] = hull.angle
    observation[1] = Float(2 * Double(hull.angularVelocity) / Rules.framesPerSecond)
    observation[2] = Float(
      0.3 * Double(hull.velocityX) * (600 * Rules.unitsPerPixel) / Rules.framesPerSecond)
    observation[3] = Float(
      0.3 * Double(hull.velocityY) * (400 * Rules.unitsPerPixel) / Rules.framesPerSecond)
    for leg in 0..<2 {
      let (hip, knee) = (state(ofHinge: 2 * leg), state(ofHinge: 2 * leg + 1))
      observation[4 + 5 * leg] = hip.angle
      observation[5 + 5 * leg] = Float(Double(hip.speed) / Rules.hipSpeed)
      observation[6 + 5 * leg] = Float(Double(knee.angle) + 1)
      observation[7 + 5 * leg] = Float(Double(knee.speed) / Rules.kneeSpeed)
      observation[8 + 5 * leg] = isTouching(2 + 2 * leg) ? 1 : 0
    }
    castRays(into: &observation, at: 14)
  }

  private func outcome(
    hull: BodyState, action: Span<Float>, _ previousShaping: inout Double
  ) -> StepOutcome {
    let shaping = Rules.shaping(hull: hull)
    // As in NumPy, single-precision actions make the reward single-precision from here on.
    var reward = Float(shaping - previousShaping)
    previousShaping = shaping
    for i in 0..<4 { reward -= Float(0.00035 * Rules.motorTorque) * min(abs(action[i]), 1) }
    if hullHasTouched { return StepOutcome(reward: -100, end: .fell) }
    if hull.x < 0 { return StepOutcome(reward: -100, end: .outOfBounds) }
    return StepOutcome(
      reward: Double(reward), end: Double(hull.x) > Rules.finish ? .goalReached : nil)
  }
}

extension BipedalWalkerSimulation {
  /// Returns the potential whose change is the reward before costs.
  static func shaping(hull: BodyState) -> Double {
    130 * Double(hull.x) / 30 - 5 * abs(Double(hull.angle))
  }
}

extension BipedalWalkerParameters {
  /// Gravity, in m/s², positive upwards.
  var gravityUpwards: Float { Float(-10 * gravity) }
  var groundFriction: Float { Float(BipedalWalkerSimulation.groundFriction * friction) }
  /// Density of the hull, in kg/m².
  var hullDensity: Float { Float(5 * mass * hullMass) }
  /// Density of the legs, in kg/m².
  var legDensity: Float { Float(mass * legMass) }
}
