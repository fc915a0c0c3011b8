import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training

@Suite struct A2CTests {
  private func agent<E: Environment>(
    _: E.Type, environments: Int, totalSteps: Int, seed: UInt64 = 1,
    _ adjust: (inout A2CConfiguration) -> Void
  ) -> A2CAgent {
    let environment = VectorEnvironment(E.self, count: environments)
    environment.reset(seeds: .training(runSeed: seed))
    var configuration = A2CConfiguration()
    adjust(&configuration)
    #expect(configuration.problem(environments: environments, totalSteps: totalSteps) == nil)
    return A2CAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: seed,
        totalSteps: totalSteps))
  }

  /// r = −(a − 0.7)²: both rules find the best action.
  @Test(arguments: [A2CConfiguration.Rule.rmsprop, .adam])
  func continuousBanditIsSolved(rule: A2CConfiguration.Rule) throws {
    let agent = agent(ContinuousBandit.self, environments: 16, totalSteps: 40_000) {
      $0.optimizer = rule
      $0.learningRate = 3e-3
    }
    while agent.environmentSteps < 40_000 { _ = try agent.iterate() }
    let actor = agent.policy.makeActor(rows: 1)
    let (observation, action) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    observation[0, 0] = 1
    var streams: [RandomStream] = []
    actor.act(
      on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: action)
    #expect(abs(action[0, 0] - 0.7) < 0.1)
  }

  /// An iteration is several rollouts, each with one step; the last one ends with the run.
  @Test func iterationsGatherSeveralRollouts() throws {
    let agent = agent(RandomWalk.self, environments: 4, totalSteps: 100) {
      $0.stepsPerRollout = 5
      $0.rolloutsPerIteration = 3
    }
    _ = try agent.iterate()
    #expect(agent.environmentSteps == 60 && agent.iterations == 1)
    #expect(agent.networks.map(\.optimizer.stepCount) == [3, 3])
    _ = try agent.iterate()
    #expect(agent.environmentSteps == 100 && agent.iterations == 2)
    #expect(agent.networks.map(\.optimizer.stepCount) == [5, 5])
  }
}
