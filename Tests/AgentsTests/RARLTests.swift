import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import Testing
import Training

/// A protagonist against one adversary or several.
@Suite struct RARLTests {
  private static let (environments, steps) = (4, 30)

  /// Short settings with constant learning rates, whose iteration is a turn of each side.
  private static func settings(
    _ adjust: (inout RARLConfiguration) -> Void = { _ in }
  ) -> RARLConfiguration {
    var configuration = RARLConfiguration()
    configuration.protagonist.shared.stepsPerRollout = steps
    configuration.protagonist.shared.normalizeObservations = true
    configuration.protagonist.shared.normalizeRewards = true
    (configuration.protagonist.ppo.epochs, configuration.adversary.ppo.epochs) = (2, 2)
    (configuration.protagonist.ppo.minibatchSize, configuration.adversary.ppo.minibatchSize) = (
      32, 30
    )
    adjust(&configuration)
    return configuration
  }

  private static func agent(
    _ configuration: RARLConfiguration, on identifier: String, totalSteps: Int = 100_000,
    observer: (any EpisodeObserver)? = nil
  ) throws -> (agent: RARLAgent, environment: any BatchedEnvironment) {
    let registered = try #require(EnvironmentRegistry.find(identifier))
    #expect(configuration.problem(in: registered, among: []) == nil)
    #expect(configuration.problem(environments: environments, totalSteps: totalSteps) == nil)
    let environment = registered.construct(environments)
    environment.observe(environment: 0, with: observer)
    environment.reset(seeds: .training(runSeed: 3))
    let context = AgentContext(
      environment: environment, pool: WorkerPool(threads: 1), seed: 3, totalSteps: totalSteps)
    return (RARLAgent(configuration: configuration, context: context), environment)
  }

  private static func archive(_ agent: any Agent) -> TensorArchive {
    var archive = TensorArchive()
    agent.save(to: &archive)
    return archive
  }

  private static func tensors(
    _ archive: TensorArchive, _ prefixes: String...
  ) -> [String: TensorArchive.Tensor] {
    archive.tensors.filter { name, _ in prefixes.contains { name.hasPrefix($0) } }
  }

  /// What an environment is given and gives back.
  private final class Log: EpisodeObserver {
    var rewards: [Float] = []
    var actions: [[Float]] = []
    var disturbances: [[Float]] = []

    func didReset(_ start: EpisodeStart, observation: Span<Float>) {}
    func didStep(
      _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
      observation: Span<Float>
    ) {
      rewards.append(step.reward)
      actions.append(action.indices.map { action[$0] })
      disturbances.append(disturbance.indices.map { disturbance[$0] })
    }
  }

  // MARK: The environment's side

  /// Whether the adversary has no strength or no turn of its own, the protagonist is PPO's agent.
  @Test(
    arguments: ["cartpole-swingup", "cartpole-v1"], [0, 1])
  func withoutStrengthItIsPPO(identifier: String, adversaryIterations: Int) throws {
    let configuration = Self.settings {
      ($0.strength, $0.adversaryIterations) = (0, adversaryIterations)
      $0.protagonist.shared.learningRateSchedule = .linear
    }
    var ppo = configuration.protagonist.ppo
    ppo.shared = configuration.protagonist.shared
    let plain = try #require(EnvironmentRegistry.find(identifier)).construct(Self.environments)
    plain.reset(seeds: .training(runSeed: 3))
    let expected = PPOAgent(
      configuration: ppo,
      context: AgentContext(
        environment: plain, pool: WorkerPool(threads: 2), seed: 3, totalSteps: 1000))
    let (found, _) = try Self.agent(configuration, on: identifier, totalSteps: 1000)
    for _ in 0..<6 {
      let (a, b) = (try expected.iterate(), try found.iterate())
      #expect(zip(a.metrics, b.metrics).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    let archive = Self.archive(found)
    for (name, tensor) in Self.archive(expected).tensors {
      #expect(archive.tensors[name] == tensor, "\(name)")
    }
  }

  /// Rewards are exact negatives, and pushes are the adversary's choices within their bounds.
  @Test func theGameHasZeroSumAndBounds() throws {
    let log = Log()
    let (agent, environment) = try Self.agent(
      Self.settings {
        $0.strength = 0.6
        $0.adversary.shared.initialLogStd = 0.5
      }, on: "cartpole-swingup", observer: log)
    _ = try agent.iterate()
    let (steps, rollout) = (Self.steps, agent.game.adversaries[0].rollout)
    #expect(log.rewards.count == 2 * steps)
    let bounds = environment.disturbanceComponents.map(\.bound)
    var (clipped, within) = (0, 0)
    for t in 0..<steps {
      #expect(rollout.rewards[t] == -log.rewards[steps + t])
      #expect(rollout.scaledRewards[t] == -log.rewards[steps + t] * agent.rewardNormalizer.factor)
      for j in 0..<2 {
        let choice = rollout.actions[t, j]
        let push = log.disturbances[steps + t][j]
        #expect(push == 0.6 * bounds[j] * min(max(choice, -1), 1))
        if abs(choice) > 1 { clipped += 1 } else { within += 1 }
      }
    }
    #expect(clipped > 5 && within > 5 && log.rewards.contains { $0 > 0 })
    #expect(log.disturbances.prefix(steps).contains { $0[0] != 0 }, "it pushes when it is frozen")
    let protagonist = agent.game.protagonist.rollout
    for t in 0..<steps {
      #expect(protagonist.rewards[t] == log.rewards[t])
      #expect(log.actions[t][0] == min(max(protagonist.actions[t, 0], -1), 1))
    }
  }

  @Test func actionsAreMixed() throws {
    let environment = VectorEnvironment(PendulumV1.self, count: 2)
    environment.reset(seeds: .training(runSeed: 1))
    let (actions, choices) = (Matrix(rows: 2, columns: 1), Matrix(rows: 1, columns: 1))
    let channel = AdversaryChannel(
      .action(low: [-2], high: [2]), isBall: false, environment: environment, actions: actions,
      steps: 3)
    #expect(environment.disturbances == nil)
    (actions[0, 0], actions[1, 0], choices[0, 0]) = (1.5, -0.0, 1)
    channel.apply(choices, row: 0, to: 1, step: 0)
    #expect(actions[1, 0].bitPattern == Float(-0.0).bitPattern, "without strength no bit changes")
    (channel.strength, choices[0, 0]) = (0.25, -1)
    channel.apply(choices, row: 0, to: 0, step: 2)
    #expect(actions[0, 0] == 0.75 * 1.5 + 0.25 * -2)
    #expect(actions[1, 0] == 0)
    #expect(channel.sizes[2] == 0.25)
  }

  @Test func theStrengthRises() throws {
    let (agent, _) = try Self.agent(
      Self.settings { ($0.ramp, $0.strength) = (600, 0.5) }, on: "pendulum-v1")
    let column = try #require(agent.metricNames.firstIndex(of: "adversary-strength"))
    let size = try #require(agent.metricNames.firstIndex(of: "force-fraction"))
    var strengths: [Double] = []
    for _ in 0..<4 {
      let metrics = try agent.iterate().metrics
      strengths.append(metrics[column])
      #expect(metrics[size] <= metrics[column])
    }
    // Turns begin after 0 and 120 steps, 240 and 360, 480 and 600, and later.
    #expect(strengths.map { ($0 * 1e6).rounded() / 1e6 } == [0.05, 0.25, 0.45, 0.5])
  }

  // MARK: The players

  /// The protagonist is what its own turn made of it; before the adversary's, that is new.
  @Test func theOtherSideIsFrozen() throws {
    let configuration = Self.settings { $0.adversaryIterations = 2 }
    let (fresh, _) = try Self.agent(configuration, on: "cartpole-swingup")
    let initial = Self.archive(fresh)
    // A run that is over after the protagonist's turn.
    let (short, _) = try Self.agent(
      configuration, on: "cartpole-swingup", totalSteps: Self.environments * Self.steps)
    _ = try short.iterate()
    #expect(short.environmentSteps == Self.environments * Self.steps)
    let afterFirst = Self.archive(short)
    let (whole, _) = try Self.agent(configuration, on: "cartpole-swingup")
    _ = try whole.iterate()
    #expect(whole.environmentSteps == 3 * Self.environments * Self.steps)
    let after = Self.archive(whole)
    let adversary = ["adversary.policy", "adversary.critic", "adversary.observation"]
    for name in adversary {
      #expect(Self.tensors(initial, name) == Self.tensors(afterFirst, name))
      #expect(!Self.tensors(initial, name).isEmpty)
    }
    #expect(Self.tensors(after, "adversary.policy") != Self.tensors(initial, "adversary.policy"))
    #expect(Self.tensors(after, "adversary.critic") != Self.tensors(initial, "adversary.critic"))
    for name in ["policy.", "critic.", "observation-normalizer"] {
      #expect(Self.tensors(after, name) == Self.tensors(afterFirst, name), "\(name)")
      #expect(Self.tensors(after, name) != Self.tensors(initial, name), "\(name)")
    }
  }

  private static func values(
    _ network: String, of agent: RARLAgent, _ observations: Matrix, row: Int
  ) throws -> Float {
    let critic = try #require(agent.networks.first { $0.name == network }).network
    let input = Matrix(rows: 1, columns: observations.columns)
    input.copyRow(0, from: observations, row: row)
    return critic.forward(input, rows: 1, in: critic.makeWorkspace(rows: 1))[0, 0]
  }

  /// Settings under which networks keep their weights, so that values can be computed again.
  private static func still(
    _ adjust: (inout RARLConfiguration) -> Void = { _ in }
  )
    -> RARLConfiguration
  {
    settings {
      $0.protagonist.shared.stepsPerRollout = 230
      $0.protagonist.shared.normalizeObservations = false
      ($0.protagonist.shared.learningRate, $0.adversary.shared.learningRate) = (0, 0)
      adjust(&$0)
    }
  }

  /// Pendulum's episodes are cut after 200 steps: each side's own critic says what follows.
  @Test func truncatedEpisodesAreBootstrappedByTheirOwnCritic() throws {
    let (agent, _) = try Self.agent(Self.still(), on: "pendulum-v1")
    _ = try agent.iterate()
    let sides = [
      ("critic", "adversary.critic", agent.game.protagonist.rollout),
      ("adversary.critic", "critic", agent.game.adversaries[0].rollout),
    ]
    for (own, other, rollout) in sides {
      let rows = (0..<rollout.count).filter { rollout.episodeEnds[$0] == 1 }
      #expect(rows.count >= Self.environments)
      let stride = rollout.truncationsPerEnvironment + 1
      for row in rows {
        let place = row / rollout.steps * stride + 1
        let value = try Self.values(own, of: agent, rollout.bootstrapObservations, row: place)
        #expect(rollout.nextValues[row] == value)
        #expect(
          try Self.values(other, of: agent, rollout.bootstrapObservations, row: place) != value)
      }
      let last = rollout.steps - 1
      #expect(
        try rollout.nextValues[last]
          == Self.values(own, of: agent, rollout.bootstrapObservations, row: 0))
    }
  }

  /// The pole falls: to the adversary that is the end, or a cut like the time limit's.
  @Test(arguments: [RARLConfiguration.Terminals.zeroSum, .bootstrap])
  func terminationsAreWhatTheSettingSays(terminals: RARLConfiguration.Terminals) throws {
    let (agent, _) = try Self.agent(Self.still { $0.terminals = terminals }, on: "cartpole-v1")
    _ = try agent.iterate()
    let rollout = agent.game.adversaries[0].rollout
    let stride = rollout.truncationsPerEnvironment + 1
    var ends = 0
    for i in 0..<Self.environments {
      var ofEnvironment = 0
      for t in 0..<rollout.steps where rollout.episodeEnds[i * rollout.steps + t] == 1 {
        let row = i * rollout.steps + t
        ends += 1
        ofEnvironment += 1
        guard terminals == .bootstrap else {
          #expect(rollout.terminated[row] == 1 && rollout.nextValues[row] == 0)
          continue
        }
        let last = i * stride + ofEnvironment
        #expect(rollout.terminated[row] == 0)
        #expect(
          try rollout.nextValues[row]
            == Self.values("adversary.critic", of: agent, rollout.bootstrapObservations, row: last))
        // The pole has fallen, so it is no observation of a running episode.
        #expect(
          abs(rollout.bootstrapObservations[last, 2]) > 0.2
            || abs(rollout.bootstrapObservations[last, 0]) > 2.3)
      }
    }
    #expect(ends > 20)
    let protagonist = agent.game.protagonist.rollout
    #expect((0..<protagonist.count).contains { protagonist.terminated[$0] == 1 })
  }

  @Test func adversariesOfAPopulationShareNothing() throws {
    let (agent, environment) = try Self.agent(
      Self.settings { ($0.population, $0.adversary.ppo.minibatchSize) = (2, 32) },
      on: "cartpole-swingup")
    #expect(agent.networks.map(\.name).suffix(2) == ["adversary.1.policy", "adversary.1.critic"])
    let initial = Self.archive(agent)
    #expect(
      initial.tensors["adversary.0.policy.0.weight"]
        != initial.tensors["adversary.1.policy.0.weight"])
    var draws: Set<[Int]> = []
    for _ in 0..<8 {
      _ = try agent.iterate()
      let drawn = agent.game.parts.map(\.environments)
      draws.insert(drawn[0])
      #expect(drawn.flatMap(\.self).sorted() == Array(0..<Self.environments))
      #expect(drawn.allSatisfy { $0.count == 2 && $0 == $0.sorted() })
      for part in agent.game.parts {
        let stride = part.rollout.truncationsPerEnvironment + 1
        for (index, i) in part.environments.enumerated() {
          for j in 0..<environment.batch.observations.columns {
            #expect(
              part.rollout.bootstrapObservations[index * stride, j]
                == environment.batch.observations[i, j])
          }
        }
      }
    }
    #expect(draws.count > 3, "adversaries are drawn for each rollout")
    let after = Self.archive(agent)
    for m in 0..<2 {
      let name = "adversary.\(m).policy.0.weight"
      #expect(after.tensors[name] != initial.tensors[name])
    }
  }

  // MARK: Refusals

  @Test func contradictionsAreRefused() throws {
    func problem(_ adjust: (inout RARLConfiguration) -> Void) -> String? {
      Self.settings(adjust).problem(environments: 4, totalSteps: 1000)
    }
    #expect(
      problem { $0.population = 3 }
        == "environments is 4 and must be a multiple of population, 3, so that adversaries have "
        + "equally many; set environments=3 or 6")
    #expect(
      problem { ($0.population, $0.adversary.ppo.minibatchSize) = (2, 100) }
        == "adversary.ppo.minibatch-size is 100 and a rollout has only 60 transitions, "
        + "steps-per-rollout times environments; set adversary.ppo.minibatch-size=60, "
        + "environments=8 or steps-per-rollout=50")
    #expect(
      problem {
        $0.protagonist.method = .mdpo
        $0.protagonist.mdpo.fitting.minibatchSize = 500
      }?.hasPrefix("mdpo.value-minibatch-size is 500") == true)
    let (grid, cartPole) = (
      try #require(EnvironmentRegistry.find("diagnostic-two-goals")),
      try #require(EnvironmentRegistry.find("cartpole-v1"))
    )
    #expect(
      RARLConfiguration().problem(in: grid, among: [grid, cartPole])
        == "diagnostic-two-goals has no disturbance port for the adversary's force; set "
        + "adversary-acts=action or choose one of cartpole-v1")
    let mixing = Self.settings { $0.target = .action }
    #expect(mixing.problem(in: grid, among: []) == nil)
    #expect(
      mixing.problem(in: cartPole, among: [])
        == "an adversary can mix only continuous actions, and cartpole-v1 has choices; set "
        + "adversary-acts=force")
    #expect(RARLConfiguration().problem(in: cartPole, among: []) == nil)
  }
}
