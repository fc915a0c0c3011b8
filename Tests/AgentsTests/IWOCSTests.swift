import Agents
import Environments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// The incremental worst-case search on SAC's policies.
@Suite struct IWOCSTests {
  private static let mass = UncertainParameter("mass", in: 0.5...1.5)
  private static let length = UncertainParameter("length", in: 1.1...1.4)

  private func configuration(
    _ adjust: (inout IWOCSConfiguration) -> Void = { _ in }
  ) -> IWOCSConfiguration {
    var configuration = IWOCSConfiguration()
    (configuration.sac.policyHidden, configuration.sac.criticHidden) = ([16], [16])
    (configuration.sac.warmUpSteps, configuration.sac.batchSize) = (100, 32)
    configuration.sac.stepsPerIteration = 600
    (configuration.cases, configuration.modelHidden) = (2, [16])
    (configuration.fallbackShare, configuration.searchShare) = (0.2, 0.6)
    adjust(&configuration)
    return configuration
  }

  private func agent(
    _ configuration: IWOCSConfiguration, steps: Int = 4000, start: Int = 0, environments: Int = 2
  ) throws -> (agent: IWOCSAgent, environment: any BatchedEnvironment) {
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1")).construct(environments)
    environment.reset(seeds: .training(runSeed: 3))
    let agent = IWOCSAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 2), seed: 3, totalSteps: steps,
        scheduleStart: start, uncertainParameters: [Self.mass, Self.length]))
    return (agent, environment)
  }

  private func parameters(of environment: any BatchedEnvironment, _ i: Int) -> [Double] {
    let values = environment.snapshot(of: i).parameters
    return ["mass", "length"].compactMap { name in values.first { $0.name == name }?.value }
  }

  /// 20 % for the fallback, and 60 % of each half of the rest for a search.
  @Test func stepsAreDividedAsPlanned() throws {
    let (agent, environment) = try agent(configuration())
    var steps: [Int] = []
    var (cases, learnt): ([Double], [Int]) = ([], [])
    let column = try #require(agent.metricNames.firstIndex(of: "cases"))
    while agent.environmentSteps < 4000 {
      let report = try agent.iterate()
      steps.append(agent.environmentSteps)
      cases.append(report.metrics[column])
      learnt.append(agent.agent.environmentSteps)
      #expect(report.metrics.count == agent.metricNames.count)
    }
    // A search ends the iteration in which a policy has learnt.
    #expect(steps == [600, 800, 1400, 2400, 3000, 4000])
    #expect(cases == [0, 0, 0, 1, 1, 2])
    #expect(learnt == [600, 800, 600, 640, 600, 640])
    #expect(agent.search.known.count == 2)
    // The nominal length, 1, lies below the range.
    #expect(agent.search.known[0] == [1, 1.1])
    #expect(agent.search.known[1] != [1, 1.1])
    #expect(environment.resetsEndedEpisodes)
  }

  /// Episodes in training have a case's parameters, and a search's end leaves none of its own.
  @Test func episodesHaveTheParametersOfTheirCase() throws {
    let (agent, environment) = try agent(configuration())
    for _ in 0..<3 { _ = try agent.iterate() }
    for i in 0..<2 { #expect(parameters(of: environment, i) == [1, 1.1]) }
    for _ in 0..<2 { _ = try agent.iterate() }
    for i in 0..<2 { #expect(parameters(of: environment, i) == agent.search.known[1]) }
  }

  /// The next case is the one among the candidates in which the policy earns least, by the task's own
  /// rewards.
  @Test func theSearchFindsTheWorstCandidate() throws {
    let (agent, environment) = try agent(configuration { $0.searchEpisodes = 40 })
    while agent.environmentSteps < 4000 { _ = try agent.iterate() }
    var scaled = TrainingReward()
    scaled.scale = 100
    environment.trainingReward = scaled
    // Enough for six candidates: four corners and two other points, but for those known.
    try agent.search.findNext(for: agent.cases, steps: 6 * 40 * 200, iteration: 1)
    #expect(environment.trainingReward == scaled)
    let test = try #require(EnvironmentRegistry.find("pendulum-v1")).construct(1)
    func mean(_ point: [Double]) throws -> Double {
      try test.setParameter("mass", to: point[0])
      try test.setParameter("length", to: point[1])
      return Evaluation.run(
        agent.cases, in: { _ in test }, episodes: 300, firstSeed: 0, mode: .deterministic,
        pool: WorkerPool(threads: 1)
      ).mean
    }
    let corners = try [[0.5, 1.1], [1.5, 1.1], [0.5, 1.4], [1.5, 1.4]]
      .filter { !agent.search.known.contains($0) }.map(mean)
    let (least, greatest) = try (#require(corners.min()), #require(corners.max()))
    let found = try mean(agent.search.next)
    #expect(found < least + 0.2 * (greatest - least), "\(found), \(corners)")
    #expect(abs(agent.search.worstReturn - found) < 0.2 * abs(found))
    #expect(!agent.search.known.contains(agent.search.next))
  }

  /// With a great temperature, values that held the entropy would be far from the sum of rewards.
  @Test func valuesHoldNoEntropy() throws {
    let (agent, _) = try agent(
      configuration {
        ($0.sac.initialTemperature, $0.sac.learnsTemperature) = (1000, false)
        $0.sac.discount = 0.8
        ($0.cases, $0.searchShare, $0.choosesGreatestError) = (1, 0, false)
        $0.sac.criticLearningRate = 3e-3
      })
    while agent.environmentSteps < 4000 { _ = try agent.iterate() }
    let known = try #require(agent.cases.cases.first)
    let input = Matrix(rows: 1, columns: 4)
    (input[0, 0], input[0, 1]) = (-1, 0)
    for network in known.values {
      let value = network.forward(input, rows: 1, in: network.makeWorkspace(rows: 1))[0, 0]
      // Rewards are in −16.3...0, and the sum of the discounts is 5.
      #expect((-90...5).contains(value), "\(value)")
    }
    let observations = Matrix(rows: 1, columns: 3)
    observations[0, 0] = -1
    let scratch = SACCriticScratch(agent.agent.critics[0])
    let soft = agent.agent.critics[0].value(
      of: observations, action: Matrix(rows: 1, columns: 1), in: scratch)
    #expect(abs(soft) > 500, "\(soft)")
  }

  /// 1 is the error of predicting no change.
  @Test func modelsLearnTheSteps() throws {
    let (agent, _) = try agent(
      configuration { ($0.cases, $0.modelHidden, $0.choosesGreatestError) = (1, [64, 64], false) })
    let column = try #require(agent.metricNames.firstIndex(of: "model-error"))
    var errors: [Double] = []
    while agent.environmentSteps < 4000 { errors.append(try agent.iterate().metrics[column]) }
    #expect(errors[0].isNaN)
    #expect(try #require(errors.last) < 0.1, "\(errors)")
    // Cosine, sine and speed all change.
    #expect(agent.cases.cases[0].scales.allSatisfy { (0.001...2).contains($0) })
  }

  /// A pendulum's policy with one action in −1...1, whatever it sees.
  private func pushing(_ action: Float) throws -> MLPPolicy {
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1"))
    var random = RandomStream(seed: 1, name: "policy")
    let policy = MLPPolicy(
      specification: environment.specification,
      distribution: SquashedGaussian(low: [-2], high: [2], logDeviations: -5...2), hidden: [],
      activation: .relu, usesLayerNorm: false, initializer: .fanInUniform,
      normalizesObservations: false, random: &random)
    policy.network.makeConstant([Float(atanh(Double(action))), -20])
    return policy
  }

  /// A model with a constant error of 0.12 leaves its case out below 0.15: the best choice if the case
  /// is worse than the fallback is the first, 0.01, and otherwise 0.15.
  @Test(arguments: [(Float(0.98), Float(0), Float(0.01)), (0, 0.98, 0.15)])
  func theGreatestErrorIsChosenByTheWorstPoint(
    ofCase: Float, ofFallback: Float, expected: Float
  ) throws {
    let (agent, environment) = try agent(configuration { $0.searchEpisodes = 4 })
    let policy = WorstCasePolicy(
      fallback: try pushing(ofFallback), greatestError: 0.07, errorMemory: 0.5)
    policy.add(
      .init(
        policy: try pushing(ofCase), values: [.constant("value.0", inputs: 4, outputs: [1])],
        model: .constant("model", inputs: 4, outputs: [0.12, 5, 5]), scales: [1e6, 0, 0]))
    // Ten errors with four points of four episodes of 200 steps.
    try agent.search.chooseGreatestError(of: policy, steps: 10 * 16 * 200, iteration: 1)
    #expect(policy.greatestError == expected)
    #expect(environment.resetsEndedEpisodes)
    let corners: Set<[Double]> = [[0.5, 1.1], [1.5, 1.1], [0.5, 1.4], [1.5, 1.4]]
    #expect(corners.contains(agent.search.next) && agent.search.worstReturn.isFinite)
    // Too few steps for a point each keep what there is.
    policy.greatestError = 0.25
    try agent.search.chooseGreatestError(of: policy, steps: 10 * 4 * 200 - 1, iteration: 1)
    #expect(policy.greatestError == 0.25)
  }

  /// An extension begins with the worst point of the last choice, and adds further cases.
  @Test func extensionsAddCases() throws {
    let settings = configuration()
    let (first, _) = try agent(settings)
    while first.environmentSteps < 4000 { _ = try first.iterate() }
    var archive = TensorArchive()
    first.save(to: &archive)
    let (second, environment) = try agent(settings, steps: 6000, start: 4000)
    try second.load(from: archive)
    while second.environmentSteps < 6000 { _ = try second.iterate() }
    #expect(second.cases.cases.count == 4 && second.search.known.count == 4)
    #expect(Set(second.search.known).count == 4)
    #expect(parameters(of: environment, 0) == second.search.known[3])
  }

  @Test func contradictionsAreRefused() {
    var steps = configuration()
    steps.sac.multiStep = 3
    #expect(
      steps.problem(environments: 1, totalSteps: 100_000)?.contains("set multi-step=1") == true)
    var short = configuration()
    short.sac.warmUpSteps = 1000
    #expect(
      short.problem(environments: 1, totalSteps: 4000)
        == "warm-up-steps must be below 640, the steps of the shortest of the fallback and 2 cases, "
        + "or it learns nothing; lower it, or train for more steps or fewer cases")
    #expect(configuration().problem(environments: 1, totalSteps: 4000) == nil)
    var sac = configuration()
    sac.sac.targetCritics = 3
    #expect(sac.problem(environments: 1, totalSteps: 4000)?.contains("target-critics") == true)
  }
}
