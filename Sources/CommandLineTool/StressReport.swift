import Experiments
import Foundation
import RLCore
import Robustness
import Training

/// Results of a stress test, as JSON, CSV and JUnit's XML; `StressReport+Text.swift` has the tables
/// of the terminal.
struct StressReport: Encodable {
  struct Axis: Encodable {
    var name: String
    var unit: String
    var scale: String
    var values: [Double]
  }

  struct Cell: Encodable {
    var values: [String: Double]
    var mean: Double
    var standardDeviation: Double
    var minimum: Double
    var lowDecile: Double
    var median: Double
    var highDecile: Double
    var successRate: Double?
    var failureRate: Double
    var meanLength: Double

    enum CodingKeys: String, CodingKey {
      case values, mean, minimum, median
      case standardDeviation = "std"
      case lowDecile = "quantile-10"
      case highDecile = "quantile-90"
      case successRate = "success-rate"
      case failureRate = "failure-rate"
      case meanLength = "mean-length"
    }

    init(_ cell: StressCell, _ axes: [GridAxis]) {
      values = Dictionary(zip(axes.map(\.name), cell.values), uniquingKeysWith: { $1 })
      (mean, standardDeviation) = (cell.mean, cell.standardDeviation)
      minimum = cell.quantile(0)
      (lowDecile, median, highDecile) = (cell.quantile(0.1), cell.quantile(0.5), cell.quantile(0.9))
      (successRate, failureRate) = (cell.successRate, cell.failureRate)
      meanLength = cell.meanLength
    }
  }

  var policy: String
  var environment: String
  var steps: Int?
  var mode: String
  var parameters: [String: Double]
  var randomize: String?
  var perturb: String?
  var layout: String
  var axes: [Axis]
  var episodes: Int
  var firstSeed: UInt64
  var nominal: Cell
  var mean: Double
  var worst: Cell
  var lowDecile: Double
  var median: Double
  var highDecile: Double
  var conditionalValueAtRisk: Double
  var notFinite: Int
  var gates: [Verdict]?
  var passes: Bool
  var cells: [Cell]
  /// Folder of the test, for the text only.
  let folder: String

  enum CodingKeys: String, CodingKey {
    case policy, environment, steps, mode, parameters, randomize, perturb, layout, axes, episodes
    case nominal, mean, worst, median, gates, passes, cells
    case firstSeed = "first-seed"
    case lowDecile = "quantile-10"
    case highDecile = "quantile-90"
    case conditionalValueAtRisk = "cvar-10"
    case notFinite = "not-finite"
  }

  init(_ test: StressTest, _ result: StressResult, gates: [StressGate], folder: String) {
    let (source, grid) = (test.policy, test.grid)
    self.folder = folder
    (policy, environment, steps) = (source.path, source.environment.identifier, source.steps)
    mode = test.mode.rawValue
    parameters = Dictionary(
      source.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    randomize = test.randomization.isEmpty ? nil : "\(test.randomization)"
    perturb = test.perturbations.isEmpty ? nil : "\(test.perturbations)"
    layout = grid.layout.rawValue
    axes = grid.axes.map {
      Axis(
        name: $0.name, unit: $0.unit, scale: $0.isLogarithmic ? "log" : "linear",
        values: $0.values)
    }
    (episodes, firstSeed) = (test.episodes, test.seed)
    nominal = Cell(result.nominal, grid.axes)
    cells = result.cells.map { Cell($0, grid.axes) }
    mean = result.mean
    worst = cells[result.worst]
    (lowDecile, median, highDecile) = (
      result.quantile(0.1), result.quantile(0.5), result.quantile(0.9)
    )
    conditionalValueAtRisk = result.conditionalValueAtRisk
    notFinite = result.notFinite
    let verdicts = gates.map { $0.judge(result) }
    self.gates = verdicts.isEmpty ? nil : verdicts
    passes = verdicts.allSatisfy(\.passes) && notFinite == 0
  }

  /// Sentence on results that are not finite; nil if all are.
  var notFiniteSentence: String? {
    notFinite > 0
      ? "actions or returns are not finite in \(counted(notFinite, "episode"))" : nil
  }

  // MARK: CSV

  /// The cells as comma-separated values, below a header.
  var csv: String {
    let names = axes.map(\.name)
    let successes = nominal.successRate == nil ? [] : ["success-rate"]
    let header =
      names + ["mean", "std", "minimum", "quantile-10", "median", "quantile-90"] + successes
      + ["failure-rate", "mean-length", "episodes"]
    let rows = cells.map { cell in
      var numbers = names.map { cell.values[$0] ?? .nan }
      numbers += [
        cell.mean, cell.standardDeviation, cell.minimum, cell.lowDecile, cell.median,
        cell.highDecile,
      ]
      if let rate = cell.successRate { numbers.append(rate) }
      numbers += [cell.failureRate, cell.meanLength]
      return (numbers.map { "\($0)" } + ["\(episodes)"]).joined(separator: ",")
    }
    return ([header.joined(separator: ",")] + rows).map { $0 + "\n" }.joined()
  }
}
