import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Testing
import Training
import Storage

/// Settings of an iteration of 250 steps with which everything an agent has is at work, under the
/// agent's id and, where one set can't hold everything, a further word.
enum ShortSettings {
  static let all: [String: any AgentConfiguration] = {
    var ppo = PPOConfiguration()
    ppo.stepsPerRollout = 50
    ppo.minibatchSize = 64
    ppo.epochs = 2
    ppo.normalizeObservations = true
    ppo.normalizeRewards = true
    var ppoShared = ppo
    ppoShared.sharedPolicy = true
    var a2c = A2CConfiguration()
    a2c.stepsPerRollout = 10
    a2c.rolloutsPerIteration = 5
    a2c.entropyCoefficient = 0.01
    a2c.learningRateSchedule = .linear
    a2c.normalizeAdvantages = true
    a2c.normalizeObservations = true
    a2c.normalizeRewards = true
    var a2cAdam = a2c
    a2cAdam.optimizer = .adam
    a2cAdam.normalizeAdvantages = false
    var fpo = FPOConfiguration()
    (fpo.stepsPerRollout, fpo.minibatchSize, fpo.epochs) = (50, 64, 2)
    (fpo.flowSteps, fpo.samplesPerAction) = (4, 3)
    fpo.learningRateSchedule = .linear
    // Everything that FPO++ and others add.
    var plus = fpo
    (plus.flowMethod, plus.initialDeviation, plus.pairedSamples) = (.euler, nil, false)
    (plus.advantageOffset, plus.activation) = (0, .silu)
    plus.learningRateSchedule = .constant
    plus.evaluationFlowSteps = 6
    plus.timeSampling = .continuous
    plus.timeBeta = 1.5
    (plus.flowLoss, plus.lossReduction, plus.ratio) = (.velocity, .root, .perSample)
    plus.trustRegion = .aspo
    (plus.lossClamp, plus.negativeLossClamp) = (20, 10)
    (plus.lowestLogRatio, plus.highestLogRatio, plus.straightThrough) = (-3, 3, true)
    (plus.advantageScope, plus.advantageClamp) = (.rollout, 5)
    (plus.actionBounds, plus.actionScale, plus.actionNoise) = (.clip, 0.5, 0.02)
    plus.entropyCoefficient = 0.01
    plus.mapCoefficient = 0.1
    plus.targetDrift = 1e-4
    (plus.averageDecay, plus.averageWarmUp) = (0.9, 2)
    (plus.weightDecay, plus.layerNorm) = (1e-4, true)
    var mdpo = MDPOConfiguration()
    mdpo.stepsPerRollout = 50
    mdpo.policySteps = 3
    (mdpo.fitting.epochs, mdpo.fitting.minibatchSize) = (2, 64)
    var mdpoTsallis = mdpo
    mdpoTsallis.tsallisIndex = 1.5
    mdpoTsallis.entropyCoefficient = 0.01
    mdpoTsallis.fitting.clipRange = nil
    mdpoTsallis.learningRateSchedule = .linear
    var trpo = TRPOConfiguration()
    trpo.stepsPerRollout = 50
    (trpo.fitting.epochs, trpo.fitting.minibatchSize) = (2, 64)
    trpo.normalizeObservations = true
    trpo.normalizeRewards = true
    var trpoSampled = trpo
    (trpoSampled.fisherStride, trpoSampled.entropyCoefficient) = (3, 0.01)
    (trpoSampled.layerNorm, trpoSampled.activation) = (true, .silu)
    trpoSampled.learningRateSchedule = .linear
    var trpoShared = trpo
    trpoShared.sharedPolicy = true
    var vmpo = VMPOConfiguration()
    (vmpo.stepsPerRollout, vmpo.minibatchSize, vmpo.epochs) = (50, 64, 2)
    vmpo.normalizeObservations = true
    vmpo.normalizeRewards = true
    vmpo.learningRateSchedule = .linear
    var sac = SACConfiguration()
    sac.stepsPerIteration = 250
    sac.stepsPerRound = 2
    sac.replayRatio = 0.25
    sac.warmUpSteps = 100
    sac.bufferSize = 600
    sac.batchSize = 32
    sac.multiStep = 3
    sac.critics = 3
    sac.targetCritics = 2
    sac.policyDelay = 2
    sac.resetEvery = 150
    sac.normalizeObservations = true
    sac.criticLayerNorm = true
    sac.policyHidden = [32, 32]
    sac.criticHidden = [32, 32]
    sac.learningRateSchedule = .linear
    var mirror = sac
    (mirror.mirrorCoefficient, mirror.mirrorRefreshEvery) = (0.5, 20)
    mirror.learnsTemperature = false
    var mirrorTsallis = mirror
    (mirrorTsallis.tsallisIndex, mirrorTsallis.learnsTemperature) = (1.5, true)
    // Quantiles of all critics are pooled, so these leave no subset to draw.
    var quantiles = sac
    quantiles.targetCritics = 3
    quantiles.quantiles = 5
    quantiles.droppedQuantiles = 2
    quantiles.policyCombination = .mean
    var dropout = sac
    dropout.criticDropout = 0.1
    dropout.policyArchitecture = .bro
    dropout.policyHidden = [16]
    dropout.adamBeta1 = 0.5
    var residual = sac
    residual.criticLayerNorm = false
    (residual.policyArchitecture, residual.criticArchitecture) = (.simba, .bro)
    (residual.policyHidden, residual.criticHidden) = ([16], [24, 24])
    residual.temperatureAdamBeta1 = 0.5
    var crossQ = sac
    (crossQ.criticBatchNorm, crossQ.usesTargetNetworks) = (true, false)
    crossQ.criticLayerNorm = false
    crossQ.policyDelay = 3
    crossQ.adamBeta1 = 0.5
    var averaged = sac
    (averaged.averageDecay, averaged.policyDelay) = (0.98, 1)
    var worstCase = sac
    worstCase.worstCase.candidates = 3
    (worstCase.policyDelay, worstCase.targetCritics) = (2, 2)
    var iwocs = IWOCSConfiguration()
    iwocs.sac = sac
    (iwocs.sac.multiStep, iwocs.sac.resetEvery) = (1, nil)
    (iwocs.cases, iwocs.fallbackShare, iwocs.searchShare) = (2, 0.2, 0.6)
    (iwocs.searchEpisodes, iwocs.modelHidden) = (1, [16])
    var rarl = RARLConfiguration()
    rarl.protagonist.shared = ppo.shared
    rarl.protagonist.shared.stepsPerRollout = 25
    rarl.adversary.shared.normalizeObservations = true
    (rarl.protagonist.ppo.epochs, rarl.adversary.ppo.epochs) = (2, 2)
    (rarl.protagonist.ppo.minibatchSize, rarl.adversary.ppo.minibatchSize) = (64, 64)
    rarl.ramp = 1000
    // One side learns by another method, on the actions, and takes ends for cuts.
    var mixed = rarl
    (mixed.protagonist.method, mixed.adversary.method) = (.mdpo, .a2c)
    mixed.protagonist.mdpo.policySteps = 3
    mixed.protagonist.mdpo.fitting.minibatchSize = 64
    (mixed.target, mixed.terminals) = (.action, .bootstrap)
    var trust = rarl
    (trust.protagonist.method, trust.adversary.method) = (.vmpo, .trpo)
    trust.protagonist.vmpo = vmpo
    trust.adversary.trpo = trpo
    // Every adversary has one of the five environments.
    var rap = rarl
    rap.population = 5
    rap.adversary.ppo.minibatchSize = 16
    var hinf = HInfinityConfiguration()
    (hinf.protagonist, hinf.adversary) = (rarl.protagonist, rarl.adversary)
    hinf.protagonist.shared.stepsPerRollout = 50
    hinf.costFitting.minibatchSize = 64
    (hinf.warmUp, hinf.ramp) = (300, 1000)
    var bc = BehaviorCloningConfiguration()
    (bc.minibatchSize, bc.updatesPerIteration, bc.heldOut) = (50, 5, 0.3)
    (bc.learningRateSchedule, bc.weightDecay) = (.linear, 1e-3)
    var bcErrors = bc
    (bcErrors.loss, bcErrors.layerNorm, bcErrors.heldOut) = (.squaredError, true, 0)
    var bcSquashed = bc
    (bcSquashed.distribution, bcSquashed.normalizeObservations) = (.squashedGaussian, false)
    return [
      "bc": bc, "bc errors": bcErrors, "bc squashed": bcSquashed,
      "hinf": hinf, "iwocs": iwocs, "m2sac": worstCase, "rarl": rarl, "rarl mixed": mixed,
      "rarl trust": trust,
      "rap": rap,
      "a2c": a2c, "a2c adam": a2cAdam, "fpo": fpo, "fpo plus": plus, "mdpo": mdpo,
      "mdpo tsallis": mdpoTsallis,
      "mdpo-offpolicy": mirror, "mdpo-offpolicy tsallis": mirrorTsallis, "ppo": ppo,
      "ppo shared": ppoShared,
      "sac": sac,
      "sac quantiles": quantiles,
      "sac dropout": dropout,
      "sac averaged": averaged,
      "sac residual": residual, "sac crossq": crossQ, "trpo": trpo, "trpo sampled": trpoSampled,
      "trpo shared": trpoShared, "vmpo": vmpo,
    ]
  }()
}

/// What must hold for every registered agent on every registered environment.
@Suite struct AgentConformanceTests {
  struct Pair: CustomTestStringConvertible, Sendable {
    let settings: String
    let environment: String
    var agent: String { String(settings.prefix { $0 != " " }) }
    var testDescription: String { "\(settings) on \(environment)" }
  }

  /// Every agent on every environment; further settings of an agent on some of different kinds.
  static let pairs = AgentRegistry.all.flatMap { agent in
    ShortSettings.all.keys.sorted().filter { $0.split(separator: " ")[0] == agent.identifier }
      .flatMap { settings in
        EnvironmentRegistry.all
          .filter {
            settings == agent.identifier
              || ["cartpole", "pendulum-v1", "quadcopter", "walker"].contains($0.identifier)
              || settings.hasSuffix(" shared") && $0.identifier == "quadcopter-swarm-2"
          }
          .filter {
            ShortSettings.all[settings]?.problem(in: $0, among: EnvironmentRegistry.all) == nil
          }
          .map { Pair(settings: settings, environment: $0.identifier) }
      }
  }

  /// A new agent without short settings would be tested on nothing.
  @Test func everyAgentIsTested() {
    #expect(Set(Self.pairs.map(\.agent)) == Set(AgentRegistry.all.map(\.identifier)))
  }

  private func make(_ pair: Pair, threads: Int, totalSteps: Int = 2000) throws -> any Agent {
    let registered = try #require(AgentRegistry.find(pair.agent))
    let description = try #require(EnvironmentRegistry.find(pair.environment))
    let environment = description.construct(5)
    environment.reset(seeds: .training(runSeed: 7))
    let settings = try #require(ShortSettings.all[pair.settings])
    return registered.make(
      settings,
      in: AgentContext(
        environment: environment, pool: WorkerPool(threads: threads), seed: 7,
        totalSteps: totalSteps,
        uncertainParameters: description.parameters.prefix(2).map {
          UncertainParameter($0.name, in: $0.nominal...min(1.2 * $0.nominal, $0.range.upperBound))
        },
        recordings: settings.useOfRecordings == .learnsFromThemAlone
          ? .random(in: description, episodes: 4, steps: 40) : nil))
  }

  private func makeSAC(
    _ settings: SACConfiguration, on environment: String = "pendulum-v1", environments: Int,
    threads: Int = 1
  ) throws -> SACAgent {
    let vector = try #require(EnvironmentRegistry.find(environment)).construct(environments)
    vector.reset(seeds: .training(runSeed: 7))
    return SACAgent(
      configuration: settings,
      context: AgentContext(
        environment: vector, pool: WorkerPool(threads: threads), seed: 7, totalSteps: 2000))
  }

  private func archive(_ agent: any Agent) -> TensorArchive {
    var archive = TensorArchive()
    agent.save(to: &archive)
    return archive
  }

  private func differences(_ a: TensorArchive, _ b: TensorArchive) -> [String] {
    Set(a.tensors.keys).union(b.tensors.keys)
      .filter { a.tensors[$0] != b.tensors[$0] }.sorted()
  }

  /// Six iterations on one thread against three, a stop in the middle of episodes, and three more
  /// on two threads.
  @Test(arguments: pairs) func resumesExactlyWithAnyNumberOfThreads(pair: Pair) throws {
    let uninterrupted = try make(pair, threads: 1)
    for _ in 0..<6 { _ = try uninterrupted.iterate() }
    let first = try make(pair, threads: 2)
    for _ in 0..<3 { _ = try first.iterate() }
    let saved = archive(first)
    let second = try make(pair, threads: 2)
    try second.load(from: saved)
    #expect(differences(archive(second), saved) == [])
    for _ in 0..<3 { _ = try second.iterate() }
    #expect(differences(archive(second), archive(uninterrupted)) == [])
    #expect(differences(archive(second), saved).contains("policy.0.weight"))
  }

  /// Twenty environments are several blocks for three threads, even if they are best stepped in eights.
  @Test(arguments: ["pendulum-v1", "walker"])
  func replayIsTheSameWithEnvironmentsOnSeveralThreads(environment: String) throws {
    let archives = try [1, 3].map { threads in
      let agent = try makeSAC(
        try #require(ShortSettings.all["sac"] as? SACConfiguration), on: environment,
        environments: 20, threads: threads)
      for _ in 0..<2 { _ = try agent.iterate() }
      return archive(agent)
    }
    #expect(differences(archives[0], archives[1]) == [])
  }

  @Test func onlyAgentsOfOneEnvironmentShareAPolicy() throws {
    #expect(Self.pairs.contains { $0.testDescription == "ppo shared on quadcopter-swarm-2" })
    let walker = try #require(EnvironmentRegistry.find("walker")).specification
    let swarm = try #require(EnvironmentRegistry.find("quadcopter-swarm")).specification
    var rarl = RARLConfiguration()
    rarl.protagonist.shared.sharedPolicy = true
    var hinf = HInfinityConfiguration()
    hinf.protagonist.shared.sharedPolicy = true
    let (ppo, trpo) = (ShortSettings.all["ppo shared"], ShortSettings.all["trpo shared"])
    for settings in [ppo, trpo, rarl, hinf] {
      let problem = settings?.problem(in: walker)
      #expect(problem?.contains("and walker has one; set shared-policy=false") == true)
      #expect(settings?.problem(in: swarm) == nil)
    }
    var fpo = FPOConfiguration()
    fpo.sharedPolicy = true
    #expect(
      fpo.problem(in: swarm) == "fpo has no policy that agents share; set shared-policy=false")
  }

  /// Two short iterations and an evaluation, few enough to be watched by `make tsan`.
  @Test(
    arguments: ShortSettings.all.keys.sorted().map {
      Pair(settings: $0, environment: "pendulum-v1")
    } + [
      Pair(settings: "ppo", environment: "cartpole-v1"),
      Pair(settings: "ppo", environment: "walker"), Pair(settings: "sac", environment: "walker"),
    ])
  func threadsShareNothingThatTheyWrite(pair: Pair) throws {
    let environment = try #require(EnvironmentRegistry.find(pair.environment))
    let agents = try [1, 3].map { try make(pair, threads: $0) }
    for agent in agents { for _ in 0..<2 { _ = try agent.iterate() } }
    #expect(differences(archive(agents[0]), archive(agents[1])) == [])
    let results = [1, 3].map {
      Evaluation.run(
        agents[1].policy, in: environment.construct, episodes: 3, firstSeed: 11, mode: .stochastic,
        pool: WorkerPool(threads: $0))
    }
    #expect(results[0] == results[1])
  }

  /// An average changes evaluations and nothing else.
  @Test func averagesLeaveTrainingAlone() throws {
    func run(_ settings: SACConfiguration) throws -> (archive: TensorArchive, agent: SACAgent) {
      let agent = try makeSAC(settings, environments: 5)
      for _ in 0..<3 { _ = try agent.iterate() }
      return (archive(agent), agent)
    }
    let settings = try #require(ShortSettings.all["sac averaged"] as? SACConfiguration)
    var plain = settings
    plain.averageDecay = nil
    let (averaged, without) = (try run(settings), try run(plain))
    let differing = differences(averaged.archive, without.archive)
    #expect(!differing.isEmpty && differing.allSatisfy { $0.hasPrefix("average.") })
    #expect(without.agent.evaluatedPolicy === without.agent.policy)
    let average = try #require(averaged.agent.evaluatedPolicy as? MLPPolicy)
    #expect(average !== averaged.agent.policy)
    var file = TensorArchive()
    average.save(to: &file)
    #expect(file.tensors["policy.0.weight"] != averaged.archive.tensors["policy.0.weight"])
    // Statistics of observations are those of the policy that learns.
    for name in ["mean", "variance"].map({ "observation-normalizer.\($0)" }) {
      #expect(file.tensors[name] == averaged.archive.tensors[name])
    }
  }

  /// A policy that a run begins with may have parts that an earlier run has frozen.
  @Test func averagesBeginWithTheFrozenPartsOfAReplacedPolicy() throws {
    let agent = try #require(
      try make(Pair(settings: "sac averaged", environment: "pendulum-v1"), threads: 1) as? SACAgent)
    let network = agent.networks[0].network
    network.inject(network.fresh(seed: 1, purpose: "injection"))
    agent.policyWasReplaced()
    let average = try #require(agent.evaluatedPolicy as? MLPPolicy).network
    #expect(average.injections == 1)
    let input = Matrix(rows: 1, columns: 3)
    input[0, 0] = 0.5
    let outputs = [network, average].map {
      $0.forward(input, rows: 1, in: $0.makeWorkspace(rows: 1))[0, 0]
    }
    #expect(outputs[0] == outputs[1])
    for _ in 0..<2 { _ = try agent.iterate() }
  }

  /// As the coefficient of the divergence vanishes, off-policy mirror descent is SAC, bit for bit;
  /// with 0 there is no previous policy at all.
  @Test(arguments: [Float(0), 1e-30]) func mirrorDescentBecomesSAC(coefficient: Float) throws {
    func run(_ coefficient: Float) throws -> TensorArchive {
      var settings = SACConfiguration.mirrorDescent
      (settings.warmUpSteps, settings.batchSize, settings.bufferSize) = (100, 32, 600)
      (settings.policyHidden, settings.criticHidden) = ([32, 32], [32, 32])
      settings.stepsPerIteration = 200
      settings.mirrorCoefficient = coefficient
      let agent = try makeSAC(settings, environments: 1)
      _ = try agent.iterate()
      #expect(agent.networks[0].optimizer.stepCount >= 100)
      return archive(agent)
    }
    var sac = SACConfiguration()
    (sac.initialTemperature, sac.learnsTemperature) = (0.2, false)
    var mirror = SACConfiguration.mirrorDescent
    mirror.mirrorCoefficient = 0
    #expect(sac == mirror)
    let differing = differences(try run(0), try run(coefficient))
    #expect(differing.allSatisfy { $0.hasPrefix("previous-policy.") }, "\(differing)")
    #expect(differences(try run(0), try run(0.1)).contains("policy.0.weight"))
  }

  private func archive(
    _ archive: TensorArchive, with name: String, _ values: TensorArchive.Values, shape: [Int]? = nil
  ) -> TensorArchive {
    var result = TensorArchive()
    result.metadata = archive.metadata
    for (other, tensor) in archive.tensors where other != name {
      result.set(other, tensor.values, shape: tensor.shape)
    }
    result.set(name, values, shape: shape)
    return result
  }

  /// From a state of zeros nothing but zero comes, and a draw without bias would never end.
  @Test(arguments: ShortSettings.all.keys.sorted())
  func streamsOfZerosAreRefused(settings: String) throws {
    let pair = Pair(settings: settings, environment: "pendulum-v1")
    let agent = try make(pair, threads: 1)
    _ = try agent.iterate()
    let saved = archive(agent)
    let names = saved.tensors.keys.filter { $0.hasSuffix(".stream") }.sorted()
    // One that takes no steps has an order of steps, which depends on the seed alone.
    #expect(names.count >= 5 || pair.agent == "bc")
    for name in names {
      let damaged = archive(saved, with: name, .words([0, 0, 0, 0]))
      #expect(throws: ArchiveError.invalid(reason: "\(name) has a state of zeros")) {
        try make(pair, threads: 1).load(from: damaged)
      }
    }
  }

  /// Updates would begin with nothing to draw, or learn from what is no number.
  @Test func aReplayBufferHoldsTheStepsOfItsRun() throws {
    let pair = Pair(settings: "sac", environment: "pendulum-v1")
    let agent = try make(pair, threads: 1)
    _ = try agent.iterate()
    // Two steps of each environment wait for their third reward.
    let saved = archive(agent)
    var empty = archive(saved, with: "replay.records", .floats([]), shape: [0, 9])
    empty = archive(empty, with: "replay.position", .words([0, 0]))
    let waiting = try saved.floats("replay.waiting.3")
    #expect(waiting.count == 2 * 5)
    let numberless = archive(
      saved, with: "replay.waiting.3", .floats(waiting.map { _ in .nan }))
    let short = archive(saved, with: "replay.waiting.3", .floats(Array(waiting.prefix(5))))
    for damaged in [empty, numberless, short] {
      #expect(throws: ArchiveError.self) { try make(pair, threads: 1).load(from: damaged) }
    }
    try make(pair, threads: 1).load(from: saved)
  }

  @Test(arguments: pairs) func metricsAreNamedAndFinite(pair: Pair) throws {
    let agent = try make(pair, threads: 1)
    let report = try agent.iterate()
    #expect(report.metrics.count == agent.metricNames.count)
    #expect(Set(agent.metricNames).count == agent.metricNames.count)
    #expect(report.metrics.allSatisfy { !$0.isInfinite })
    #expect(agent.environmentSteps == 250 && agent.iterations == 1)
  }

  @Test(arguments: pairs) func aPolicyFileActsLikeItsAgent(pair: Pair) throws {
    let agent = try make(pair, threads: 1)
    _ = try agent.iterate()
    var saved = TensorArchive()
    agent.policy.save(to: &saved)
    let restored = try PolicyReader.read(saved)
    let environment = try #require(EnvironmentRegistry.find(pair.environment))
    for mode in ActionMode.allCases {
      let results = [agent.policy, restored].map {
        Evaluation.run(
          $0, in: environment.construct, episodes: 3, firstSeed: 11, mode: mode,
          pool: WorkerPool(threads: 2))
      }
      #expect(results[0] == results[1])
      #expect(results[0].episodes.map(\.seed) == [11, 12, 13])
    }
  }

  /// An agent that has the setting is one whose ratio can be set, and the other way round.
  @Test(arguments: ShortSettings.all.keys.sorted())
  func replayRatiosAreKeptOnAverage(settings: String) throws {
    let pair = Pair(settings: settings, environment: "pendulum-v1")
    // So many that no part of a plan ends in the test.
    let agent = try make(pair, threads: 1, totalSteps: 20_000)
    let registered = try #require(AgentRegistry.find(pair.agent))
    #expect(registered.hasReplayRatio == (agent is any ReplayRatioAgent))
    guard let agent = agent as? any ReplayRatioAgent else { return }
    let column = try #require(agent.metricNames.firstIndex(of: replayRatioName))
    _ = try agent.iterate()
    // An update that was owed before, and one that is owed afterwards.
    for ratio in [0.5, 1.37, 0.013] {
      agent.replayRatio = ratio
      var updates = 0.0
      for _ in 0..<2 { updates += try agent.iterate().metrics[column] * 250 }
      #expect(abs(updates - 500 * ratio) <= 1, "\(updates) of \(500 * ratio)")
    }
  }

  /// What is drawn of a critic is a stored observation with its action; the agent's streams stay.
  @Test func inputsAreDrawnFromExperience() throws {
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1")).construct(5)
    environment.reset(seeds: .training(runSeed: 7))
    var settings = try #require(ShortSettings.all["sac"] as? SACConfiguration)
    settings.normalizeObservations = false
    let agent = SACAgent(
      configuration: settings,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 7, totalSteps: 2000))
    var random = RandomStream(seed: 1, name: "draws")
    let (ofPolicy, ofCritic) = (Matrix(rows: 90, columns: 3), Matrix(rows: 90, columns: 4))
    #expect(agent.networks.allSatisfy { $0.experience.rows == 0 }, "there is nothing yet")
    _ = try agent.iterate()
    let saved = archive(agent)
    agent.networks[0].experience.draw(ofPolicy, &random)
    agent.networks[2].experience.draw(ofCritic, &random)
    #expect(differences(archive(agent), saved) == [])
    // Observation, next observation, action, reward and discount.
    let records = try saved.floats("replay.records")
    let stored = stride(from: 0, to: records.count, by: 9).map { Array(records[$0..<$0 + 9]) }
    #expect(agent.networks.allSatisfy { $0.experience.rows == stored.count })
    let observations = Set(stored.map { Array($0[0..<3]) })
    let inputs = Set(stored.map { Array($0[0..<3]) + [$0[6]] })
    var seen: Set<[Float]> = []
    for i in 0..<90 {
      #expect(observations.contains((0..<3).map { ofPolicy[i, $0] }))
      let row = (0..<4).map { ofCritic[i, $0] }
      #expect(inputs.contains(row))
      seen.insert(row)
    }
    #expect(seen.count > 45, "of 240 there are as good as no repetitions")
  }

  @Test func trainingAndEvaluationSeedsNeverMeet() {
    let training = EpisodeSeeds.training(runSeed: 0)
    for i in 0..<50 {
      for episode in 0..<50 {
        #expect(training.seed(environment: i, episode: episode) >= 1 << 63)
      }
    }
    #expect(
      EpisodeSeeds.consecutive(first: .max, environments: 4).seed(environment: 3, episode: 9) < 1
        << 63)
  }
}
