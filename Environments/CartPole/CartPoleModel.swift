internal import Glibc
public import RLCore

/// The equations of motion of a cart and its pole, on which planners try actions in place of Box2D.
///
/// Box2D keeps the forces of its joints from one step to the next, which can't be copied.  The
/// equations start from the copied positions and velocities, and are advanced in the solver's order
/// and steps: after a second of random pushes, half of
/// all swing-ups differ by less than 0.01 in cosine and sine, and 95 % by less than 0.1.
///
/// - Source: Florian 2007, "Correct equations for the dynamics of the cart-pole system"; at a buffer,
///   the cart's momentum passes through the hinge as in an inelastic collision.
package struct CartPoleModel: PlanningModel {
  /// The tasks of Box2D's cart-poles.
  enum Task {
    case balance, swingUp
  }

  private let parameters: CartPoleParameters
  private let task: Task
  package private(set) var state: CartPoleState

  init(_ task: Task, _ parameters: CartPoleParameters, _ state: CartPoleState) {
    (self.task, self.parameters, self.state) = (task, parameters, state)
  }

  package mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    switch task {
    case .balance:
      advance(seconds: 0.02, push: action[0] == 1 ? parameters.force : -parameters.force)
      state.observe(into: &observation)
      return StepOutcome(
        reward: 1, end: CartPoleLimits.end(position: state.position, angle: state.angle))
    case .swingUp:
      let control = Double(min(max(action[0], -1), 1))
      for _ in 0..<10 {
        advance(seconds: 0.002, push: control * parameters.force)
        stopAtBuffers()
      }
      CartPoleSwingUp.observe(state, into: &observation)
      return StepOutcome(
        reward: CartPoleSwingUp.reward(
          position: state.position, cosine: cos(state.angle),
          angularVelocity: state.angularVelocity, control: control))
    }
  }

  private mutating func advance(seconds: Double, push: Double) {
    let accelerations = parameters.accelerations(push: push, state: state)
    state.velocity += seconds * accelerations.cart
    state.angularVelocity += seconds * accelerations.pole
    state.position += seconds * state.velocity
    state.angle += seconds * state.angularVelocity
  }

  private mutating func stopAtBuffers() {
    let end = CartPoleLimits.position
    guard abs(state.position) > end, state.position * state.velocity > 0 else { return }
    state.angularVelocity +=
      cos(state.angle) * state.velocity / (4.0 / 3 * parameters.poleHalfLength)
    state.velocity = 0
    state.position = state.position < 0 ? -end : end
  }
}

extension CartPole {
  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    CartPoleModel(.balance, parameters, bodies.state)
  }
}

extension CartPoleSwingUp {
  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    CartPoleModel(.swingUp, parameters, bodies.state)
  }
}
