import Environments
import RLCore
import TestSupport
import Testing

/// Closed-form tasks against episodes recorded from Gymnasium, bit for bit.
@Suite struct ClassicControlGoldenTests {
  struct CartPoleEpisode: Decodable {
    let state0: [Double]
    let actions: [Float]
    let states: [[Double]]
    let obs: [[Float]]
    let reward: [Double]
    let reward_sutton_barto: [Double]
    let terminated: [Bool]
  }

  @Test(arguments: [CartPoleV1.RewardRule.survival, .suttonBarto])
  func cartPoleIsExact(rule: CartPoleV1.RewardRule) throws {
    let episodes: [CartPoleEpisode] = try Fixture.records("cartpole_v1.jsonl")
    #expect(episodes.count == 60)
    var stepsAfterEnd = 0
    for episode in episodes {
      var values: [4 of Float] = [0, 0, 0, 0]
      var observation = values.mutableSpan
      let start = episode.state0
      var task = CartPoleV1(
        parameters: .init(),
        state: .init(
          position: start[0], velocity: start[1], angle: start[2], angularVelocity: start[3]),
        observation: &observation)
      task.rewardRule = rule
      let rewards = rule == .survival ? episode.reward : episode.reward_sutton_barto
      for t in episode.actions.indices {
        let outcome = task.step(
          action: [episode.actions[t]].span, observation: &observation)
        let state = task.state
        #expect(
          [state.position, state.velocity, state.angle, state.angularVelocity] == episode.states[t])
        #expect((0..<4).map { observation[$0] } == episode.obs[t])
        #expect(outcome.reward == rewards[t] && outcome.terminated == episode.terminated[t])
        if t > 0 && episode.terminated[t - 1] { stepsAfterEnd += 1 }
      }
    }
    #expect(stepsAfterEnd >= 15)
  }

  struct PendulumEpisode: Decodable {
    let g: Double
    let action_dtype: String
    let state0: [Double]
    let actions: [Double]
    let states: [[Double]]
    let obs: [[Float]]
    let reward: [Double]
  }

  @Test func pendulumIsExact() throws {
    let episodes: [PendulumEpisode] = try Fixture.records("pendulum_v1.jsonl")
    #expect(episodes.count == 50)
    for episode in episodes {
      var parameters = PendulumV1.Parameters()
      parameters.gravity = episode.g
      var values: [3 of Float] = [0, 0, 0]
      var observation = values.mutableSpan
      var task = PendulumV1(
        parameters: parameters, angle: episode.state0[0], velocity: episode.state0[1],
        observation: &observation)
      for t in episode.actions.indices {
        let action = episode.actions[t]
        let outcome =
          episode.action_dtype == "float32"
          ? task.step(action: [Float(action)].span, observation: &observation)
          : task.step(doubleTorque: action, observation: &observation)
        #expect([task.angle, task.velocity] == episode.states[t])
        #expect((0..<3).map { observation[$0] } == episode.obs[t])
        #expect(outcome == StepOutcome(reward: episode.reward[t]))
      }
    }
  }

  /// Pushes of full size are the two choices, bit for bit.
  @Test func fullPushesAreTheChoices() {
    var values = [Float](repeating: 0, count: 4)
    var (one, other) = (NumPyRandom(seed: 4), NumPyRandom(seed: 4))
    var observation = values.mutableSpan
    var discrete = CartPoleV1(parameters: .init(), using: &one, observation: &observation)
    var continuous = CartPoleContinuous(
      parameters: .init(), using: &other, observation: &observation)
    for t in 0..<60 {
      let (choice, push): ([Float], [Float]) = t % 3 == 0 ? ([1], [7]) : ([0], [-1])
      let first = discrete.step(action: choice.span, observation: &observation)
      let second = continuous.step(action: push.span, observation: &observation)
      #expect(first == second)
      var hashes = (StateHasher(), StateHasher())
      discrete.hashState(into: &hashes.0)
      continuous.hashState(into: &hashes.1)
      #expect(hashes.0.value == hashes.1.value)
    }
  }
}
