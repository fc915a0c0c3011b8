import Experiments
import Storage
import Training

/// A comparison of groups of runs, as text, CSV and JSON.
struct ComparisonReport: Encodable {
  struct Estimate: Encodable {
    var value: Double
    var interval: [Double]?

    enum CodingKeys: String, CodingKey {
      case value
      case interval = "interval-95"
    }

    init(_ estimate: RunComparison.Estimate) {
      value = estimate.value
      interval = estimate.interval.map { [$0.lowerBound, $0.upperBound] }
    }
  }

  struct Member: Encodable {
    var name: String
    /// Numbers of runs by environment.
    var runs: [String: Int]
    /// Scores by environment, in order of the seeds.
    var scores: [String: [Double]]
    var iqm: Estimate
    var median: Estimate
    var mean: Estimate
    var optimalityGap: Estimate?

    enum CodingKeys: String, CodingKey {
      case name, runs, scores, iqm, median, mean
      case optimalityGap = "optimality-gap"
    }

    init(_ member: RunComparison.Member, _ environments: [String]) {
      name = member.name
      scores = Dictionary(zip(environments, member.scores.tasks), uniquingKeysWith: { $1 })
      runs = scores.mapValues(\.count)
      (iqm, median) = (Estimate(member.interquartileMean), Estimate(member.median))
      mean = Estimate(member.mean)
      optimalityGap = member.optimalityGap.map(Estimate.init)
    }

    /// Statistics with their names.
    var statistics: [(name: String, estimate: Estimate)] {
      [("iqm", iqm), ("median", median), ("mean", mean)]
        + (optimalityGap.map { [("optimality-gap", $0)] } ?? [])
    }

    /// Number of runs, or numbers in the environments.
    var counts: String {
      Set(runs.values).count == 1
        ? "\(runs.values.first ?? 0)"
        : runs.sorted { $0.key < $1.key }.map { "\($0.value)" }.joined(separator: " + ")
    }
  }

  struct Pair: Encodable {
    var first: String
    var second: String
    var probabilityOfImprovement: Estimate
    /// Mean difference over shared seeds, the number of these and in how many the first is higher;
    /// nil unless both groups have the same seeds.
    var pairedDifference: Estimate?
    var sharedSeeds: Int?
    var wins: Double?

    enum CodingKeys: String, CodingKey {
      case first, second, wins
      case probabilityOfImprovement = "probability-of-improvement"
      case pairedDifference = "paired-difference"
      case sharedSeeds = "shared-seeds"
    }
  }

  var environments: [String]
  var score: String
  var target: Double?
  var groups: [Member]
  var pairs: [Pair]
  /// Settings in which the groups differ, with each group's value; nil if a group lacks it.
  var differences: [String: [String?]]

  init(_ comparison: RunComparison, of groups: [RunGroup]) {
    (environments, target) = (comparison.environments, comparison.target)
    score = comparison.score.rawValue
    self.groups = comparison.members.map { Member($0, comparison.environments) }
    pairs = comparison.pairs.map { pair in
      Pair(
        first: comparison.members[pair.first].name, second: comparison.members[pair.second].name,
        probabilityOfImprovement: Estimate(pair.probabilityOfImprovement),
        pairedDifference: pair.pairedDifference.map { Estimate($0.mean) },
        sharedSeeds: pair.pairedDifference?.count, wins: pair.pairedDifference?.wins)
    }
    differences = Dictionary(
      RunGroup.differences(groups).map { ($0.key, $0.values) }, uniquingKeysWith: { $1 })
  }

  // MARK: - Text

  /// Greatest number of differing settings that are shown in the terminal.
  private static let mostDifferences = 20

  private func cell(_ estimate: Estimate) -> String {
    let places = estimate.value.magnitude < 10 ? 3 : 1
    let interval = estimate.interval.map {
      " (\(decimals($0[0], places)) to \(decimals($0[1], places)))"
    }
    return decimals(estimate.value, places) + (interval ?? "")
  }

  /// Tables of the groups, the pairs and the settings that differ.
  var text: String {
    let gap = target.map { ["optimality gap to \(number($0))"] } ?? []
    let words = score == "area" ? "mean of all evaluations" : "\(score) evaluation"
    var parts = ["\(environments.joined(separator: ", ")); score of a run: \(words)"]
    parts.append(
      table(
        [["group", "runs", "IQM", "median", "mean"] + gap]
          + groups.map { group in
            [group.name, group.counts] + group.statistics.map { cell($0.estimate) }
          }))
    if groups.contains(where: { $0.iqm.interval == nil }) {
      parts.append(
        "no interval for fewer than \(RunScores.fewestRunsOfAnInterval) runs; ten are usual")
    }
    if !pairs.isEmpty {
      let rows = pairs.map { ["\($0.first) over \($0.second)", cell($0.probabilityOfImprovement)] }
      parts.append(
        "\nprobability that a run of one group is better than one of the other\n" + table(rows))
    }
    let paired = pairs.compactMap { pair in
      pair.pairedDifference.map { difference in
        [
          "\(pair.first) minus \(pair.second)", cell(difference),
          "\(number(pair.wins ?? 0)) of \(pair.sharedSeeds ?? 0)",
        ]
      }
    }
    if !paired.isEmpty {
      parts.append(
        "\nmean difference between runs of the same seed\n"
          + table([["", "difference", "higher in"]] + paired))
    }
    if !differences.isEmpty {
      let rows = differences.sorted { $0.key < $1.key }.map { key, values in
        [key] + values.map { $0.map { $0.printable(atMost: 40) } ?? "-" }
      }
      let more = rows.count - Self.mostDifferences
      parts.append(
        "\nsettings that differ\n"
          + table([[""] + groups.map(\.name)] + rows.prefix(Self.mostDifferences))
          + (more > 0 ? "\nand \(counted(more, "more setting")); --json has all" : ""))
    }
    return parts.joined(separator: "\n")
  }

  // MARK: - CSV

  /// A line for each statistic of a group and of a pair of groups.
  var csv: String {
    func line(
      _ group: String, _ other: String, _ name: String, _ estimate: Estimate, _ runs: Int
    )
      -> String
    {
      let ends = estimate.interval.map { ["\($0[0])", "\($0[1])"] } ?? ["", ""]
      let cells = [Self.quoted(group), Self.quoted(other), score, name, "\(estimate.value)"]
      return (cells + ends + ["\(runs)"]).joined(separator: ",") + "\n"
    }
    var text = "group,other,score,statistic,value,low,high,runs\n"
    let runs = groups.map { $0.runs.values.reduce(0, +) }
    for (group, runs) in zip(groups, runs) {
      for (name, estimate) in group.statistics {
        text += line(group.name, "", name, estimate, runs)
      }
    }
    for pair in pairs {
      let count = zip(groups, runs).reduce(0) { sum, entry in
        [pair.first, pair.second].contains(entry.0.name) ? sum + entry.1 : sum
      }
      text += line(
        pair.first, pair.second, "probability-of-improvement", pair.probabilityOfImprovement, count)
      if let difference = pair.pairedDifference {
        text += line(pair.first, pair.second, "paired-difference", difference, count)
      }
    }
    return text
  }

  /// Returns a cell in quotation marks if it needs them, as RFC 4180 says.
  private static func quoted(_ text: String) -> String {
    text.contains(where: { ",\"\n\r".contains($0) })
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}
