import Foundation
import TestSupport
import Testing
import Training

/// Statistics over runs, against those of rliable; `Fixtures/generate_run_statistics.py` made them.
@Suite struct RunScoresTests {
  private struct Record: Decodable {
    let scores: [[Double]]
    let others: [[Double]]
    let aggregates: [Double]
    let aggregateIntervals: [[Double]]
    let improvement: Double
    let improvementInterval: [Double]
    let thresholds: [Double]
    let profile: [Double]
    let profileIntervals: [[Double]]

    enum CodingKeys: String, CodingKey {
      case scores, others, aggregates, improvement, thresholds, profile
      case aggregateIntervals = "aggregate-intervals"
      case improvementInterval = "improvement-interval"
      case profileIntervals = "profile-intervals"
    }

    /// Scores by task, from rows of runs.
    static func byTask(_ runs: [[Double]]) -> RunScores {
      RunScores(tasks: runs[0].indices.map { task in runs.map { $0[task] } })
    }
  }

  private static let records: [Record] = (try? Fixture.records("run_statistics.jsonl")) ?? []

  private func aggregates(_ scores: RunScores) -> [Double] {
    [
      scores.interquartileMean, scores.mean, scores.medianOfTaskMeans, scores.optimalityGap(),
    ]
  }

  @Test func statisticsAreRliables() {
    #expect(Self.records.count == 12)
    for record in Self.records {
      let (scores, others) = (Record.byTask(record.scores), Record.byTask(record.others))
      for (found, expected) in zip(aggregates(scores), record.aggregates) {
        #expect(abs(found - expected) < 1e-12)
      }
      #expect(abs(scores.probabilityOfImprovement(over: others) - record.improvement) < 1e-12)
      for (found, expected) in zip(
        scores.performanceProfile(at: record.thresholds), record.profile)
      {
        #expect(abs(found - expected) < 1e-12)
      }
    }
  }

  /// The ends of both vary by about 1 % of the width, and by a step where they lie between few values.
  @Test func intervalsAreRliablesWithinTheirNoise() throws {
    func check(_ found: [Interval], _ expected: [[Double]], step: Double, _ what: String) {
      for (found, expected) in zip(found, expected) {
        let tolerance = 0.05 * (expected[1] - expected[0]) + step
        #expect(
          abs(found.lowerBound - expected[0]) < tolerance
            && abs(found.upperBound - expected[1]) < tolerance,
          "\(what): \(found) for \(expected)")
      }
    }
    for record in Self.records {
      let (scores, others) = (Record.byTask(record.scores), Record.byTask(record.others))
      let found = try #require(scores.intervals(of: aggregates, resamples: 5000))
      check(found, record.aggregateIntervals, step: 1e-9, "aggregates")
      let profile = try #require(
        scores.performanceProfileIntervals(at: record.thresholds, resamples: 2000))
      // One score more or less is a step of this size.
      let step = 1.01 / Double(record.scores.count * record.scores[0].count)
      check(profile, record.profileIntervals, step: step, "profile")
      let improvement = try #require(
        scores.probabilityOfImprovementInterval(over: others, resamples: 4000))
      check([improvement], [record.improvementInterval], step: 1e-9, "improvement")
    }
  }

  @Test func aTaskCountsOnceWhateverItsRuns() {
    let scores = RunScores(tasks: [[0, 0, 0, 0, 0, 0], [1, 1]])
    #expect(scores.mean == 0.5 && scores.medianOfTaskMeans == 0.5 && scores.median == 0)
    #expect(scores.performanceProfile(at: [0.5]) == [0.5])
    #expect(scores.interquartileMean == 0, "of four zeros")
    #expect(RunScores([3, 1, 2, 100]).interquartileMean == 2.5)
  }

  @Test func fewRunsOrLostOnesHaveNoInterval() {
    #expect(RunScores([1, 2]).interval(of: \.mean) == nil)
    #expect(RunScores(tasks: [[1, 2, 3], [1, 2]]).interval(of: \.mean) == nil)
    #expect(RunScores([1, 2, .nan]).interval(of: \.mean) == nil)
    #expect(RunScores([1, 2, .nan]).interquartileMean.isNaN)
    #expect(RunScores([1, 2, 3]).probabilityOfImprovementInterval(over: RunScores([1, 2])) == nil)
    #expect(
      RunScores([2, 2, 2]).interval(of: \.mean, resamples: 10)
        == Interval(lowerBound: 2, upperBound: 2))
  }

  @Test func equalScoresHaveEqualIntervals() {
    let scores = RunScores([301.5, 296.25, 305, 288.75, 299])
    let found = scores.interval(of: \.interquartileMean, resamples: 500)
    #expect(found != nil)
    #expect(found == scores.interval(of: \.interquartileMean, resamples: 500))
  }
}
