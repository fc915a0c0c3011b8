import Agents
import Environments
import Foundation
import Plasticity
import RLCore
import Training

/// What measuring an agent's networks costs, at the default interval.
enum PlasticityCases {
  static let all = ["basic", "all"].map { probes in
    BenchmarkCase(name: "probes-\(probes)") { threads in
      try [
        ("ppo", "cartpole-v1"), ("ppo", "walker"), ("sac", "pendulum-v1"), ("sac", "walker"),
      ].map { agent, environment in
        Measurement(
          name: "probes-\(probes) \(agent) \(environment)",
          value: try share(probes, agent, environment, threads: threads),
          unit: "% of training time")
      }
    }
  }

  /// The tuned preset's time in probes, as a percentage of its time without them.
  ///
  /// The clock is the processor's, so that other programs do not count.
  private static func share(
    _ probes: String, _ agentName: String, _ environmentName: String, threads: Int
  ) throws -> Double {
    guard let registered = AgentRegistry.find(agentName),
      let environment = EnvironmentRegistry.find(environmentName)
    else { preconditionFailure("no \(agentName) on \(environmentName)") }
    let configuration = try ConfigurationResolver(
      environment: environmentName, parameters: environment.parameters, agent: registered
    ).resolve()
    let run = configuration.run
    let vector = environment.makeVector(run.environments)
    vector.reset(seeds: .training(runSeed: 1))
    let agent = registered.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: threads), seed: 1, totalSteps: run.steps))
    let panel = try ProbePanel(ProbeSelection([probes]), every: 2, of: agent, seed: 1)
    // Buffers are warmed up and the first inputs gathered before the clocks start.
    while agent.networks[0].minibatch == nil || agent.iterations % 2 > 0 {
      _ = try agent.iterate()
      _ = panel.didIterate()
    }
    let measurements = 2
    var (learning, measuring) = (0.0, 0.0)
    for _ in 0..<2 * measurements {
      let start = processorSeconds()
      _ = try agent.iterate()
      let learnt = processorSeconds()
      _ = panel.didIterate()
      learning += learnt - start
      measuring += processorSeconds() - learnt
    }
    let iteration = learning / Double(2 * measurements)
    return 100 * measuring / Double(measurements) / (iteration * Double(run.probes.every))
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
