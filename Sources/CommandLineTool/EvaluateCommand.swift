import ArgumentParser
import Experiments
import Training
import Environments
import RLCore

/// The verb `evaluate`: measures the returns of a policy or controller.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a trained policy on fresh episodes.",
    discussion: """
      Returns are sums of the raw reward. Episodes use the seeds --seed, --seed + 1 and so on, \
      which neither training nor its evaluations use. An episode ends as soon as the policy's \
      action is not finite; the command then shows all results and exits with 3.
      """)

  @OptionGroup var selection: PolicySelection
  @Option(name: [.long, .customShort("n")], help: "Number of episodes per mode.") var episodes = 100
  @Option(seedsBelow2To: 40) var seed: UInt64 = 0
  @Option(help: "Exit with 1 unless the mean return of every mode shown is at least this.")
  var minReturn: Double?
  @Flag(help: "Evaluate only with the most likely actions.") var deterministic = false
  @Flag(help: "Evaluate only with sampled actions.") var stochastic = false
  @Flag(help: "Write one JSON object per line to standard output.") var json = false
  @OptionGroup var threadOptions: ThreadOptions

  func run() throws {
    try StoredPolicy.checkEvaluation(episodes: episodes, seed: seed)
    let policy = try selection.resolve()
    let asked: [ActionMode] =
      (deterministic ? [.deterministic] : []) + (stochastic ? [.stochastic] : [])
    let modes = asked.isEmpty ? policy.modes : asked
    if !json {
      let step = policy.steps.map { ", step \(grouped($0))" } ?? ""
      writeLine(
        "\(policy.path)\(step), \(policy.environment.identifier), "
          + "\(counted(episodes, "episode")) per mode")
    }
    var rows = [["mode", "mean", "std", "IQM", "95 % interval", "length", "success"]]
    var (failures, diverged): ([String], [String]) = ([], [])
    for mode in modes {
      let result = try policy.evaluate(
        episodes: episodes, seed: seed, mode: mode, threads: threadOptions.threads)
      if json {
        writeLine(try jsonLine(Report(result, of: policy)))
      } else {
        rows.append(row(result))
      }
      let lost = result.returns.count { !$0.isFinite }
      if lost > 0 { diverged.append("\(lost) of \(episodes) \(mode.rawValue) episodes") }
      if let minReturn, !(result.mean >= minReturn) {
        failures.append("\(mode.rawValue) mean return \(decimals(result.mean, 2))")
      }
    }
    if !json { writeLine(table(rows)) }
    guard diverged.isEmpty else {
      throw NotFiniteFailure(
        "actions or returns are not finite in \(diverged.joined(separator: " and "))")
    }
    if let minReturn, !failures.isEmpty {
      throw CheckFailure(
        "\(failures.joined(separator: " and ")) below --min-return \(minReturn)")
    }
  }

  private func row(_ result: EvaluationResult) -> [String] {
    let (estimate, interval) = result.interquartileMean
    return [
      result.mode.rawValue, decimals(result.mean, 2), decimals(result.standardDeviation, 2),
      decimals(estimate, 2),
      "\(decimals(interval.lowerBound, 2)) to \(decimals(interval.upperBound, 2))",
      decimals(result.meanLength, 1),
      result.successRate.map { "\(decimals(100 * $0, 1)) %" } ?? "-",
    ]
  }

  /// One line of `--json` output.
  private struct Report: Encodable {
    var policy: String
    var environment: String
    var steps: Int?
    var mode: String
    var episodes: Int
    var mean: Double
    var standardDeviation: Double
    var interquartileMean: Double
    var interval: [Double]
    var meanLength: Double
    var successRate: Double?
    var seeds: [UInt64]
    var returns: [Double]
    var lengths: [Int]

    init(_ result: EvaluationResult, of source: StoredPolicy) {
      let (estimate, interval) = result.interquartileMean
      policy = source.path
      environment = source.environment.identifier
      steps = source.steps
      mode = result.mode.rawValue
      episodes = result.episodes.count
      mean = result.mean
      standardDeviation = result.standardDeviation
      interquartileMean = estimate
      self.interval = [interval.lowerBound, interval.upperBound]
      meanLength = result.meanLength
      successRate = result.successRate
      seeds = result.episodes.map(\.seed)
      returns = result.episodes.map(\.episodeReturn)
      lengths = result.episodes.map(\.length)
    }

    enum CodingKeys: String, CodingKey {
      case policy, environment, steps, mode, episodes, mean, seeds, returns, lengths
      case standardDeviation = "std"
      case interquartileMean = "iqm"
      case interval = "iqm-interval-95"
      case meanLength = "mean-length"
      case successRate = "success-rate"
    }
  }
}
