import Agents
import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training

/// What makes weights new waits for the end of an iteration, when no update is under way.
@Suite struct IterationEndTests {
  /// PPO that hardly learns, with a policy far from the ones that resets make.
  private func makeAgent() throws -> any Agent {
    var settings = ShortAgent.ppoSettings
    settings.learningRate = 1e-7
    settings.activation = .relu
    let agent = try ShortAgent.make("ppo", on: "cartpole-v1", settings)
    let network = agent.networks[0].network
    let output = network.denseLayers[2].weight.value
    for i in 0..<output.rows { for j in 0..<output.columns { output[i, j] *= 300 } }
    network.parametersDidChange()
    return agent
  }

  /// Eight steps on every rollout; the fifth is in the middle.
  @Test(arguments: [
    "reset@policy:every=5", "reset@policy:every=5,layers=1", "shrink-perturb@policy:every=5,keep=0",
    "shrink-perturb@policy:every=5,keep=1,noise=2", "redo@policy:every=5,threshold=0.9",
    "triggered-reset@policy:every=5,fraction=0,threshold=1",
    "triggered-reset@policy:every=5,probe=weight-norm,above=0",
  ])
  func noUpdateMeetsAnotherPolicyThanThatOfItsRollout(text: String) throws {
    let agent = try makeAgent()
    let interventions = try Interventions(InterventionSelection([text]), on: agent, seed: 7)
    for _ in 0..<3 {
      let before = agent.networks[0].network.parameters.values.array
      let metrics = try agent.iterate().metrics
      func metric(_ name: String) throws -> Double {
        metrics[try #require(agent.metricNames.firstIndex(of: name))]
      }
      #expect(abs(try metric("approximate-kl")) < 1e-4)
      #expect(try metric("clip-fraction") == 0)
      let learnt = agent.networks[0].network.parameters.values.array
      #expect(distance(before, learnt) < 1e-4)
      let events = interventions.didIterate()
      let now = agent.networks[0].network.parameters.values.array
      #expect(events[0] > 0 && distance(learnt, now) > 1e-3)
    }
  }

  /// At the end of every iteration in which a multiple of that many steps was reached, once.
  @Test(arguments: [
    ("reset:every=3", [1, 2, 3, 4, 5.0]), ("reset:every=12", [0, 1, 2, 2, 3]),
    ("shrink-perturb:every=16", [0, 1, 1, 2, 2]), ("injection:at=10", [0, 1, 1, 1, 1]),
    ("injection:at=10,every=5", [0, 1, 2, 3, 4]), ("injection:at=8,every=20", [1, 1, 1, 2, 2]),
  ])
  func intervalsAreCountedInSteps(text: String, expected: [Double]) throws {
    let agent = try makeAgent()
    let interventions = try Interventions(InterventionSelection([text]), on: agent, seed: 7)
    let found = try expected.map { _ in
      _ = try agent.iterate()
      return interventions.didIterate()
    }
    #expect(found == expected.map { [$0, $0] })
  }
}
