public import Training

/// The settings of A2C.
///
/// - Source: defaults of Stable-Baselines3 2.x, which has them from Mnih et al. 2016,
///   arXiv:1602.01783, and OpenAI Baselines.
public struct A2CConfiguration: OnPolicyConfiguration {
  /// Which rule takes the steps.
  public enum Rule: String, SettingValue, CaseIterable {
    /// RMSProp as TensorFlow 1 has it.
    case rmsprop
    /// Adam.
    case adam
  }

  public var shared = OnPolicySettings()
  public var rolloutsPerIteration = 32
  /// Which rule takes the steps.
  public var optimizer = Rule.rmsprop
  /// ε of either rule.
  public var optimizerEpsilon: Float = 1e-5
  /// Decay of RMSProp's mean of squared gradients.
  public var rmspropDecay: Float = 0.99

  /// The defaults.
  public init() {
    shared.stepsPerRollout = 5
    shared.learningRate = 7e-4
    shared.gaeLambda = 1
    shared.normalizeAdvantages = false
  }

  /// Every setting.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + [
      Setting(
        "rollouts-per-iteration", \.rolloutsPerIteration, .atLeast(1),
        "rollouts, each with one update, to a row of metrics"),
      Setting("optimizer", \.optimizer, .any, "which rule takes the steps"),
      Setting("optimizer-epsilon", \.optimizerEpsilon, .above(0), "epsilon of either rule"),
      Setting(
        "rmsprop-decay", \.rmspropDecay, .range(0..<1),
        "decay of RMSProp's mean of squared gradients"),
    ]

  /// What is wrong with the size of a rollout, in one sentence; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout).partialValue
    return shared.problem(environments: environments, minibatch: rows, name: "steps-per-rollout")
  }
}
