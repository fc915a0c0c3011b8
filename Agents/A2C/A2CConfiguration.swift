public import RLCore
public import Training

/// The settings of A2C.
///
/// - Source: defaults of Stable-Baselines3 2.x, which follow Mnih et al. 2016, arXiv:1602.01783,
///   and OpenAI Baselines.
public struct A2CConfiguration: OnPolicyConfiguration {
  /// The rule of the optimiser.
  public enum Rule: String, SettingValue, CaseIterable {
    /// RMSProp in the form of TensorFlow 1.
    case rmsprop
    /// Adam without weight decay.
    case adam
  }

  public var shared = OnPolicySettings()
  public var rolloutsPerIteration = 32
  /// Rule of the optimiser.
  public var optimizer = Rule.rmsprop
  /// Term ε of the optimiser's rule.
  public var optimizerEpsilon: Float = 1e-5
  /// Decay of RMSProp's running mean of squared gradients.
  public var rmspropDecay: Float = 0.99

  /// Creates the default settings.
  public init() {
    shared.stepsPerRollout = 5
    shared.learningRate = 7e-4
    shared.gaeLambda = 1
    shared.normalizeAdvantages = false
  }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + [
      Setting(
        "rollouts-per-iteration", \.rolloutsPerIteration, .range(1...1_048_576),
        "rollouts, each with one update, per row of metrics"),
      Setting("optimizer", \.optimizer, .any, "rule of the optimiser"),
      Setting("optimizer-epsilon", \.optimizerEpsilon, .above(0), "epsilon of the optimiser"),
      Setting(
        "rmsprop-decay", \.rmspropDecay, .range(0..<1),
        "decay of RMSProp's running mean of squared gradients"),
    ]

  /// Returns the problem with the size of a rollout, in one sentence; nil if there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout).partialValue
    return shared.problem(environments: environments, minibatch: rows, name: "steps-per-rollout")
  }

  /// Returns what rollouts and networks need; every rollout is one minibatch.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout)
    return shared.memoryNeeds(
      in: specification, environments: environments,
      minibatch: rows.overflow ? .max : rows.partialValue, name: "steps-per-rollout")
  }
}
