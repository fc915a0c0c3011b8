import ArgumentParser
import Experiments
import Robustness
import Training
import Environments
import Foundation
import RLCore
import Storage

/// The verb `evaluate`: measures the returns of a policy or controller.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a trained policy on fresh episodes.",
    discussion: """
      Returns are sums of the raw reward. Episodes use the seeds --seed, --seed + 1 and so on, \
      which neither training nor its evaluations use. Intervals are over episodes of this policy \
      and say nothing of other training seeds: the mean's is a bias-corrected and accelerated \
      bootstrap of \(Statistics.resamples) resamples, that of success is Wilson's. An episode ends \
      as soon as the policy's action is not finite; the command then shows all results and exits \
      with 3.

      A --min option is a gate: only the most likely actions are evaluated, unless --stochastic is \
      given, and the command exits with 1 if a result is too low.
      """)

  @OptionGroup var selection: PolicySelection
  @Option(name: [.long, .customShort("n")], help: "Number of episodes per mode.") var episodes = 100
  @Option(seedsBelow2To: 40) var seed: UInt64 = 0
  @OptionGroup var gateOptions: GateOptions
  @Option(
    path: .long,
    help: ArgumentHelp(
      "Record failing episodes in this folder: those that fell, left the bounds, did not succeed, "
        + "are not finite or have a return below --min-return; at most \(mostFailures) per mode.",
      valueName: "dir"))
  var recordFailures: String?
  @Option(
    path: .long,
    help: ArgumentHelp("Write results, thresholds and verdicts as JSON.", valueName: "file.json"))
  var summary: String?
  @Option(
    path: .long,
    help: ArgumentHelp("Write the verdicts as a JUnit test report.", valueName: "file.xml"))
  var junit: String?
  @Flag(help: "Evaluate with the most likely actions, and with no others unless asked.")
  var deterministic = false
  @Flag(help: "Evaluate with sampled actions, and with no others unless asked.")
  var stochastic = false
  @Flag(help: "Write one JSON object per line to standard output.") var json = false
  @OptionGroup var threadOptions: ThreadOptions

  /// Largest number of failing episodes recorded in each mode.
  private static let mostFailures = 100

  func run() throws {
    try StoredPolicy.checkEvaluation(episodes: episodes, seed: seed)
    if let folders = selection.options.runFolders { return try evaluate(folders) }
    let policy = try selection.resolve()
    try prepare(policy)
    if !json { writeLine(heading(policy)) }
    let evaluation = try evaluate(policy)
    if !json { writeLine(evaluation.text) }
    try write(evaluation, junit: evaluation.junit)
    try evaluation.check()
  }

  private func heading(_ policy: StoredPolicy) -> String {
    let step = policy.steps.map { ", step \(grouped($0))" } ?? ""
    let conditions = policy.conditions.text.map { ", \($0)" } ?? ""
    let adversary = policy.opponentPath.map { ", against the adversary of \($0)" } ?? ""
    return "\(policy.path)\(step), \(policy.environment.identifier)\(conditions)\(adversary), "
      + "\(counted(episodes, "episode")) per mode"
  }

  /// Checks that the policy's environment allows the options, and makes the folders of all files, so
  /// that a mistake shows before the episodes are run.
  private func prepare(_ policy: StoredPolicy) throws {
    for gate in gateOptions.gates { try gate.check(policy.environment, episodes: episodes) }
    if let recordFailures {
      try checkFailures(policy.environment)
      try FileSystem.makeFolder(recordFailures)
    }
    for path in [summary, junit].compactMap(\.self) { try FileSystem.makeFolder(ofFile: path) }
  }

  /// Evaluates a policy in each mode.
  private func evaluate(_ policy: StoredPolicy) throws -> EvaluationSummary {
    let gates = gateOptions.gates
    var evaluation = EvaluationSummary(policy, firstSeed: seed)
    for mode in modes(of: policy, isGated: !gates.isEmpty) {
      let progress = EvaluationProgress(mode: mode, episodes: episodes)
      let result = try policy.evaluate(
        episodes: episodes, seed: seed, mode: mode, threads: threadOptions.threads,
        didFinish: { progress.count() })
      progress.finish()
      let report = EvaluationReport(
        result, of: policy, verdicts: gates.map { $0.judge(result) },
        failures: try record(result, of: policy))
      if json { writeLine(try jsonLine(report)) }
      evaluation.modes.append(report)
    }
    return evaluation
  }

  /// Evaluates the policy of each run in a folder of several; one that can't be read is a sentence.
  private func evaluate(_ folders: [String]) throws {
    var group = EvaluationGroup(selection.options.path)
    var isDamaged = false
    for folder in folders {
      var one = self
      one.selection.options.path = folder
      one.recordFailures = recordFailures.map { "\($0)/\(FileSystem.split(folder).name)" }
      do {
        let policy = try one.selection.resolve()
        try one.prepare(policy)
        group.add(try one.evaluate(policy), of: folder)
      } catch let error as FileError {
        Failure.report(error)
        isDamaged = true
      }
    }
    if !group.runs.isEmpty {
      if json {
        for mode in group.modes { writeLine(try jsonLine(mode)) }
      } else {
        writeLine("\(group.group), \(counted(episodes, "episode")) per run and mode\n\(group.text)")
      }
      try write(group, junit: group.junit)
      try group.check()
    }
    if isDamaged { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  /// Writes the files of the options.
  private func write(_ evaluation: some Encodable, junit report: String) throws {
    if let summary {
      let text = try jsonText(evaluation, isPretty: true) + "\n"
      try FileSystem.write(Data(text.utf8), to: summary)
    }
    if let junit { try FileSystem.write(Data(report.utf8), to: junit) }
  }

  /// Modes that were asked for; by default all, or the usual one if the policy is judged.
  private func modes(of policy: StoredPolicy, isGated: Bool) -> [ActionMode] {
    let asked: [ActionMode] =
      (deterministic ? [.deterministic] : []) + (stochastic ? [.stochastic] : [])
    return asked.isEmpty ? Array(policy.modes.prefix(isGated ? 1 : 2)) : asked
  }

  // MARK: Failing episodes

  private func checkFailures(_ environment: RegisteredEnvironment) throws(ConfigurationError) {
    let canFail =
      environment.definesSuccess
      || environment.specification.ends.contains { $0.meaning.isSuccess == false }
    guard canFail || gateOptions.minReturn != nil else {
      throw ConfigurationError(
        "--record-failures needs --min-return, since no episode of \(environment.identifier) fails "
          + "by itself")
    }
  }

  private func hasFailed(_ episode: EvaluationResult.Episode) -> Bool {
    !episode.episodeReturn.isFinite || episode.isSuccess == false || episode.end.isFailure
      || gateOptions.minReturn.map { episode.episodeReturn < $0 } ?? false
  }

  /// Records the episodes that failed.
  ///
  /// - Returns: Summaries of the recordings; nil if they were not asked for.
  private func record(
    _ result: EvaluationResult, of policy: StoredPolicy
  ) throws -> [RecordingReport]? {
    guard let recordFailures else { return nil }
    let failures = result.episodes.filter(hasFailed).prefix(Self.mostFailures)
    let plan = RecordingPlan(
      failures: failures.map(\.seed), of: policy, mode: result.mode, to: recordFailures)
    return try plan.run().map { RecordingReport($0) }
  }
}
