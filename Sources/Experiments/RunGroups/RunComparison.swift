internal import RLCore
public import Training

/// Statistics of groups of runs over seeds and environments, and of each group against each other.
public struct RunComparison: Sendable {
  /// The number by which a run is judged.
  public enum Score: String, Sendable, CaseIterable {
    /// Mean return of the evaluation of the finished run on fresh episodes.
    case final
    /// Mean return of the last evaluation of training.
    case last
    /// Mean return of the best evaluation of training, on whose episodes it was chosen.
    case best
    /// Mean over all evaluations of training: the area under their curve over its length.
    case area

    /// Returns the score of a run; nil if the run has no such evaluation.
    public func value(of run: RunResults) -> Double? {
      switch self {
      case .final: run.final?.mean
      case .last: run.last?.mean
      case .best: run.best?.mean
      case .area: run.meanOfEvaluations
      }
    }
  }

  /// Returns that become 0 and 1 when the scores of an environment are put on one scale.
  public struct Scale: Sendable, Equatable {
    /// Return that becomes 0.
    public var low: Double
    /// Return that becomes 1.
    public var high: Double

    /// Creates a scale.
    ///
    /// - Parameters:
    ///   - low: Return that becomes 0.
    ///   - high: Return that becomes 1, another number.
    public init(low: Double, high: Double) { (self.low, self.high) = (low, high) }
  }

  /// A statistic with its interval.
  public struct Estimate: Sendable, Equatable {
    /// Statistic of the scores.
    public var value: Double
    /// 95 % interval by the stratified bootstrap; nil with fewer than three runs of an environment.
    public var interval: Interval?
  }

  /// The statistics of one group.
  public struct Member: Sendable {
    /// Name of the group.
    public let name: String
    /// Scores by environment.
    public let scores: RunScores
    /// Interquartile mean.
    public let interquartileMean: Estimate
    /// Median of all scores.
    public let median: Estimate
    /// Mean over environments of the mean score.
    public let mean: Estimate
    /// Mean amount by which scores fail to reach the target; nil without a target.
    public let optimalityGap: Estimate?
  }

  /// The statistic of two groups.
  public struct Pair: Sendable {
    /// Index of the group that may be better.
    public let first: Int
    /// Index of the other group.
    public let second: Int
    /// Probability that a run of the first has a higher score than one of the second.
    public let probabilityOfImprovement: Estimate
    /// How the scores of equal seeds differ; nil unless both groups have the same seeds in every
    /// environment.
    public let pairedDifference: PairedDifference?
  }

  /// Differences between the scores of two groups with the same seed in the same environment.
  ///
  /// Its interval is narrower than one from both groups' own if what a seed decides, such as the
  /// first weights and episodes, helps or hinders both alike.
  public struct PairedDifference: Sendable {
    /// Mean over environments of the mean difference, the first group's score minus the second's.
    public let mean: Estimate
    /// Number of pairs.
    public let count: Int
    /// Number of pairs in which the first group's score is higher; a tie counts half.
    public let wins: Double
  }

  /// Ids of the environments, in alphabetical order.
  public let environments: [String]
  /// The number by which runs are judged.
  public let score: Score
  /// Score that the optimality gap is measured from; nil if none is known.
  public let target: Double?
  /// Groups in the order given.
  public let members: [Member]
  /// All pairs of groups, the earlier one first.
  public let pairs: [Pair]

  /// Compares groups, each of which has runs.
  ///
  /// - Parameters:
  ///   - groups: The groups, with runs in the same environments.
  ///   - score: The number by which runs are judged; nil for the final evaluation if all runs have
  ///     one, otherwise the last.
  ///   - scales: Scales of environments, needed if there are several; scores on a scale have the
  ///     target 1.
  ///   - target: Score that the optimality gap is measured from; nil for 1 on a scale, otherwise the
  ///     environment's solved return.
  ///   - resamples: Number of resamples behind each interval.
  /// - Throws: `ConfigurationError` if groups have runs in different environments, a scale is missing
  ///   or a run has no such evaluation.
  public init(
    _ groups: [RunGroup], score: Score? = nil, scales: [String: Scale] = [:],
    target: Double? = nil, resamples: Int = RunScores.resamples
  ) throws(ConfigurationError) {
    let environments = groups.first?.environments ?? []
    for group in groups where group.environments != environments || environments.isEmpty {
      throw ConfigurationError(
        "\(group.name) has runs in \(Self.list(group.environments)), and \(groups[0].name) in "
          + "\(Self.list(environments)); compare runs in the same environments")
    }
    for environment in scales.keys where !environments.contains(environment) {
      throw .unknown("environment", environment, allowed: environments)
    }
    let missing = environments.filter { scales[$0] == nil }
    guard missing.isEmpty || scales.isEmpty && environments.count == 1 else {
      throw ConfigurationError(
        "scores in several environments need a scale for each, and there is none for "
          + Self.list(missing))
    }
    let runs = groups.flatMap(\.runs)
    let score = score ?? Self.usualScore(of: groups)
    if let run = runs.first(where: { score.value(of: $0) == nil }) {
      throw ConfigurationError("\(run.folder.path) has no \(score.rawValue) evaluation yet")
    }
    let known = runs.first?.run.environment.specification.solvedReturn
    let aim = target ?? (scales.isEmpty ? known : 1)
    self.environments = environments
    self.score = score
    self.target = aim
    let members = groups.map { group in
      let scores = RunScores(
        tasks: environments.map { environment in
          group.runs(in: environment).compactMap { run in
            score.value(of: run).map { value in
              scales[environment].map { (value - $0.low) / ($0.high - $0.low) } ?? value
            }
          }
        })
      return Member(group.name, scores, target: aim, resamples: resamples)
    }
    self.members = members
    pairs = members.indices.flatMap { first in
      members.indices.dropFirst(first + 1).map { second in
        let (mine, others) = (members[first].scores, members[second].scores)
        return Pair(
          first: first, second: second,
          probabilityOfImprovement: Estimate(
            value: mine.probabilityOfImprovement(over: others),
            interval: mine.probabilityOfImprovementInterval(over: others, resamples: resamples)),
          pairedDifference: Self.haveSameSeeds(groups[first], groups[second])
            ? PairedDifference(mine, others, resamples: resamples) : nil)
      }
    }
  }

  /// Returns the number by which runs are judged unless another is asked for: the final evaluation
  /// if all runs that have an evaluation have it, otherwise the last.
  public static func usualScore(of groups: [RunGroup]) -> Score {
    let runs = groups.flatMap(\.runs).filter { !$0.evaluations.isEmpty }
    return runs.allSatisfy { $0.final != nil } ? .final : .last
  }

  /// Returns whether groups have the same seeds in every environment.
  private static func haveSameSeeds(_ first: RunGroup, _ second: RunGroup) -> Bool {
    first.environments.allSatisfy { environment in
      first.runs(in: environment).map(\.seed) == second.runs(in: environment).map(\.seed)
    }
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "no environment" : names.joined(separator: ", ")
  }
}

extension RunComparison.Member {
  fileprivate init(_ name: String, _ scores: RunScores, target: Double?, resamples: Int) {
    (self.name, self.scores) = (name, scores)
    func statistics(_ scores: RunScores) -> [Double] {
      [scores.interquartileMean, scores.median, scores.mean]
        + (target.map { [scores.optimalityGap(target: $0)] } ?? [])
    }
    let intervals = scores.intervals(of: statistics, resamples: resamples)
    let estimates = statistics(scores).enumerated().map { index, value in
      RunComparison.Estimate(value: value, interval: intervals?[index])
    }
    (interquartileMean, median, mean) = (estimates[0], estimates[1], estimates[2])
    optimalityGap = estimates.count > 3 ? estimates[3] : nil
  }
}

extension RunComparison.PairedDifference {
  /// Compares scores in the order of the seeds, which are the same.
  fileprivate init(_ first: RunScores, _ second: RunScores, resamples: Int) {
    let differences = RunScores(tasks: zip(first.tasks, second.tasks).map { zip($0, $1).map(-) })
    mean = RunComparison.Estimate(
      value: differences.mean,
      interval: differences.interval(of: \.mean, resamples: resamples))
    let all = differences.tasks.flatMap(\.self)
    count = all.count
    wins = all.reduce(0) { $0 + ($1 > 0 ? 1 : $1 == 0 ? 0.5 : 0) }
  }
}
