import Environments
import Foundation
import RLCore
import Testing

/// The Box2D cart-pole and quadcopter against their equations of motion.
@Suite struct RigidBodyTests {
  /// Semi-implicit Euler of the cart-pole's equations in double precision.
  private struct CartPoleRecursion {
    var state: [4 of Double]

    mutating func step(force: Double) {
      let (sine, cosine) = (sin(state[2]), cos(state[2]))
      let drive = (force + 0.05 * state[3] * state[3] * sine) / 1.1
      let angular = (9.8 * sine - cosine * drive) / (0.5 * (4.0 / 3 - 0.1 * cosine * cosine / 1.1))
      state[1] += 0.02 * (drive - 0.05 * angular * cosine / 1.1)
      state[3] += 0.02 * angular
      state[0] += 0.02 * state[1]
      state[2] += 0.02 * state[3]
    }
  }

  /// Near upright and with small pushes the bodies follow the recursion to 1e-5 over 20 steps.
  @Test func cartPoleFollowsItsEquations() {
    var random = NumPyRandom(seed: 1)
    var parameters = CartPole.Parameters()
    parameters.force = 0.1
    for _ in 0..<50 {
      let start: [4 of Double] = [
        random.uniform(-0.05, 0.05), random.uniform(-0.02, 0.02), random.uniform(-2e-3, 2e-3),
        random.uniform(-5e-3, 5e-3),
      ]
      var recursion = CartPoleRecursion(state: start)
      var values = [Float](repeating: 0, count: 4)
      var observation = values.mutableSpan
      var task = CartPole(
        parameters: parameters,
        state: .init(
          position: start[0], velocity: start[1], angle: start[2], angularVelocity: start[3]),
        observation: &observation)
      for _ in 0..<20 {
        let lean = observation[2] + 0.3 * observation[3]
        let action = [lean > 0 ? Float(1) : 0]
        _ = task.step(action: action.span, observation: &observation)
        recursion.step(force: action[0] == 1 ? 0.1 : -0.1)
        for j in 0..<4 { #expect(abs(Double(observation[j]) - recursion.state[j]) < 1e-5) }
      }
    }
  }

  /// At full range one step stays within what a lagging centripetal term explains.
  @Test func cartPoleStepsAtFullRange() {
    var random = NumPyRandom(seed: 2)
    var worst = 0.0
    for _ in 0..<500 {
      let start: [4 of Double] = [
        random.uniform(-2, 2), random.uniform(-2, 2), random.uniform(-0.2, 0.2),
        random.uniform(-2, 2),
      ]
      var recursion = CartPoleRecursion(state: start)
      var values = [Float](repeating: 0, count: 4)
      var observation = values.mutableSpan
      var task = CartPole(
        parameters: .init(),
        state: .init(
          position: start[0], velocity: start[1], angle: start[2], angularVelocity: start[3]),
        observation: &observation)
      let action = [Float(random.integers(0, 2))]
      _ = task.step(action: action.span, observation: &observation)
      recursion.step(force: action[0] == 1 ? 10 : -10)
      for j in 0..<4 { worst = max(worst, abs(Double(observation[j]) - recursion.state[j])) }
    }
    #expect(worst < 1.5e-3)
  }

  /// Semi-implicit Euler of the planar quadcopter in double precision, as published: written from
  /// the equations and not from the environment's code.
  private struct QuadcopterRecursion {
    var x: Double, vx: Double, z: Double, vz: Double, pitch: Double, rate: Double
    var right = 14_468.4, left = 14_468.4  // rpm
    let drag: Double

    mutating func step(right rightCommand: Double, left leftCommand: Double) {
      for _ in 0..<4 {
        right = lag(right, rightCommand)
        left = lag(left, leftCommand)
        let (first, second) = (2 * 3.16e-10 * right * right, 2 * 3.16e-10 * left * left)
        let spin = (2 * right + 2 * left) * 2 * Double.pi / 60
        let alongBody = cos(pitch) * vx - sin(pitch) * vz
        let upBody = sin(pitch) * vx + cos(pitch) * vz
        let forceAlong = -drag * 9.1785e-7 * spin * alongBody
        let forceUp = first + second - drag * 10.311e-7 * spin * upBody
        vx += 0.005 * (cos(pitch) * forceAlong + sin(pitch) * forceUp) / 0.027
        vz += 0.005 * ((cos(pitch) * forceUp - sin(pitch) * forceAlong) / 0.027 - 9.8)
        rate += 0.005 * (second - first) * 0.0397 / 2.0.squareRoot() / 1.4e-5
        x += 0.005 * vx
        z += 0.005 * vz
        pitch += 0.005 * rate
      }
    }

    private func lag(_ speed: Double, _ command: Double) -> Double {
      command + (speed - command) * exp(-0.005 / (command > speed ? 0.0555 : 0.2494))
    }
  }

  /// Rotor speed for an action, from the thrust limits and the hover thrust.
  private func command(_ action: Double) -> Double {
    let hover = 0.027 * 9.8 / 2
    let limit = 2 * 3.16e-10 * (action < 0 ? 9440.3 * 9440.3 : 21_666.4 * 21_666.4)
    return ((hover + abs(action) * (limit - hover)) / (2 * 3.16e-10)).squareRoot()
  }

  /// Every control step, started from the state the bodies are in, agrees to 1e-6.
  @Test(arguments: [0.0, 1.0]) func quadcopterFollowsItsEquations(drag: Double) {
    var random = NumPyRandom(seed: 3)
    var parameters = Quadcopter.Parameters()
    parameters.drag = drag
    for _ in 0..<100 {
      var values = [Float](repeating: 0, count: 8)
      var observation = values.mutableSpan
      var task = Quadcopter(
        parameters: parameters,
        state: [
          random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(0.3, 2),
          random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-3, 3),
        ], observation: &observation)
      var recursion = QuadcopterRecursion(
        x: 0, vx: 0, z: 0, vz: 0, pitch: 0, rate: 0, drag: drag)
      recursion.right = command(0)
      recursion.left = command(0)
      for _ in 0..<20 {
        recursion.x = Double(observation[0])
        recursion.vx = Double(observation[1])
        recursion.z = Double(observation[2])
        recursion.vz = Double(observation[3])
        recursion.pitch = Double(observation[4])
        recursion.rate = Double(observation[5])
        let (right, left) = (random.uniform(-1, 1), random.uniform(-1, 1))
        let action = [Float(right), Float(left)]
        _ = task.step(action: action.span, observation: &observation)
        recursion.step(
          right: command(Double(action[0])), left: command(Double(action[1])))
        let expected = [
          recursion.x, recursion.vx, recursion.z, recursion.vz, recursion.pitch, recursion.rate,
        ]
        for (j, value) in expected.enumerated() {
          #expect(abs(Double(observation[j]) - value) < 1e-6 * max(1, abs(value)), "component \(j)")
        }
        let hover = 0.027 * 9.8 / 2
        let thrust = 2 * 3.16e-10 * recursion.right * recursion.right / hover - 1
        #expect(abs(Double(observation[6]) - thrust) < 1e-6)
      }
    }
  }

  /// With sleeping allowed, Box2D would zero a slow drift.
  @Test func quadcopterKeepsASlowDrift() {
    var parameters = Quadcopter.Parameters()
    parameters.drag = 0
    var values = [Float](repeating: 0, count: 8)
    var observation = values.mutableSpan
    var task = Quadcopter(
      parameters: parameters, state: [0, 0.005, 1, 0, 0, 0], observation: &observation)
    let hover: [2 of Float] = [0, 0]
    for _ in 0..<150 { _ = task.step(action: hover.span, observation: &observation) }
    #expect(abs(observation[0] - 0.015) < 1e-4)
    #expect(abs(observation[2]) < 1e-3)
  }

  @Test func quadcopterActionsAreClippedAndPitchFollowsTheLeftRotors() {
    var ends: [[Float]] = []
    for size in [Float(1), 5] {
      var values = [Float](repeating: 0, count: 8)
      var observation = values.mutableSpan
      var task = Quadcopter(
        parameters: .init(), state: [0, 0, 1, 0, 0, 0], observation: &observation)
      let action = [-size, size]
      for _ in 0..<5 { _ = task.step(action: action.span, observation: &observation) }
      ends.append(values)
    }
    #expect(ends[0] == ends[1])
    // More thrust at the left tilts towards +x, which then accelerates it there.
    #expect(ends[0][4] > 0 && ends[0][5] > 0 && ends[0][1] > 0)
    // Rising is quicker than falling, and both stay within the limits.
    #expect(ends[0][7] > 0 && ends[0][7] <= 1.2427 && ends[0][6] < 0 && ends[0][6] >= -0.575)
    #expect(ends[0][7] / 1.2427 > -ends[0][6] / 0.575)
  }

  @Test func quadcopterSuccessIsCloseAndLevel() {
    let inside: [Float] = [0.03, 1, -0.03, 1, 0.04, 0, 0, 0]
    let success = Quadcopter.isSuccess(finalObservation: inside.span)
    #expect(success)
    for (index, value) in [(0, Float(0.05)), (2, -0.05), (4, 0.06), (4, -0.06)] {
      var outside = inside
      outside[index] = value
      let failure = Quadcopter.isSuccess(finalObservation: outside.span)
      #expect(!failure)
    }
  }

  @Test func quadcopterLeavesItsBounds() {
    for (state, end) in [
      ([2.99, 5, 1, 0, 0, 0], .outOfBounds), ([-2.99, -5, 1, 0, 0, 0], .outOfBounds),
      ([0, 0, 0.01, -5, 0, 0], .fell), ([0, 0, 2.99, 5, 0, 0], .outOfBounds),
      ([0, 0, 1, 0, 1.45, 5], .fell), ([0, 0, 1, 0, -1.45, -5], .fell),
    ] as [([Double], TaskEnd)] {
      var values = [Float](repeating: 0, count: 8)
      var observation = values.mutableSpan
      var task = Quadcopter(
        parameters: .init(), state: [state[0], state[1], state[2], state[3], state[4], state[5]],
        observation: &observation)
      let hover: [2 of Float] = [0, 0]
      let outcome = task.step(action: hover.span, observation: &observation)
      #expect(outcome.end == end && outcome.reward >= 0 && outcome.reward < 1)
    }
  }

  /// Beside the right place everything but sight and reward is the same wherever the goal is.
  @Test(arguments: [0.45, 1.55]) func theHiddenGoalShowsInItsVicinityOnly(x: Double) {
    func step(goalX: Double, start: Double) -> (seen: [Float], reward: Double) {
      var values = [Float](repeating: 0, count: 9)
      var observation = values.mutableSpan
      var task = QuadcopterHiddenGoal(
        parameters: .init(), state: [start, 0, 1, 0, 0, 0], goalX: goalX,
        observation: &observation)
      let hover: [2 of Float] = [0, 0]
      let outcome = task.step(action: hover.span, observation: &observation)
      return (values, outcome.reward)
    }
    let (right, left) = (step(goalX: 1, start: x), step(goalX: -1, start: x))
    #expect(right.seen[..<8] == left.seen[..<8])
    #expect(right.seen[8] == 1 && left.seen[8] == 0)
    #expect(abs(right.reward - exp(-2 * 0.55)) < 1e-2)
    #expect(abs(left.reward - exp(-2 * (x + 1))) < 1e-2)
    #expect(step(goalX: 1, start: 1 + (x - 1) * 1.2).seen[8] == 0)
  }

  @Test func theHiddenGoalIsReachedInSight() {
    let inside: [Float] = [-1.03, 1, -0.03, 1, 0.04, 0, 0, 0, 1]
    let success = QuadcopterHiddenGoal.isSuccess(finalObservation: inside.span)
    #expect(success)
    for (index, value) in [(0, Float(-1.05)), (0, -0.03), (2, -0.05), (4, 0.06), (8, 0)] {
      var outside = inside
      outside[index] = value
      let failure = QuadcopterHiddenGoal.isSuccess(finalObservation: outside.span)
      #expect(!failure)
    }
  }
}
