internal import Storage
public import Training

/// One evaluation of a run, as its row in `evaluations.csv` says.
public struct StoredEvaluation: Sendable, Equatable {
  /// Environment steps taken before.
  public let steps: Int
  /// Mode in which actions were chosen.
  public let mode: ActionMode
  /// Mean return of the episodes.
  public let mean: Double
  /// Population standard deviation of the returns.
  public let standardDeviation: Double
  /// Mean length of the episodes, in steps.
  public let meanLength: Double
  /// Fraction of successful episodes; nil if the environment does not define success.
  public let successRate: Double?
  /// Seeds of the episodes.
  public let seeds: [UInt64]
  /// Returns of the episodes, in order of the seeds.
  public let returns: [Double]
  /// Lengths of the episodes, in order of the seeds.
  public let lengths: [Int]

  /// Names of the columns.
  static let columns = [
    "steps", "mode", "episodes", "mean-return", "std-return", "mean-length", "success-rate",
    "seeds", "returns", "lengths",
  ]

  /// Returns the row of an evaluation.
  static func row(_ result: EvaluationResult, steps: Int) -> String {
    func list(_ values: [String]) -> String { values.joined(separator: " ") }
    let cells: [String] = [
      "\(steps)", result.mode.rawValue, "\(result.episodes.count)", "\(result.mean)",
      "\(result.standardDeviation)", "\(result.meanLength)",
      result.successRate.map { "\($0)" } ?? "",
      list(result.episodes.map { "\($0.seed)" }),
      list(result.episodes.map { "\($0.episodeReturn)" }),
      list(result.episodes.map { "\($0.length)" }),
    ]
    return cells.joined(separator: ",")
  }

  /// Reads an evaluation from its row; nil if a cell is not as expected.
  init?(row: [Substring]) {
    guard row.count == Self.columns.count, let steps = Int(row[0]), steps >= 0,
      let mode = ActionMode(rawValue: String(row[1])), let episodes = Int(row[2]), episodes > 0,
      let mean = Double(row[3]), let standardDeviation = Double(row[4]),
      let meanLength = Double(row[5]), row[6].isEmpty || Double(row[6]) != nil
    else { return nil }
    (self.steps, self.mode, self.mean) = (steps, mode, mean)
    (self.standardDeviation, self.meanLength) = (standardDeviation, meanLength)
    successRate = Double(row[6])
    func list<Number: LosslessStringConvertible>(_ cell: Substring) -> [Number] {
      cell.split(separator: " ").compactMap { Number(String($0)) }
    }
    (seeds, returns, lengths) = (list(row[7]), list(row[8]), list(row[9]))
    guard seeds.count == episodes, returns.count == episodes, lengths.count == episodes else {
      return nil
    }
  }

  /// Reads the evaluations of a file.
  ///
  /// - Throws: `FileError` if the file can't be read or a row is not as expected.
  static func read(_ path: String, isGrowing: Bool) throws(FileError) -> [StoredEvaluation] {
    let table = try LogTable(reading: path, isGrowing: isGrowing)
    guard table.names == columns else {
      throw .damaged(
        path: path, reason: "it does not begin with '\(columns.joined(separator: ","))'")
    }
    var evaluations: [StoredEvaluation] = []
    for (index, row) in table.rows.enumerated() {
      guard let evaluation = StoredEvaluation(row: row) else {
        throw .damaged(path: path, reason: "its row \(index + 1) is no evaluation")
      }
      evaluations.append(evaluation)
    }
    return evaluations
  }
}
