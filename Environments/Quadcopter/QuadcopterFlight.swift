internal import Glibc
internal import Physics
package import RLCore

/// The flight of a quadcopter, in Box2D's own arithmetic and units but without its world.
///
/// A body that touches nothing moves by four additions per axis, so a copy of its pose, velocities
/// and rotor speeds continues bit for bit like the simulation.
package struct QuadcopterFlight: PlanningModel {
  private let parameters: Quadcopter.Parameters
  private let goalX: Double
  private var body: BodyState
  private var speeds: (right: Double, left: Double)
  // Box2D's: a velocity changes by `h · (1/m) · (m · g + F)`, all in single precision.
  private let weight: Float
  private let inverseMass: Float
  private let inverseInertia: Float

  init(
    _ parameters: Quadcopter.Parameters, _ body: BodyState,
    speeds: (right: Double, left: Double), goalX: Double
  ) {
    (self.parameters, self.body, self.speeds) = (parameters, body, speeds)
    self.goalX = goalX
    let (mass, gravity) = (Quadcopter.mass(parameters), Quadcopter.gravity(parameters))
    weight = mass.mass * -gravity
    inverseMass = 1 / mass.mass
    inverseInertia = 1 / mass.inertia
  }

  package mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let seconds = Float(Quadcopter.substep)
    let command = Quadcopter.commandedSpeeds(action)
    for _ in 0..<Quadcopter.substeps {
      speeds = Quadcopter.laggedSpeeds(from: speeds, to: command, parameters)
      let load = Quadcopter.load(on: body, speeds: speeds, parameters)
      body.velocityX += seconds * inverseMass * load.x
      body.velocityY += seconds * inverseMass * (weight + load.y)
      body.angularVelocity += seconds * inverseInertia * load.torque
      limitTravel(seconds)
      body.x += seconds * body.velocityX
      body.y += seconds * body.velocityY
      body.angle += seconds * body.angularVelocity
    }
    Quadcopter.observe(body, speeds, into: &observation)
    return Quadcopter.outcome(action: action, observation: observation, goalX: goalX)
  }

  /// Slows a body that would travel more than 2 units or turn by more than a right angle in a step.
  private mutating func limitTravel(_ seconds: Float) {
    let (x, y) = (seconds * body.velocityX, seconds * body.velocityY)
    let square = x * x + y * y
    if square > 4 {
      let ratio = 2 / square.squareRoot()
      body.velocityX *= ratio
      body.velocityY *= ratio
    }
    let turn = seconds * body.angularVelocity
    if turn * turn > 0.25 * Float.pi * Float.pi {
      body.angularVelocity *= 0.5 * Float.pi / abs(turn)
    }
  }
}
