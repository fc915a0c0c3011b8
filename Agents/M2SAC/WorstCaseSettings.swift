public import Training

/// The settings of the search for the worst physical parameters, as M2TD3 does it.
///
/// Parameters are normalised: ±1 are the ends of their ranges.
///
/// - Source: Tanabe et al. 2022, arXiv:2211.03413, and the authors' code, `akimotolab/M2TD3`.
public struct WorstCaseSettings: SettingGroup {
  /// Number K of worst cases that are learnt; 0 for no search.
  public var candidates = 0
  /// Learning rate of the worst cases.
  public var learningRate: Float = 3e-4
  /// Standard deviation of the distance of an episode's parameters from the worst case, at first.
  public var deviation: Float = 1
  /// Standard deviation of that distance at the end of the run.
  public var finalDeviation: Float = 0.1
  /// Standard deviation of the noise on parameters in targets.
  public var targetNoise: Float = 0.2
  /// Greatest noise on a parameter in targets.
  public var targetNoiseLimit: Float = 0.5
  /// Sum of differences below which two worst cases count as one, and one of them starts anew.
  public var leastDistance: Float = 0.1
  /// Probability below which a worst case starts anew.
  public var leastProbability = 0.05

  /// Creates the default settings, without a search.
  public init() {}

  public static let table: [Setting<Self>] = [
    Setting(
      "candidates", \.candidates, .range(0...64),
      "worst cases of the randomised parameters that are learnt (M2TD3: 5); 0 for none"),
    Setting("learning-rate", \.learningRate, .above(0), "learning rate of the worst cases"),
    Setting(
      "deviation", \.deviation, .range(0...10),
      "deviation of an episode's parameters from the worst case at first, in half ranges"),
    Setting("final-deviation", \.finalDeviation, .range(0...10), "that deviation at the end"),
    Setting(
      "target-noise", \.targetNoise, .range(0...10),
      "standard deviation of the noise on parameters in targets, in half ranges"),
    Setting(
      "target-noise-limit", \.targetNoiseLimit, .range(0...10), "greatest noise in targets"),
    Setting(
      "least-distance", \.leastDistance, .range(0...10),
      "sum of differences, in half ranges, below which one of two worst cases starts anew"),
    Setting(
      "least-probability", \.leastProbability, .range(0..<1),
      "probability below which a worst case starts anew"),
  ]
}

extension SACConfiguration {
  /// The settings of M2TD3's search on SAC: five worst cases, and a policy that learns from every
  /// second update of the critics.
  public static var worstCase: SACConfiguration {
    var configuration = SACConfiguration()
    configuration.worstCase.candidates = 5
    configuration.policyDelay = 2
    return configuration
  }
}
