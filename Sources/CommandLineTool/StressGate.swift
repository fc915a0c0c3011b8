import ArgumentParser
import Experiments
import RLCore
import Training

/// The options that make a stress test a check.
struct StressGateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean return of the worst cell is at least this.",
      valueName: "return"))
  var minWorst: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean over all cells of their mean returns is at least this.",
      valueName: "return"))
  var minMean: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean return in the worst tenth of the cells is at least this.",
      valueName: "return"))
  var minCvar: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean return of the nominal cell is at least this.",
      valueName: "return"))
  var minNominal: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the share of successful episodes is at least this in every cell, in "
        + "0...1.", valueName: "share"))
  var minWorstSuccess: Double?

  /// The gates that the options set.
  var gates: [StressGate] {
    [
      (StressGate.Measure.worst, minWorst), (.mean, minMean), (.tail, minCvar),
      (.nominal, minNominal), (.worstSuccess, minWorstSuccess),
    ].compactMap { measure, threshold in
      threshold.map { StressGate(measure: measure, threshold: $0) }
    }
  }

  func validate() throws {
    for gate in gates {
      let name = gate.measure.rawValue
      guard gate.threshold.isFinite else {
        throw ValidationError("--\(name) must be a finite number")
      }
      guard gate.measure != .worstSuccess || (0...1).contains(gate.threshold) else {
        throw ValidationError(
          "--\(name) must lie in 0...1 and is \(number(gate.threshold)); for 95 % write 0.95")
      }
    }
  }
}

/// A least value that a measure of a stress test must reach.
struct StressGate {
  /// What is measured; the raw value is the name of its option.
  enum Measure: String {
    case worst = "min-worst"
    case mean = "min-mean"
    case tail = "min-cvar"
    case nominal = "min-nominal"
    case worstSuccess = "min-worst-success"

    fileprivate var words: String {
      switch self {
      case .worst: "mean return of the worst cell"
      case .mean: "mean over the cells"
      case .tail: "mean of the worst tenth of the cells"
      case .nominal: "mean return of the nominal cell"
      case .worstSuccess: "lowest success rate of a cell"
      }
    }

    fileprivate func value(of result: StressResult) -> Double {
      switch self {
      case .worst: result.worstMean
      case .mean: result.mean
      case .tail: result.conditionalValueAtRisk
      case .nominal: result.nominal.mean
      case .worstSuccess: result.cells.compactMap(\.successRate).min() ?? .nan
      }
    }
  }

  let measure: Measure
  let threshold: Double

  /// Refuses a measure that the environment can't have, or without cells.
  func check(
    _ environment: RegisteredEnvironment, hasCells: Bool
  ) throws(ConfigurationError) {
    guard hasCells else {
      throw ConfigurationError("--\(measure.rawValue) needs --grid or --samples")
    }
    guard measure != .worstSuccess || environment.definesSuccess else {
      throw ConfigurationError(
        "--\(measure.rawValue): \(environment.identifier) does not say which episodes succeed; use "
          + "--min-worst")
    }
  }

  /// Compares a result with the threshold.
  func judge(_ result: StressResult) -> Verdict {
    Verdict(
      measure.rawValue, threshold: threshold, value: measure.value(of: result),
      words: measure.words, isShare: measure == .worstSuccess)
  }
}
