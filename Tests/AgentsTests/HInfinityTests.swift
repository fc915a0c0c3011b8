import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import Testing
import Training

/// A protagonist whose costs are held below a multiple of its adversary's force.
@Suite struct HInfinityTests {
  private static let (environments, steps) = (4, 30)

  private static func agent(
    on identifier: String, _ adjust: (inout HInfinityConfiguration) -> Void = { _ in }
  ) throws -> (agent: HInfinityAgent, environment: any BatchedEnvironment) {
    var configuration = HInfinityConfiguration()
    configuration.protagonist.shared.stepsPerRollout = steps
    configuration.protagonist.shared.normalizeRewards = true
    (configuration.protagonist.ppo.epochs, configuration.adversary.ppo.epochs) = (1, 1)
    (configuration.protagonist.ppo.minibatchSize, configuration.adversary.ppo.minibatchSize) = (
      32, 30
    )
    configuration.costFitting.minibatchSize = 32
    adjust(&configuration)
    #expect(configuration.problem(environments: environments, totalSteps: 100_000) == nil)
    let environment = try #require(EnvironmentRegistry.find(identifier)).construct(environments)
    environment.reset(seeds: .training(runSeed: 3))
    return (
      HInfinityAgent(
        configuration: configuration,
        context: AgentContext(
          environment: environment, pool: WorkerPool(threads: 1), seed: 3, totalSteps: 100_000)),
      environment
    )
  }

  /// The terms by their definition, from rewards and forces; failures cost what is lost after them.
  @Test func termsAndDualAreThoseOfTheDefinition() throws {
    let (agent, _) = try Self.agent(on: "cartpole-v1") {
      ($0.oracleReward, $0.gain, $0.initialDual) = (1.25, 0.4, 0.5)
      ($0.dualLearningRate, $0.protagonist.shared.discount) = (0.02, 0.9)
      $0.protagonist.shared.stepsPerRollout = 60
    }
    let metrics = try agent.iterate().metrics
    let (rollout, terms) = (agent.game.protagonist.rollout, agent.constraint.terms)
    let adversary = agent.game.adversaries[0].rollout
    var (sum, failures) = (0.0, 0)
    for row in 0..<rollout.count {
      let size = agent.game.channel.sizes[row]
      #expect(size >= 0 && size <= 0.5)
      // Each step is rewarded with 1; a fall loses 1.25 in each step from the next one on.
      let lost: Float = rollout.terminated[row] == 1 ? 0.9 * 1.25 / 0.1 : 0
      let expected = 0.4 * size - (0.25 + lost)
      #expect(abs(terms.rewards[row] - expected) < 1e-4)
      #expect(adversary.rewards[row] == -terms.rewards[row])
      #expect(adversary.scaledRewards[row] == -terms.scaledRewards[row])
      sum += Double(terms.rewards[row])
      failures += Int(rollout.terminated[row])
    }
    #expect(failures > 2)
    let mean = sum / Double(rollout.count)
    #expect(abs(agent.constraint.meanTerm - mean) < 1e-9)
    let dual = try #require(agent.metricNames.firstIndex(of: "dual"))
    #expect(abs(metrics[dual] - (0.5 - 0.02 * mean)) < 1e-6)
    #expect(metrics[dual] > 0.5, "it grows while the constraint is violated")
  }

  @Test func theDualStaysInItsRange() throws {
    let (agent, _) = try Self.agent(on: "cartpole-v1") {
      ($0.dualLearningRate, $0.dualLimit) = (1000, 7)
    }
    _ = try agent.iterate()
    #expect(agent.constraint.dual == 7)
    let (kind, _) = try Self.agent(on: "cartpole-v1") {
      // A cost that any force allows.
      ($0.dualLearningRate, $0.oracleReward, $0.gain) = (1000, -1, 100)
    }
    _ = try kind.iterate()
    #expect(kind.constraint.meanTerm > 0 && kind.constraint.dual == 0)
  }

  /// Two critics: the protagonist's advantage is the mean of reward's and terms', weighted 1 to λ.
  @Test func advantagesAreWeighted() throws {
    let (agent, _) = try Self.agent(on: "pendulum-v1") {
      ($0.oracleReward, $0.initialDual) = (0, 3)
      ($0.protagonist.shared.learningRate, $0.adversary.shared.learningRate) = (0, 0)
      $0.dualLearningRate = 0
    }
    _ = try agent.iterate()
    let (rollout, terms) = (agent.game.protagonist.rollout, agent.constraint.terms)
    let pool = WorkerPool(threads: 1)
    let weighted = (0..<rollout.count).map { rollout.advantages[$0] }
    agent.game.protagonist.evaluate(pool: pool)
    var different = 0
    for row in 0..<rollout.count {
      let expected = (rollout.advantages[row] + 3 * terms.advantages[row]) / 4
      #expect(abs(weighted[row] - expected) < 1e-5)
      if abs(rollout.values[row] - terms.values[row]) > 1e-3 { different += 1 }
      #expect(rollout.returns[row] == rollout.advantages[row] + rollout.values[row])
    }
    #expect(different > rollout.count / 2, "each has a critic of its own")
  }

  /// Without force the constraint has no part in learning.
  @Test func theWarmUpIsPPO() throws {
    let (agent, _) = try Self.agent(on: "cartpole-swingup") { $0.warmUp = 1000 }
    let environment = try #require(EnvironmentRegistry.find("cartpole-swingup"))
      .construct(Self.environments)
    environment.reset(seeds: .training(runSeed: 3))
    var settings = PPOConfiguration()
    settings.stepsPerRollout = Self.steps
    settings.normalizeRewards = true
    (settings.epochs, settings.minibatchSize) = (1, 32)
    let plain = PPOAgent(
      configuration: settings,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 3, totalSteps: 100_000))
    for _ in 0..<3 {
      _ = try agent.iterate()
      _ = try plain.iterate()
    }
    var (found, expected) = (TensorArchive(), TensorArchive())
    agent.save(to: &found)
    plain.save(to: &expected)
    for (name, tensor) in expected.tensors { #expect(found.tensors[name] == tensor, "\(name)") }
    #expect(agent.constraint.dual == 1)
  }

  /// What is learnt from is the choice before the projection; what acts lies in the ball.
  @Test func forcesAreProjected() throws {
    let environment = VectorEnvironment(CartPoleSwingUp.self, count: 1)
    environment.reset(seeds: .training(runSeed: 1))
    let actions = Matrix(rows: 1, columns: 1)
    let channel = AdversaryChannel(
      .force, isBall: true, environment: environment, actions: actions, steps: 2)
    let push = try #require(environment.disturbances)
    let choices = Matrix(rows: 1, columns: 2)
    channel.strength = 0.5
    (choices[0, 0], choices[0, 1]) = (1, -1)
    channel.apply(choices, row: 0, to: 0, step: 0)
    let half = 0.5 * environment.disturbanceComponents[0].bound
    #expect(abs(push[0, 0] - half * Float(0.5).squareRoot()) < 1e-5)
    #expect(push[0, 1] == -push[0, 0])
    #expect(abs(channel.sizes[0] - 0.5) < 1e-6)
    #expect(choices[0, 0] == 1 && choices[0, 1] == -1)
    (choices[0, 0], choices[0, 1]) = (0.3, 0.4)
    channel.apply(choices, row: 0, to: 0, step: 1)
    #expect(abs(push[0, 0] - half * 0.3) < 1e-6 && abs(push[0, 1] - half * 0.4) < 1e-6)
    #expect(abs(channel.sizes[1] - 0.25) < 1e-6)
  }

  @Test func randomForcesHaveAllDirections() throws {
    let environment = VectorEnvironment(CartPoleSwingUp.self, count: 1)
    environment.reset(seeds: .training(runSeed: 1))
    let channel = AdversaryChannel(
      .force, isBall: true, environment: environment, actions: Matrix(rows: 1, columns: 1),
      steps: 2)
    let choices = Matrix(rows: 1, columns: 2)
    var stream = RandomStream(seed: 5, name: "adversary-noise")
    let before = stream
    #expect(!channel.explore(using: &stream, choices, row: 0) && stream == before)
    channel.exploration = 0.2
    var quadrants = [0, 0, 0, 0]
    var count = 0
    for _ in 0..<5000 {
      (choices[0, 0], choices[0, 1]) = (9, 9)
      guard channel.explore(using: &stream, choices, row: 0) else {
        #expect(choices[0, 0] == 9)
        continue
      }
      count += 1
      let (x, y) = (choices[0, 0], choices[0, 1])
      let length = (x * x + y * y).squareRoot()
      #expect(length >= 0.4999 && length <= 1.0001)
      quadrants[(x > 0 ? 1 : 0) + (y > 0 ? 2 : 0)] += 1
    }
    #expect(abs(count - 1000) < 130)
    #expect(quadrants.allSatisfy { abs($0 - count / 4) < 70 })
  }

  /// A policy that hardly varies is not thrown off by forces that it would never draw.
  @Test func randomForcesDoNotThrowThePolicyOff() throws {
    let (agent, _) = try Self.agent(on: "cartpole-swingup") {
      $0.exploration = 1
      $0.adversary.shared.initialLogStd = -4
    }
    for _ in 0..<5 {
      let metrics = try agent.iterate().metrics
      let values = Dictionary(zip(agent.metricNames, metrics), uniquingKeysWith: { a, _ in a })
      #expect(try #require(values["adversary-approximate-kl"]) < 1)
      // Random forces are at least half as long as the longest.
      #expect(agent.game.channel.sizes[0] >= 0.49 * agent.game.channel.strength)
    }
  }

  @Test func contradictionsAreRefused() throws {
    var configuration = HInfinityConfiguration()
    configuration.initialDual = 11
    #expect(
      configuration.problem(environments: 4, totalSteps: 1000)
        == "initial-dual is 11.0 and must be at most dual-limit, 10.0")
    configuration = HInfinityConfiguration()
    configuration.protagonist.shared.discount = 1
    #expect(
      configuration.problem(environments: 4, totalSteps: 1000)?.hasPrefix(
        "discount must be below 1")
        == true)
    configuration = HInfinityConfiguration()
    configuration.costFitting.minibatchSize = 9000
    #expect(
      configuration.problem(environments: 4, totalSteps: 1000)
        == "cost-critic.value-minibatch-size is 9000 and a rollout has only 8192 transitions; set "
        + "it to at most that")
    let grid = try #require(EnvironmentRegistry.find("diagnostic-two-goals"))
    #expect(
      HInfinityConfiguration().problem(in: grid, among: [])?.contains("no disturbance port") == true
    )
  }
}
