import ArgumentParser
import Experiments
import RLCore
import Training

/// The options that make an evaluation a check.
struct GateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Exit with 1 unless the mean return is at least this.", valueName: "return"))
  var minReturn: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the lower end of the mean return's 95 % interval is at least this.",
      valueName: "return"))
  var minLowerBound: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the share of successful episodes is at least this, in 0...1.",
      valueName: "share"))
  var minSuccess: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the lower end of the success's 95 % interval is at least this, in 0...1.",
      valueName: "share"))
  var minSuccessLowerBound: Double?

  /// The gates that the options set.
  var gates: [EvaluationGate] {
    [
      (EvaluationGate.Measure.meanReturn, minReturn), (.lowerBound, minLowerBound),
      (.success, minSuccess), (.successLowerBound, minSuccessLowerBound),
    ].compactMap { measure, threshold in
      threshold.map { EvaluationGate(measure: measure, threshold: $0) }
    }
  }

  func validate() throws {
    for gate in gates {
      guard gate.threshold.isFinite else {
        throw ValidationError("--\(gate.measure.rawValue) must be a finite number")
      }
      guard !gate.measure.isShare || (0...1).contains(gate.threshold) else {
        throw ValidationError(
          "--\(gate.measure.rawValue) must lie in 0...1 and is \(number(gate.threshold)); for 95 % "
            + "write 0.95")
      }
    }
  }
}

/// A least value that a measure of an evaluation must reach.
struct EvaluationGate {
  /// What is measured; the raw value is the name of its option.
  enum Measure: String {
    case meanReturn = "min-return"
    case lowerBound = "min-lower-bound"
    case success = "min-success"
    case successLowerBound = "min-success-lower-bound"

    /// Whether it is a share of the episodes, in 0...1.
    var isShare: Bool { self == .success || self == .successLowerBound }

    fileprivate var isBound: Bool { self == .lowerBound || self == .successLowerBound }

    fileprivate var words: String {
      switch self {
      case .meanReturn: "mean return"
      case .lowerBound: "lower bound of the mean return"
      case .success: "success rate"
      case .successLowerBound: "lower bound of the success rate"
      }
    }

    fileprivate func value(of result: EvaluationResult) -> Double? {
      switch self {
      case .meanReturn: result.mean
      case .lowerBound: result.meanInterval?.lowerBound
      case .success: result.successRate
      case .successLowerBound: result.successInterval?.lowerBound
      }
    }
  }

  let measure: Measure
  let threshold: Double

  /// Refuses a measure that the environment or the number of episodes can't have.
  func check(_ environment: RegisteredEnvironment, episodes: Int) throws(ConfigurationError) {
    guard !measure.isShare || environment.definesSuccess else {
      throw ConfigurationError(
        "--\(measure.rawValue): \(environment.identifier) does not say which episodes succeed; use "
          + "--min-return")
    }
    guard !measure.isBound || episodes > 1 else {
      throw ConfigurationError(
        "--\(measure.rawValue) needs at least 2 episodes, since one has no interval")
    }
  }

  /// Compares a result with the threshold.
  func judge(_ result: EvaluationResult) -> Verdict {
    Verdict(
      measure.rawValue, threshold: threshold, value: measure.value(of: result) ?? .nan,
      words: "\(result.mode.rawValue) \(measure.words)", isShare: measure.isShare)
  }
}

/// The outcome of a gate, an option that sets the least value of a measure.
struct Verdict: Encodable {
  /// Name of the option without its dashes.
  var gate: String
  var threshold: Double
  /// Measured value; NaN if it can't be known.
  var value: Double
  var passes: Bool
  /// Sentence for a gate that does not pass.
  var sentence: String

  enum CodingKeys: CodingKey { case gate, threshold, value, passes }

  /// Compares a value with a threshold.
  init(_ gate: String, threshold: Double, value: Double, words: String, isShare: Bool = false) {
    (self.gate, self.threshold, self.value) = (gate, threshold, value)
    passes = value >= threshold
    // A rounded value must not look as if it had reached the threshold.
    let rounded = decimals(value, isShare ? 4 : 2)
    let text = Double(rounded).map { $0 < threshold } ?? true ? rounded : "\(value)"
    sentence = "\(words) \(text) is below --\(gate) \(number(threshold))"
  }
}
