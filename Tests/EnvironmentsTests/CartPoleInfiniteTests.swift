import Environments
import RLCore
import Testing

/// The endless cart-pole against numbers worked out in double precision by a program of its own,
/// from the published equations and NumPy's generator.
@Suite struct CartPoleInfiniteTests {
  /// Position, velocity, angle and angular velocity.
  typealias State = [4 of Double]

  /// A task in a given state; dropped poles begin with the numbers of generator 5.
  private struct Run: ~Copyable {
    var task: CartPoleInfinite
    var observation = [Float](repeating: 0, count: 4)

    init(_ state: State, isSecond: Bool) {
      var parameters = CartPoleInfinite.Parameters()
      if isSecond {
        (parameters.poleHalfLength, parameters.cartMass, parameters.force) = (1, 2, -10)
      }
      var values = observation
      var span = values.mutableSpan
      task = CartPoleInfinite(
        parameters: parameters,
        state: .init(
          position: state[0], velocity: state[1], angle: state[2], angularVelocity: state[3]),
        random: NumPyRandom(seed: 5), observation: &span)
      observation = values
    }

    mutating func step(_ action: Float) -> StepOutcome {
      let actions = [action]
      var values = observation
      var span = values.mutableSpan
      let outcome = task.step(action: actions.span, observation: &span)
      observation = values
      return outcome
    }
  }

  struct Step: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let start: State
    let action: Float
    var isSecond = false
    let end: State
    let reward: Double
  }

  static let steps: [Step] = [
    Step(
      testDescription: "the first constants", start: [0.5, -1, 0.1, 0.7], action: 1,
      end: [0.48, -0.8063961178087904, 0.114, 0.4403960207027929], reward: 0.83186336345572),
    Step(
      testDescription: "the second constants", start: [0.5, -1, 0.1, 0.7], action: 1,
      isSecond: true, end: [0.48, -1.099401520921007, 0.114, 0.7888542077606134],
      reward: 0.83186336345572),
    // The pole feels the push all the same.
    Step(
      testDescription: "the right end of the track", start: [2.39, 1.5, 0.2, -0.4], action: 1,
      end: [2.4, 0, 0.192, -0.6235660866339694], reward: 0.0798007871984967),
    Step(
      testDescription: "the left end of the track", start: [-2.4, -0.1, 6, 0.3], action: 0,
      end: [-2.4, 0, 6.006, 0.49180606500898316], reward: -0.3757763008336119),
    Step(
      testDescription: "just on the track", start: [2.3, 5, 0, 0], action: 0,
      end: [2.4, 4.804878048780488, 0, 0.2926829268292683], reward: 0.5),
    Step(
      testDescription: "below 0", start: [0, 0, 0.01, -1], action: 1,
      end: [0, 0.19498687539543297, 6.2731853071795864, -1.2895257381991163],
      reward: 0.9988601366840238),
    Step(
      testDescription: "beyond 2π", start: [0, 0, 6.28, 1], action: 0,
      end: [0, -0.1950792323466105, 0.01681469282041359, 1.2916808853119666],
      reward: 0.9967772200531121),
    Step(
      testDescription: "after a start on the left", start: [1, 0, -0.03, -0.1], action: 0,
      end: [1, -0.19467944154815534, 6.251185307179586, 0.18306908649500533],
      reward: 0.9015222440888474),
    Step(
      testDescription: "not yet down", start: [0, 0, 3.1, 1], action: 0,
      end: [0, -0.1944609719100944, 3.12, 0.7207855261678672], reward: -109.95885463039696),
    // Two numbers of the generator, then the acceleration from before the drop.
    Step(
      testDescription: "dropped from the left", start: [0, 0, 3.1, 3], action: 0,
      end: [0, -0.19413648096152542, 0.030500292374538024, -0.24793407938949225],
      reward: 0.9893962182092797),
    Step(
      testDescription: "dropped from the right", start: [1.2, 0.3, 3.2, -4], action: 1,
      isSecond: true,
      end: [1.206, 0.1999017147790811, 0.030500292374538024, -0.05273261651174724],
      reward: 0.8631430932092797),
  ]

  @Test(arguments: steps) func stepsAreThePublishedOnes(step: Step) {
    var run = Run(step.start, isSecond: step.isSecond)
    let outcome = run.step(step.action)
    let state = run.task.state
    let end = [state.position, state.velocity, state.angle, state.angularVelocity]
    for j in 0..<4 {
      #expect(abs(end[j] - step.end[j]) < 1e-14 * max(1, abs(end[j])), "component \(j)")
      #expect(run.observation[j] == Float(end[j]))
    }
    #expect(abs(outcome.reward - step.reward) < 1e-12 && !outcome.terminated)
  }

  /// A cart that is held stands still every other step, and one that is pushed back moves.
  @Test func theTrackHoldsTheCart() {
    var run = Run([2.4, 0, 0, 0], isSecond: false)
    for step in 0..<40 {
      _ = run.step(1)
      #expect(run.task.state.position == 2.4)
      #expect((run.task.state.velocity == 0) == (step % 2 == 1))
    }
    for _ in 0..<20 { _ = run.step(0) }
    #expect(run.task.state.position < 2.2)
  }

  /// Upright at rest pays 1, hanging -111.5 and the ends of the track half a reward less; all ways
  /// to say an angle pay the same.
  @Test func rewardsAreTheFormulas() {
    func reward(_ position: Double, _ angle: Double) -> Double {
      CartPoleInfinite.reward(position: position, angle: angle)
    }
    #expect(reward(0, 0) == 1)
    #expect(reward(2.4, 0) == 0.5 && reward(-2.4, 0) == 0.5)
    #expect(abs(reward(0, .pi) + 111.5) < 1e-12)
    // 90² / 288 = 28.125.
    for angle in [0.5, -0.5, 1.5, 2.5] {
      #expect(abs(reward(1.2, angle * .pi) - (1 - 0.125 - 28.125)) < 1e-12)
    }
  }

  /// 3000 steps from a seed, through drops and the ends of the track, with the draws of NumPy.
  ///
  /// Step k = 0, 1, … pushes to the right where ⌊k²/7⌋ is a multiple of 3.
  @Test func episodesAreThePublishedOnes() {
    var values = [Float](repeating: 0, count: 4)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: 3)
    var task = CartPoleInfinite(
      parameters: .init(), using: &random, observation: &observation)
    #expect(
      task.state.position == -0.04143508328563757 && task.state.velocity == -0.02631894934039003)
    #expect(
      task.state.angle == 0.030127446520639686 && task.state.angularVelocity == 0.008216203606436781
    )
    var (total, drops, stops) = (0.0, 0, 0)
    for k in 0..<3000 {
      let before = task.state.angle
      let action: [Float] = [k * k / 7 % 3 == 0 ? 1 : 0]
      total += task.step(action: action.span, observation: &observation).reward
      // From near π to near 0.
      if abs(before - .pi) < 1 && abs(task.state.angle) <= 0.05 { drops += 1 }
      if abs(task.state.position) == 2.4 { stops += 1 }
      if k == 99 { #expect(abs(total + 1141.8056860842266) < 1e-8 && drops == 1 && stops == 0) }
      if k == 999 { #expect(abs(total + 16282.08559705021) < 1e-6 && drops == 19 && stops == 86) }
    }
    #expect(drops == 58 && stops == 282)
    #expect(abs(total + 49487.17593335022) < 1e-3, "\(total)")
    #expect(abs(task.state.position + 2.335236738969653) < 1e-6)
    #expect(abs(task.state.angularVelocity + 0.20549139988860482) < 1e-6)
  }

  /// Two states that differ only in what is drawn for the next pole have different futures.
  @Test func theStateHoldsTheGenerator() {
    var hashes: [UInt64] = []
    for seed in [1, 2] as [UInt64] {
      var values = [Float](repeating: 0, count: 4)
      var observation = values.mutableSpan
      let task = CartPoleInfinite(
        parameters: .init(),
        state: .init(position: 0, velocity: 0, angle: 1, angularVelocity: 0),
        random: NumPyRandom(seed: seed), observation: &observation)
      var hasher = StateHasher()
      task.hashState(into: &hasher)
      hashes.append(hasher.value)
    }
    #expect(hashes[0] != hashes[1])
  }

  @Test func theControllerKeepsThePoleUp() {
    let episodes = playEpisodes("cartpole-infinite", count: 10, controller: "cartpole-linear")
    #expect(episodes.allSatisfy { $0.length == 10_000 && !$0.terminated && $0.totalReward > 9900 })
    #expect(playEpisodes("cartpole-infinite", count: 10).allSatisfy { $0.totalReward < -100_000 })
  }
}
