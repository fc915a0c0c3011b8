import Agents
import Environments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Training
import Experiments

/// Cases that measure SAC's updates, alone and with the environment.
enum SACCases {
  static let all = [
    BenchmarkCase(name: "sac-updates-256") { threads in
      try updates("sac-updates-256", threads: threads)
    },
    BenchmarkCase(name: "tqc-updates-256") { threads in
      try updates("tqc-updates-256", threads: threads) {
        ($0.quantiles, $0.droppedQuantiles, $0.policyCombination) = (25, 2, .mean)
      }
    },
    BenchmarkCase(name: "sac-updates-400-300") { threads in [try training(threads: threads)] },
    BenchmarkCase(name: "sac-pendulum") { threads in [try pendulum(threads: threads)] },
  ]

  /// Measures updates without environment steps, and their share of one core's peak.
  ///
  /// Blocks of updates and of multiply-adds in registers alternate, so that both see the same clock
  /// frequency; the best block of each counts.
  private static func updates(
    _ name: String, threads: Int, _ adjust: (inout SACConfiguration) -> Void = { _ in }
  ) throws -> [Measurement] {
    var configuration = SACConfiguration()
    configuration.warmUpSteps = 20_000
    configuration.stepsPerIteration = configuration.warmUpSteps
    adjust(&configuration)
    let (agent, specification) = walker(configuration, threads: threads)
    _ = try agent.iterate()
    var best = (wall: Double.infinity, processor: Double.infinity, multiplyAdd: Double.infinity)
    let block = 10
    for _ in 0..<100 {
      let start = (monotonicNanoseconds(), processorSeconds())
      for _ in 0..<block { try agent.update() }
      let end = (monotonicNanoseconds(), processorSeconds())
      best.wall = min(best.wall, Double(end.0 - start.0) * 1e-9 / Double(block))
      best.processor = min(best.processor, (end.1 - start.1) / Double(block))
      let operations = KernelBackend.multiplyAdds(rounds: 50_000)
      let seconds = Double(monotonicNanoseconds() - end.0) * 1e-9
      best.multiplyAdd = min(best.multiplyAdd, seconds / Double(operations))
    }
    let rate = Measurement(
      name: name, value: 1 / best.wall, unit: "updates/s", processorValue: 1 / best.processor,
      parameters: ["batch": configuration.batchSize])
    guard threads == 1 else { return [rate] }
    let operations = operationsPerUpdate(configuration, specification)
    return [
      rate,
      Measurement(
        name: "\(name)-peak-share", value: 100 * operations * best.multiplyAdd / best.wall,
        unit: "%",
        parameters: [
          "megaflop": Int(operations / 1e6), "peak-gigaflops": Int(1e-9 / best.multiplyAdd),
        ]),
    ]
  }

  /// Counts the floating-point operations of one update's matrix products, two per multiply-add.
  ///
  /// In a network with M weights, F of them in its first layer, a row costs M multiply-adds in the
  /// forward pass, M for the gradients of the weights, and M − F for the gradients between layers.
  /// The critics run forward and backward on the minibatch, and forward and backward to the actions
  /// on the policy's actions; their targets and the policy run forward on the next observations;
  /// the policy runs forward and backward.
  private static func operationsPerUpdate(
    _ configuration: SACConfiguration, _ specification: EnvironmentSpecification
  ) -> Double {
    func weights(_ widths: [Int]) -> Int { zip(widths, widths.dropFirst()).map(*).reduce(0, +) }
    let (observation, action) = (specification.observationWidth, specification.actionWidth)
    let policy = weights([observation] + configuration.policyHidden + [2 * action])
    let firstOfPolicy = observation * configuration.policyHidden[0]
    let critic = weights(
      [observation + action] + configuration.criticHidden + [configuration.quantiles])
    let firstOfCritic = (observation + action) * configuration.criticHidden[0]
    let perRow =
      configuration.critics * (5 * critic - firstOfCritic) + configuration.targetCritics * critic
      + 4 * policy - firstOfPolicy
    return Double(2 * configuration.batchSize * perRow)
  }

  /// Measures alternating environment steps and updates on `walker`, with networks of 400-300.
  private static func training(threads: Int) throws -> Measurement {
    var configuration = SACConfiguration()
    configuration.policyHidden = [400, 300]
    configuration.criticHidden = [400, 300]
    configuration.stepsPerIteration = 100
    let agent = walker(configuration, threads: threads).agent
    while agent.environmentSteps <= configuration.warmUpSteps { _ = try agent.iterate() }
    var best = (wall: Double.infinity, processor: Double.infinity)
    for _ in 0..<10 {
      let start = (monotonicNanoseconds(), processorSeconds())
      _ = try agent.iterate()
      best.wall = min(best.wall, Double(monotonicNanoseconds() - start.0) * 1e-9)
      best.processor = min(best.processor, processorSeconds() - start.1)
    }
    let updates = Double(configuration.stepsPerIteration)
    return Measurement(
      name: "sac-updates-400-300", value: updates / best.wall, unit: "updates/s",
      processorValue: updates / best.processor, parameters: ["batch": configuration.batchSize])
  }

  /// Measures 10,000 steps on `pendulum-v1` with its preset, without evaluation and files, in s.
  private static func pendulum(threads: Int) throws -> Measurement {
    guard let registered = EnvironmentRegistry.find("pendulum-v1"),
      let sac = AgentRegistry.find("sac")
    else { preconditionFailure("no environment pendulum-v1 or agent sac") }
    let preset = try ConfigurationResolver(
      environment: "pendulum-v1", parameters: registered.parameters, agent: sac
    ).resolve()
    let steps = 10_000
    var best = (wall: Double.infinity, processor: Double.infinity)
    for _ in 0..<3 {
      let environment = registered.construct(1)
      environment.reset(seeds: .training(runSeed: 1))
      let agent = sac.make(
        preset.settings,
        in: AgentContext(
          environment: environment, pool: WorkerPool(threads: threads), seed: 1,
          totalSteps: steps))
      let start = (monotonicNanoseconds(), processorSeconds())
      while agent.environmentSteps < steps { _ = try agent.iterate() }
      best.wall = min(best.wall, Double(monotonicNanoseconds() - start.0) * 1e-9)
      best.processor = min(best.processor, processorSeconds() - start.1)
    }
    return Measurement(
      name: "sac-pendulum", value: best.wall, unit: "s", processorValue: best.processor,
      parameters: ["steps": steps])
  }

  private static func walker(
    _ configuration: SACConfiguration, threads: Int
  ) -> (agent: SACAgent, specification: EnvironmentSpecification) {
    guard let walker = EnvironmentRegistry.find("walker") else {
      preconditionFailure("no environment walker")
    }
    let environment = walker.construct(1)
    environment.reset(seeds: .training(runSeed: 1))
    let agent = SACAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: threads), seed: 1,
        totalSteps: 1_000_000))
    return (agent, environment.specification)
  }

  /// Processor time of all threads of this process.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
