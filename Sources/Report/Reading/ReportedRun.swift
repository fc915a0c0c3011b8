package import Experiments
internal import RLCore
package import Storage
internal import Training

/// What a report shows of a run.
package struct ReportedRun {
  /// Settings, manifest and evaluations of the run.
  let results: RunResults
  /// Metrics, a row per iteration.
  let metrics: LogTable
  /// Seconds since the start of the run after each iteration, over all sessions, and its steps.
  let times: [(steps: Double, seconds: Double)]
  /// Seconds spent in environments, policy and updates.
  let phases: [Double]
  /// Returns per task; nil if no physical parameters change.
  let drift: LogTable?

  /// Name of the run's folder.
  var name: String { FileSystem.split(results.folder.path).name }
  /// Return from which the environment counts as solved; nil if there is none.
  var solvedReturn: Double? { results.run.environment.specification.solvedReturn }
  /// Environment steps taken so far; nil before the first iteration's end.
  var steps: Double? { metrics.numbers("steps")?.last }
  /// Seconds that the run has taken; nil if its log of times is empty.
  var seconds: Double? { times.last?.seconds }

  /// Reads the rest of a run's logs.
  ///
  /// - Throws: `FileError` if a log is damaged.
  package init(_ results: RunResults) throws(FileError) {
    self.results = results
    metrics = try results.metrics()
    (times, phases) = Self.times(try results.timing())
    let file = results.folder.driftFile
    drift =
      FileSystem.exists(file)
      ? try LogTable(reading: file, isGrowing: results.isRunning) : nil
  }

  /// Adds up the times of a run's sessions, whose clocks all begin at 0.
  private static func times(
    _ table: LogTable
  ) -> (times: [(steps: Double, seconds: Double)], phases: [Double]) {
    let columns = [
      "steps", "seconds", "steps-per-second", "environment-share", "policy-share", "update-share",
    ].map { table.numbers($0) ?? [] }
    var times: [(steps: Double, seconds: Double)] = []
    var (offset, last, phases) = (0.0, 0.0, [0.0, 0, 0])
    for row in columns[0].indices where columns.allSatisfy({ row < $0.count }) {
      let (steps, seconds, speed) = (columns[0][row], columns[1][row], columns[2][row])
      guard steps.isFinite, seconds.isFinite else { continue }
      if seconds < last { offset += last }
      last = seconds
      let taken = (steps - (times.last?.steps ?? 0)) / speed
      if taken.isFinite, taken > 0 {
        for phase in phases.indices where columns[3 + phase][row].isFinite {
          phases[phase] += taken * columns[3 + phase][row]
        }
      }
      times.append((steps, offset + seconds))
    }
    return (times, phases)
  }

  /// Returns the seconds after which a number of steps was taken; nil if unknown.
  func seconds(at steps: Double) -> Double? {
    times.first { $0.steps >= steps }?.seconds ?? seconds
  }

  /// Paths of the finished recordings, in order of their names.
  var recordings: [String] {
    let folder = results.folder.recordingsFolder
    return FileSystem.contents(folder).filter { $0.hasSuffix(".rlrec") }.sorted()
      .map { "\(folder)/\($0)" }
  }
}

/// Runs on one environment that differ only in their seeds, which a report sums up.
package struct ReportedGroup {
  /// Name of the group.
  let name: String
  /// Runs, at least one.
  let runs: [ReportedRun]

  /// Creates a group of at least one run.
  package init(name: String, runs: [ReportedRun]) {
    precondition(!runs.isEmpty, "a group without runs")
    (self.name, self.runs) = (name, runs)
  }

  /// Id of the environment.
  var environment: String { runs[0].results.run.environment.identifier }

  /// Id of the agent.
  var agent: String { runs[0].results.run.agent.identifier }

  /// Returns the scores of the runs that have one.
  func scores(_ score: RunComparison.Score) -> [Double] {
    runs.compactMap { score.value(of: $0.results) }
  }
}

extension [ReportedGroup] {
  /// The score by which runs are judged: that of fresh episodes after training if all runs have it,
  /// otherwise that of the last evaluation during training, as in `compare`.
  var score: RunComparison.Score {
    allSatisfy { $0.runs.allSatisfy { $0.results.final != nil } } ? .final : .last
  }

  /// Name of the evaluation behind ``score``.
  var scoreName: String { score == .final ? "final evaluation" : "last evaluation" }

  /// Returns the evaluation behind the score of a run; nil if it has none.
  func evaluation(of run: ReportedRun) -> StoredEvaluation? {
    score == .final ? run.results.final : run.results.last
  }
}
