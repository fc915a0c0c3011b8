import Agents
import Environments
import Foundation
import NeuralNetworks
import Plasticity
import RLCore
import Training
import Experiments

/// Cases that measure the cost of probes at their default interval, and of updates without any.
enum PlasticityCases {
  static let all =
    [("basic", "weight-norm"), ("all", "trainability-loss")].map { probes, last in
      BenchmarkCase(name: "probes-\(probes)") { threads in
        try [
          ("ppo", "cartpole-v1"), ("ppo", "pendulum-v1"), ("ppo", "quadcopter"), ("ppo", "walker"),
          ("sac", "pendulum-v1"), ("sac", "quadcopter"), ("sac", "walker"),
        ].map { agent, environment in
          try share(probes, until: last, agent, environment, threads: threads)
        }
      }
    } + [
      BenchmarkCase(name: "updates-off") { threads in
        try [("ppo", "cartpole-v1"), ("sac", "pendulum-v1")].map { agent, environment in
          try update(agent, environment, threads: threads)
        }
      }
    ]

  /// Measures the time in probes as a percentage of the tuned preset's training time without them.
  ///
  /// It is measured from the start until the column of the probe that comes last has been filled
  /// for the third time, in processor time, so that other programs do not count.
  private static func share(
    _ probes: String, until last: String, _ agentName: String, _ environmentName: String,
    threads: Int
  ) throws -> Measurement {
    let agent = try makeTunedAgent(agentName, environmentName, threads: threads)
    let panel = try ProbePanel(ProbeSelection([probes]), every: nil, of: agent, seed: 1)
    let column = panel.metricNames.firstIndex { $0.hasSuffix("policy/\(last)") } ?? 0
    var (learning, measuring, measurements) = (0.0, 0.0, 0)
    while measurements < 3 {
      let start = processorSeconds()
      _ = try agent.iterate()
      let learnt = processorSeconds()
      if panel.didIterate()[column].isFinite { measurements += 1 }
      learning += learnt - start
      measuring += processorSeconds() - learnt
    }
    return Measurement(
      name: "probes-\(probes) \(agentName) \(environmentName)", value: 100 * measuring / learning,
      unit: "% of training time", parameters: ["iterations": agent.iterations])
  }

  /// Measures the shortest time of an update of networks of 64 units with nothing attached to them.
  private static func update(
    _ agentName: String, _ environmentName: String, threads: Int
  ) throws -> Measurement {
    let agent = try makeTunedAgent(agentName, environmentName, threads: threads)
    var best = Double.infinity
    for _ in 0..<30 {
      let before = agent.networks[0].optimizer.stepCount
      let time = Double(try agent.iterate().updateTime)
      let updates = agent.networks[0].optimizer.stepCount - before
      if updates > 0 { best = min(best, 1e-3 * time / Double(updates)) }
    }
    return Measurement(
      name: "updates-off \(agentName) \(environmentName)", value: best, unit: "µs/update")
  }

  /// Creates a new agent with its tuned preset, except for the length of the run.
  static func makeTunedAgent(
    _ agentName: String, _ environmentName: String, threads: Int
  ) throws -> any Agent {
    guard let registered = AgentRegistry.find(agentName),
      let environment = EnvironmentRegistry.find(environmentName)
    else { preconditionFailure("no \(agentName) on \(environmentName)") }
    let configuration = try ConfigurationResolver(
      environment: environmentName, parameters: environment.parameters, agent: registered
    ).resolve()
    let run = configuration.run
    let vector = environment.construct(run.environments)
    vector.reset(seeds: .training(runSeed: 1))
    return registered.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: threads), seed: 1, totalSteps: 1 << 40))
  }
}
