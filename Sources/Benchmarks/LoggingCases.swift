import Experiments
import Foundation
import Storage
import Training

/// A case that measures the cost of a run's logs: CSV, JSON lines and TensorBoard's events.
enum LoggingCases {
  static let all = [
    BenchmarkCase(name: "logging-cost") { threads in
      try ["cartpole-v1", "walker"].map { try cost("ppo", $0, threads: threads) }
    }
  ]

  /// Measures the processor time of the log's rows over that of 24 iterations of a tuned preset.
  ///
  /// Rows stay with the kernel until a checkpoint, as in a run.
  private static func cost(
    _ agentName: String, _ environmentName: String, threads: Int
  ) throws -> Measurement {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "rlsuite-logging-cost-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileSystem.makeFolder(folder.path)
    let agent = try PlasticityCases.makeTunedAgent(agentName, environmentName, threads: threads)
    let logger = try MetricsLogger(
      folder: RunFolder(path: folder.path), metricNames: agent.metricNames, settings: [],
      environment: environmentName, resumption: nil)
    var (learning, logging) = (0.0, 0.0)
    for _ in 0..<24 {
      let start = processorSeconds()
      let report = try agent.iterate()
      let learnt = processorSeconds()
      try logger.record(
        iteration: agent.iterations, steps: agent.environmentSteps, values: report.metrics,
        timing: .init(elapsed: learnt, stepsPerSecond: 1, shares: (0.4, 0.1, 0.5)),
        episodes: report.episodes)
      learning += learnt - start
      logging += processorSeconds() - learnt
    }
    return Measurement(
      name: "logging-cost \(agentName) \(environmentName)", value: 100 * logging / learning,
      unit: "% of training time", parameters: ["iterations": agent.iterations])
  }
}
