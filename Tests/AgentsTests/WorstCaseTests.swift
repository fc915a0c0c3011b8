import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Testing
import Training

/// The search for the worst physical parameters.
@Suite struct WorstCaseTests {
  private static let mass = UncertainParameter("mass", in: 0.5...1.5)

  private func agent(
    environments: Int = 2, _ adjust: (inout SACConfiguration) -> Void = { _ in }
  ) throws -> (agent: SACAgent, environment: any BatchedEnvironment) {
    var configuration = SACConfiguration.worstCase
    (configuration.policyHidden, configuration.criticHidden) = ([16], [16])
    (configuration.warmUpSteps, configuration.batchSize) = (900, 32)
    configuration.stepsPerIteration = 600
    adjust(&configuration)
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1")).construct(environments)
    environment.reset(seeds: .training(runSeed: 3))
    let agent = SACAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 2), seed: 3, totalSteps: 4000,
        uncertainParameters: [Self.mass]))
    return (agent, environment)
  }

  private func mass(of environment: any BatchedEnvironment, _ i: Int) throws -> Double {
    try #require(environment.snapshot(of: i).parameters.first { $0.name == "mass" }).value
  }

  /// What critics are told is what was simulated, while parameters are random and afterwards.
  @Test func episodesHaveTheParametersThatCriticsSee() throws {
    let (agent, environment) = try agent()
    let search = try #require(agent.search)
    var masses: Set<Double> = []
    for _ in 0..<5 {
      _ = try agent.iterate()
      for i in 0..<2 {
        let told = 1 + 0.5 * Double(search.values[i, 0])
        let simulated = try mass(of: environment, i)
        #expect(abs(told - simulated) < 1e-6)
        #expect((0.5...1.5).contains(simulated))
        masses.insert(simulated)
      }
    }
    // Several lie at an end of the range.
    #expect(masses.count > 5)
  }

  /// Descending candidates end where a fine grid has the least value, whichever start is best.
  @Test(arguments: [SACCriticCombination.minimum, .mean])
  func candidatesReachTheLeastValue(combination: SACCriticCombination) throws {
    let (agent, _) = try agent {
      $0.worstCase.learningRate = 0.05
      $0.worstCase.leastProbability = 0
      $0.worstCase.leastDistance = 0
      $0.policyCombination = combination
    }
    let search = try #require(agent.search)
    var random = RandomStream(seed: 1, name: "test")
    let (observations, actions) = (Matrix(rows: 32, columns: 3), Matrix(rows: 32, columns: 1))
    for i in 0..<32 {
      for j in 0..<3 { observations[i, j] = random.uniform(from: -1, to: 1) }
      actions[i, 0] = random.uniform(from: -1, to: 1)
    }
    for _ in 0..<600 {
      search.join(observations)
      for (c, critic) in agent.critics.enumerated() {
        search.evaluate(c, critic, actions: actions)
      }
      search.findWorst(combination, length: 100)
      for critic in agent.critics {
        critic.evaluatePolicy(observations: search.joined[search.worst], actions: actions)
      }
      search.descend(agent.critics, combination, rate: 1)
    }
    var least = Float.infinity
    let joined = Matrix(rows: 32, columns: 4)
    for step in 0...200 {
      joined.setColumns(from: 0, to: observations, rows: 32)
      for i in 0..<32 { joined[i, 3] = -1 + 0.01 * Float(step) }
      for critic in agent.critics {
        critic.evaluatePolicyValues(observations: joined, actions: actions)
      }
      let sum = (0..<32).reduce(Float(0)) { sum, i in
        let values = agent.critics.map { $0.policyValues[i] }
        return sum
          + (combination == .minimum
            ? values.min() ?? 0 : values.reduce(0, +) / Float(values.count))
      }
      least = min(least, sum / 32)
    }
    #expect(abs(search.worstValue - least) < 2e-3, "\(search.worstValue) \(least)")
    #expect(search.probabilities[search.worst] > 0.9)
  }

  /// Candidates that coincide start anew, all but one, and share the probability of the others.
  @Test func coincidingCandidatesStartAnew() throws {
    let (agent, _) = try agent { $0.worstCase.leastDistance = 2.5 }
    let search = try #require(agent.search)
    for _ in 0..<30 { search.findWorst(.minimum, length: 100) }
    let (before, last) = (search.restarts, search.candidate(4, 0))
    search.restartCandidates()
    #expect(search.restarts - before == 4 && search.candidate(4, 0) == last)
    #expect(abs(search.probabilities.reduce(0, +) - 1) < 1e-12)
  }

  /// Without uncertain parameters, nothing of the search is left.
  @Test func withoutParametersItIsSAC() throws {
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1")).construct(1)
    environment.reset(seeds: .training(runSeed: 3))
    let agent = SACAgent(
      configuration: .worstCase,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 3, totalSteps: 4000))
    #expect(agent.search == nil && !agent.metricNames.contains("worst-case-q"))
  }
}
