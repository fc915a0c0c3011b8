internal import LinearAlgebra

/// Scores of several training runs on one or more tasks, and what they say of the method.
///
/// A score is one number for a run, such as the mean return of its last evaluation.  Scores of
/// several tasks must have been put on one scale before.
///
/// - Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical
///   Precipice", and its library rliable.
/// - Difference from source: tasks may have different numbers of runs; resamples come from a stream
///   of their own, so that equal scores have equal intervals.
public struct RunScores: Sendable, Equatable {
  /// Scores of each task's runs.
  public private(set) var tasks: [[Double]]

  /// Creates scores from those of each task, of which none may be empty.
  public init(tasks: [[Double]]) {
    precondition(!tasks.isEmpty && tasks.allSatisfy { !$0.isEmpty }, "a task without scores")
    self.tasks = tasks
  }

  /// Creates scores of runs on one task.
  public init(_ runs: [Double]) { self.init(tasks: [runs]) }

  /// Number of runs of the task that has the fewest.
  public var fewestRuns: Int { tasks.map(\.count).min() ?? 0 }

  // MARK: - Statistics

  /// Interquartile mean of all scores, over tasks and runs.
  public var interquartileMean: Double {
    Statistics.interquartileMean(tasks.flatMap(\.self))
  }

  /// Mean over tasks of their mean scores.
  public var mean: Double { Statistics.mean(tasks.map(Statistics.mean)) }

  /// Median over tasks of their mean scores; with one task, its mean score.
  public var medianOfTaskMeans: Double {
    Statistics.quantile(0.5, of: tasks.map(Statistics.mean))
  }

  /// Median of all scores, over tasks and runs.
  public var median: Double { Statistics.quantile(0.5, of: tasks.flatMap(\.self)) }

  /// Returns by how much the scores fail to reach a target on average; scores above it count as the
  /// target.
  public func optimalityGap(target: Double = 1) -> Double {
    target - Statistics.mean(tasks.flatMap(\.self).map { min($0, target) })
  }

  /// Returns the probability that a run of this method has a higher score than one of another on
  /// the same task, as a mean over tasks; equal scores count half.
  ///
  /// It is the Mann–Whitney statistic over the number of pairs.
  ///
  /// - Parameter other: Scores on the same tasks in the same order.
  /// - Returns: The probability, in 0...1.
  public func probabilityOfImprovement(over other: RunScores) -> Double {
    precondition(tasks.count == other.tasks.count, "other tasks")
    return Statistics.mean(
      zip(tasks, other.tasks).map { mine, others in
        var wins = 0.0
        for score in mine {
          for rival in others { wins += score > rival ? 1 : score == rival ? 0.5 : 0 }
        }
        return wins / Double(mine.count * others.count)
      })
  }

  /// Returns the fraction of runs whose score is above each threshold, as a mean over tasks: the
  /// performance profile.
  public func performanceProfile(at thresholds: [Double]) -> [Double] {
    thresholds.map { threshold in
      Statistics.mean(
        tasks.map { scores in
          Double(scores.count { $0 > threshold }) / Double(scores.count)
        })
    }
  }

  // MARK: - Resampling

  /// Replaces each score by one of the same task, drawn with replacement.
  mutating func resample(_ source: RunScores, using stream: inout RandomStream) {
    for t in tasks.indices {
      let count = UInt32(source.tasks[t].count)
      for run in tasks[t].indices {
        tasks[t][run] = source.tasks[t][Int(stream.integer(below: count))]
      }
    }
  }
}

extension Statistics {
  /// Returns the mean of a sample; NaN if there are no values.
  public static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  /// Returns the mean of the values that are left when the lowest and the highest quarter are
  /// dropped, each rounded down to whole values.
  ///
  /// - Parameter values: The sample, in any order.
  /// - Returns: The mean; NaN if there are no values or one is NaN.
  /// - Source: `scipy.stats.trim_mean(values, 0.25)`.
  public static func interquartileMean(_ values: [Double]) -> Double {
    guard !values.contains(where: \.isNaN) else { return .nan }
    let cut = values.count / 4
    return mean(Array(values.sorted()[cut..<values.count - cut]))
  }
}
