import Environments
import Foundation
import RLCore
import Testing

/// The swing-up task against its equations of motion and its own words.
@Suite struct CartPoleSwingUpTests {
  /// Position, velocity, angle and angular velocity.
  private typealias State = [4 of Double]

  /// The state's rate of change, from the Lagrange equations of a cart and a uniform rod.
  private func derivative(_ s: State, force: Double) -> State {
    // [M + m, m l cos; m l cos, 4/3 m l²] [x''; θ''] = [F + m l θ'² sin; m g l sin]
    let (a, b, d) = (1.1, 0.05 * cos(s[2]), 0.1 / 3)
    let (p, q) = (force + 0.05 * s[3] * s[3] * sin(s[2]), 0.49 * sin(s[2]))
    let determinant = a * d - b * b
    return [s[1], (d * p - b * q) / determinant, s[3], (a * q - b * p) / determinant]
  }

  private func sum(_ s: State, _ d: State, times h: Double) -> State {
    [s[0] + h * d[0], s[1] + h * d[1], s[2] + h * d[2], s[3] + h * d[3]]
  }

  /// The state after a time, by the classical Runge-Kutta method.
  private func flow(_ start: State, force: Double, seconds: Double) -> State {
    var s = start
    let h = seconds / 20
    for _ in 0..<20 {
      let a = derivative(s, force: force)
      let b = derivative(sum(s, a, times: h / 2), force: force)
      let c = derivative(sum(s, b, times: h / 2), force: force)
      let d = derivative(sum(s, c, times: h), force: force)
      for j in 0..<4 { s[j] += h / 6 * (a[j] + 2 * b[j] + 2 * c[j] + d[j]) }
    }
    return s
  }

  /// Kinetic and potential energy in J, from an observation.
  private func energy(_ observation: [Float]) -> Double {
    let o = observation.map(Double.init)
    let (v, cosine, omega) = (o[1], o[2], o[4])
    return 1.1 * v * v / 2 + 0.05 * v * omega * cosine + 0.1 / 3 * omega * omega / 2 + 0.49 * cosine
  }

  /// A task in a given state.
  private struct Run: ~Copyable {
    var task: CartPoleSwingUp
    var observation = [Float](repeating: 0, count: 5)

    init(_ position: Double, _ velocity: Double, _ angle: Double, _ angularVelocity: Double) {
      var values = observation
      var span = values.mutableSpan
      task = CartPoleSwingUp(
        parameters: .init(),
        state: .init(
          position: position, velocity: velocity, angle: angle, angularVelocity: angularVelocity),
        observation: &span)
      observation = values
    }

    @discardableResult mutating func step(_ action: Float) -> StepOutcome {
      let actions = [action]
      var values = observation
      var span = values.mutableSpan
      let outcome = task.step(action: actions.span, observation: &span)
      observation = values
      return outcome
    }
  }

  /// One step from anywhere is the exact motion, up to what steps of 2 ms explain.
  @Test func stepsFollowTheEquations() {
    var random = NumPyRandom(seed: 1)
    var worst = State(repeating: 0)
    for _ in 0..<500 {
      let start: State = [
        random.uniform(-2, 2), random.uniform(-3, 3), random.uniform(-.pi, .pi),
        random.uniform(-8, 8),
      ]
      let action = Float(random.uniform(-1, 1))
      var run = Run(start[0], start[1], start[2], start[3])
      run.step(action)
      let expected = flow(start, force: 10 * Double(action), seconds: 0.02)
      let o = run.observation.map(Double.init)
      let turn = atan2(
        o[3] * cos(expected[2]) - o[2] * sin(expected[2]),
        o[2] * cos(expected[2]) + o[3] * sin(expected[2]))
      let errors: State = [o[0] - expected[0], o[1] - expected[1], turn, o[4] - expected[3]]
      for j in 0..<4 { worst[j] = max(worst[j], abs(errors[j])) }
    }
    #expect(worst[0] < 3e-4 && worst[1] < 0.008 && worst[2] < 6e-4 && worst[3] < 0.015)
  }

  /// Without pushes the centre of mass stays at rest and no energy is gained, however fast the pole
  /// turns; the solver takes a little of it away, in J over ten seconds.
  @Test(arguments: [(Double.pi / 2, 0.0, 0.08), (0.1, 0.0, 0.2), (Double.pi, 9.0, 0.35)])
  func energyStaysWithoutPushes(angle: Double, angularVelocity: Double, loss: Double) {
    let velocity = -0.05 * cos(angle) * angularVelocity / 1.1
    var run = Run(0, velocity, angle, angularVelocity)
    let start = energy(run.observation)
    for _ in 0..<500 {
      run.step(0)
      let o = run.observation
      #expect((-loss...0.005).contains(energy(o) - start))
      #expect(abs(1.1 * o[1] + 0.05 * o[2] * o[4]) < 0.006)
    }
  }

  /// Values worked out by hand from the formula.
  @Test func rewardsAreTheFormulas() {
    func reward(_ x: Double, _ cosine: Double, _ rate: Double, _ control: Double) -> Double {
      CartPoleSwingUp.reward(
        position: x, cosine: cosine, angularVelocity: rate, control: control)
    }
    #expect(reward(0, 1, 0, 0) == 1)
    #expect(reward(0, -1, 0, 0) == 0)
    #expect(reward(0, 0, 0, 0) == 0.5)
    #expect(abs(reward(2, 1, 0, 0) - 0.55) < 1e-12)
    #expect(abs(reward(-2, 1, 0, 0) - 0.55) < 1e-12)
    #expect(abs(reward(0, 1, 5, 0) - 0.55) < 1e-12)
    #expect(abs(reward(0, 1, 0, 1) - 0.8) < 1e-12)
    #expect(abs(reward(0, 1, 0, -0.5) - 0.95) < 1e-12)
    // 0.75 · (1 + 0.1^0.25)/2 · 0.95 · (1 + 0.1^0.16)/2
    #expect(abs(reward(1, 0.5, -2, 0.5) - 0.470_823) < 1e-6)
  }

  /// The reward is of the state after the step and of the action as it was clipped.
  @Test func stepsAreRewardedForWhatTheyLeadTo() {
    var random = NumPyRandom(seed: 4)
    var run = Run(0.5, 1, 0.3, -2)
    for _ in 0..<100 {
      let action = Float(random.uniform(-2, 2))
      let outcome = run.step(action)
      let o = run.observation.map(Double.init)
      let expected = CartPoleSwingUp.reward(
        position: o[0], cosine: o[2], angularVelocity: o[4],
        control: Double(min(max(action, -1), 1)))
      #expect(outcome.reward == expected && expected >= 0 && expected <= 1)
    }
  }

  /// The pole hangs within 0.05 rad, and every number fills its range on both sides.
  @Test func episodesStartHanging() {
    var least = [Float](repeating: .infinity, count: 4)
    var greatest = [Float](repeating: -.infinity, count: 4)
    for seed in 0..<1000 {
      var values = [Float](repeating: 0, count: 5)
      var observation = values.mutableSpan
      var random = NumPyRandom(seed: UInt64(seed))
      _ = CartPoleSwingUp(parameters: .init(), using: &random, observation: &observation)
      #expect(values[2] <= -cos(0.05) as Float)
      // -sin is the angle from hanging.
      for (j, value) in [values[0], values[1], asin(-values[3]), values[4]].enumerated() {
        least[j] = min(least[j], value)
        greatest[j] = max(greatest[j], value)
      }
    }
    #expect(least.allSatisfy { (-0.0501 ... -0.049).contains($0) }, "\(least)")
    #expect(greatest.allSatisfy { (0.049...0.0501).contains($0) }, "\(greatest)")
  }

  /// At full force the cart comes to rest at the buffer, and nothing ends.
  @Test(arguments: [Float(1), -1]) func theCartStopsAtTheBuffers(side: Float) {
    var run = Run(0, 0, .pi, 0)
    var farthest: Float = 0
    for step in 0..<500 {
      let outcome = run.step(side)
      #expect(!outcome.terminated)
      farthest = max(farthest, side * run.observation[0])
      guard step > 100 else { continue }
      #expect(abs(side * run.observation[0] - 2.4) < 0.01 && abs(run.observation[1]) < 0.01)
    }
    #expect(farthest > 2.39 && farthest < 2.41, "\(farthest)")
    for _ in 0..<50 { run.step(-side) }
    #expect(side * run.observation[0] < 1.5, "the buffer does not hold on to it")
  }

  /// A fast cart with a whirling pole does not get through.
  @Test func theBuffersHoldAgainstAnything() {
    var random = NumPyRandom(seed: 6)
    var farthest: Float = 0
    for _ in 0..<100 {
      var run = Run(
        random.uniform(-2.4, 2.4), random.uniform(-20, 20), random.uniform(-.pi, .pi),
        random.uniform(-20, 20))
      for _ in 0..<100 {
        let push: [Float] = [Float(random.uniform(-5, 5)), Float(random.uniform(-5, 5))]
        run.task.disturb(push.span)
        #expect(!run.step(Float(random.uniform(-1, 1))).terminated)
        farthest = max(farthest, abs(run.observation[0]))
      }
    }
    #expect(farthest < 2.41, "\(farthest)")
  }
}
