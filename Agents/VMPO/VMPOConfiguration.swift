public import RLCore
public import Training

/// The settings of V-MPO.
///
/// - Source: Matt00n/PolicyGradientsJax, `vmpo.py`: 10 epochs, limits of 0.01 for temperature and
///   divergence and 5e-5 for the deviations, temperature and multipliers that begin at 1, and
///   advantages that are not standardised.
public struct VMPOConfiguration: OnPolicyConfiguration {
  public var shared = OnPolicySettings()
  /// Number of transitions per gradient step; a shorter last minibatch is used too.
  public var minibatchSize = 256
  /// Number of passes over each rollout.
  public var epochs = 10
  /// Fraction of a minibatch, those of its greatest advantages, that the policy is fitted to.
  public var topFraction = 0.5
  /// Initial temperature η.
  public var initialTemperature: Float = 1
  /// Limit ε_η that the temperature keeps, in nats.
  public var temperatureLimit: Float = 0.01
  /// Initial multiplier α of each part of the divergence.
  public var initialMultiplier: Float = 1
  /// Limit ε_α of KL(π_old ‖ π), for a Gaussian of its means alone, in nats.
  public var divergenceLimit: Float = 0.01
  /// Limit of the divergence by a Gaussian's deviations, in nats.
  public var deviationLimit: Float = 5e-5
  /// Learning rate of temperature and multipliers.
  public var dualLearningRate: Float = 3e-4
  /// Term ε of Adam.
  public var adamEpsilon: Float = 1e-5

  /// Creates the default settings.
  public init() { shared.normalizeAdvantages = false }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + [
      Setting("minibatch-size", \.minibatchSize, .atLeast(2), "transitions per gradient step"),
      Setting("epochs", \.epochs, .atLeast(1), "passes over each rollout"),
      Setting(
        "top-fraction", \.topFraction, .above(0, through: 1),
        "fraction of a minibatch, by advantage, that the policy is fitted to"),
      Setting("initial-temperature", \.initialTemperature, .above(0), "initial temperature"),
      Setting(
        "temperature-limit", \.temperatureLimit, .above(0),
        "limit that the temperature keeps, in nats"),
      Setting(
        "initial-multiplier", \.initialMultiplier, .above(0),
        "initial multiplier of each part of the divergence"),
      Setting(
        "kl-limit", \.divergenceLimit, .above(0),
        "limit of KL(old || new), for a Gaussian of its means alone"),
      Setting(
        "deviation-kl-limit", \.deviationLimit, .above(0),
        "limit of the divergence by a Gaussian's deviations"),
      Setting(
        "dual-learning-rate", \.dualLearningRate, .above(0),
        "learning rate of temperature and multipliers"),
      Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
    ]

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    if topFraction * Double(minibatchSize) < 1 {
      return "top-fraction \(topFraction) of minibatch-size \(minibatchSize) is no transition; "
        + "set top-fraction=\(1 / Double(minibatchSize)) or more"
    }
    return shared.problem(
      environments: environments, minibatch: minibatchSize, name: "minibatch-size")
  }

  /// Returns what rollouts and networks need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    shared.memoryNeeds(
      in: specification, environments: environments, minibatch: minibatchSize,
      name: "minibatch-size")
  }
}
