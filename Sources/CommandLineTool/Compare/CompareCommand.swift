import ArgumentParser
import Experiments
import Foundation
import Storage
import Training

/// The verb `compare`: statistics of groups of runs over their seeds.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare groups of runs over their seeds.",
    discussion: """
      A group is a folder of seeds as 'train --seeds' makes it, a folder that contains such folders \
      for several environments, or runs with commas between them; NAME= before it names it. Every \
      run has one score. Shown are the interquartile mean, the median, the mean, the optimality gap \
      (how far scores stay below the target on average), the probability that a run of one group is \
      better than one of another, the mean difference between runs of the same seed if two groups \
      have the same seeds, and the settings in which the groups differ. Intervals are 95 % ones by \
      the stratified bootstrap over seeds (or pairs of runs of a seed), as in rliable, and need \
      three runs.

      A run that can't be read is one sentence; the others are compared, and the command exits with \
      65.
      """)

  @Argument(help: ArgumentHelp("Groups of runs.", valueName: "group"), completion: .directory)
  var groups: [String]
  @Option(
    help: """
      Score of a run: final (the evaluation on fresh episodes after training), last, best or area \
      (the mean of all evaluations). By default final if all runs have it, otherwise last.
      """,
    completion: .list(RunComparison.Score.allCases.map(\.rawValue)), transform: Self.score)
  var score: RunComparison.Score?
  @Option(
    help: ArgumentHelp(
      "Put the scores of an environment on a scale on which these returns are 0 and 1; needed for "
        + "several environments. Can be repeated.", valueName: "env=low..high"))
  var scale: [String] = []
  @Option(
    help: """
      Score from which the optimality gap is measured; by default the environment's solved return, or \
      1 on a scale.
      """)
  var target: Double?
  @Option(help: "Number of resamples behind each interval.") var resamples = RunScores.resamples
  @Flag(help: "Write one line of comma-separated values for each statistic.") var csv = false
  @Flag(help: "Write one JSON object.") var json = false

  func validate() throws {
    guard !groups.isEmpty else { throw ValidationError("name at least one group of runs") }
    guard !(csv && json) else {
      throw ValidationError("--csv and --json can't be combined; choose one")
    }
    guard (1...10_000_000).contains(resamples) else {
      throw ValidationError("--resamples must lie in 1...10,000,000")
    }
    guard target?.isFinite ?? true else {
      throw ValidationError("--target must be a finite number")
    }
  }

  func run() throws {
    let scales = try self.scales
    let found = try groups.map { try Self.group($0) }
    let score = score ?? RunComparison.usualScore(of: found)
    let all = found.map { $0.having(score) }
    let problems = all.flatMap(\.problems)
    for problem in problems { complain(problem.description) }
    let readable = all.filter { !$0.runs.isEmpty }
    if !readable.isEmpty {
      let comparison = try RunComparison(
        readable, score: score, scales: scales, target: target, resamples: resamples)
      let report = ComparisonReport(comparison, of: readable)
      writeOutput(csv ? report.csv : json ? try jsonLine(report) + "\n" : report.text + "\n")
    }
    if !problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  private static func score(_ word: String) throws -> RunComparison.Score {
    guard let score = RunComparison.Score(rawValue: word) else {
      throw ConfigurationError.unknown(
        "score", word, allowed: RunComparison.Score.allCases.map(\.rawValue))
    }
    return score
  }

  /// Reads the group that a word means.
  static func group(_ word: String) throws -> RunGroup {
    var (name, paths) = (String?.none, word)
    if !FileSystem.exists(word), let equals = word.firstIndex(of: "="), equals > word.startIndex {
      (name, paths) = (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
    let list = FileSystem.exists(paths) ? [paths] : paths.split(separator: ",").map(String.init)
    return try RunGroup(
      list.map(PathOption.expand), name: name ?? word, registry: .ofTheTool)
  }

  private var scales: [String: RunComparison.Scale] {
    get throws {
      var scales: [String: RunComparison.Scale] = [:]
      for text in scale {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        let ends = parts.count == 2 ? parts[1].split(separator: "..") : []
        let numbers = ends.compactMap { Double($0) }.filter(\.isFinite)
        guard ends.count == 2, numbers.count == 2, numbers[0] != numbers[1] else {
          throw ConfigurationError(
            "--scale takes an environment and two returns, such as walker=-100..300, and got "
              + "'\(text.printable)'")
        }
        scales[String(parts[0])] = .init(low: numbers[0], high: numbers[1])
      }
      return scales
    }
  }
}
