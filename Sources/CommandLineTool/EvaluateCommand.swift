import ArgumentParser
import Environments
import Foundation
import RLCore
import Training
import Experiments

/// The verb `evaluate`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a trained policy on fresh episodes.",
    discussion: """
      Returns are of the raw reward. Episodes have the seeds --seed, --seed + 1 and so on, which \
      neither training nor its evaluations use. An episode ends where the policy's action is not \
      finite, and so does the command, with 3, once everything is shown.
      """)

  @OptionGroup var selection: PolicySelection
  @Option(name: [.long, .customShort("n")], help: "Episodes per mode.") var episodes = 100
  @Option(help: "Seed of the first episode.") var seed: UInt64 = 0
  @Option(help: "Exit with 1 unless the mean return of every mode shown reaches this.")
  var minReturn: Double?
  @Flag(help: "Only the most likely action.") var deterministic = false
  @Flag(help: "Only sampled actions.") var stochastic = false
  @Flag(help: "One JSON object per line on standard output.") var json = false
  @OptionGroup var threadOptions: ThreadOptions

  func validate() throws {
    guard (1...10_000_000).contains(episodes) else {
      throw ValidationError("--episodes must lie in 1...10000000")
    }
    guard seed < Trainer.firstEvaluationSeed - UInt64(episodes) else {
      throw ValidationError("--seed must lie below 2^40, where training's evaluations begin")
    }
  }

  func run() throws {
    let (source, environment, values) = try selection.resolve()
    let pool = threadOptions.makePool()
    // A controller's choice is no sample of anything.
    let isController = source.policy is ControllerPolicy
    let both = deterministic == stochastic && !isController
    var modes: [ActionMode] = []
    if both || deterministic || isController { modes.append(.deterministic) }
    if both || (stochastic && !isController) { modes.append(.stochastic) }
    if !json {
      let step = source.steps.map { ", step \(grouped($0))" } ?? ""
      writeLine("\(source.path)\(step), \(environment.identifier), \(episodes) episodes per mode")
    }
    var rows = [["mode", "mean", "std", "IQM", "95 % interval", "length", "success"]]
    var (failures, diverged): ([String], [String]) = ([], [])
    for mode in modes {
      let result = Evaluation.run(
        source.policy,
        in: { count in
          let vector = environment.makeVector(count)
          try? vector.setParameters(values)
          return vector
        },
        episodes: episodes, firstSeed: seed, mode: mode, pool: pool,
        isSuccess: environment.isSuccess)
      if json {
        writeLine(try jsonLine(Report(result, source: source, environment: environment)))
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
        description: "actions or returns are not finite in \(diverged.joined(separator: " and "))")
    }
    if let minReturn, !failures.isEmpty {
      throw CheckFailure(
        description: "\(failures.joined(separator: " and ")) below --min-return \(minReturn)")
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

  /// A line of `--json`.
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

    init(_ result: EvaluationResult, source: StoredRun.Source, environment: RegisteredEnvironment) {
      let (estimate, interval) = result.interquartileMean
      policy = source.path
      self.environment = environment.identifier
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
