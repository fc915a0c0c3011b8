internal import NeuralNetworks
public import RLCore
public import Training

/// The settings of the incremental worst-case search on SAC's policies.
///
/// - Source: Zouitine, Geist and Rachelson 2024, arXiv:2410.06212.
public struct IWOCSConfiguration: AgentConfiguration {
  /// Settings of SAC, by which every case's policy and the fallback learn.
  public var sac = SACConfiguration()
  /// Number of cases for which a policy is learnt, the nominal one first.
  public var cases = 3
  /// Share of the steps in which the fallback learns under randomised parameters.
  public var fallbackShare = 0.4
  /// Share of each case's steps in which the next worst case is looked for.
  public var searchShare = 0.25
  /// Episodes under each candidate for the worst case.
  public var searchEpisodes = 2
  /// Greatest recent error ρ with which a case may be the present one, until it is chosen at the end.
  public var greatestError: Float = 0.1
  /// Whether the greatest error is chosen at the end, among ten values from 0.01 to 0.5.
  public var choosesGreatestError = true
  /// Weight of the recent error before in the one after a step.
  public var errorMemory: Float = 0.8
  /// Widths of the hidden layers of the models.
  public var modelHidden = [128, 128]
  /// Learning rate of the models.
  public var modelLearningRate: Float = 1e-3

  /// Creates the default settings.
  public init() {}

  /// Table of all settings; those of SAC have no group.
  public static let table: [Setting<Self>] =
    SACConfiguration.table(at: \.sac).filter { !$0.key.hasPrefix("worst-case.") } + [
      Setting(
        "cases", \.cases, .range(1...64),
        "cases of the randomised parameters for which a policy is learnt, the nominal one first"),
      Setting(
        "fallback-share", \.fallbackShare, .range(0.01...0.99),
        "share of the steps in which the fallback learns under randomised parameters"),
      Setting(
        "search-share", \.searchShare, .range(0...0.9),
        "share of each case's steps in which the next worst case is looked for"),
      Setting(
        "search-episodes", \.searchEpisodes, .range(1...1000),
        "episodes under each candidate for the worst case"),
      Setting(
        "greatest-error", \.greatestError, .atLeast(0),
        "greatest recent error of a model with which its case may be the present one"),
      Setting(
        "choose-greatest-error", \.choosesGreatestError, .any,
        "choose the greatest error at the end, in 0.01...0.5, by the worst of cases and corners"),
      Setting(
        "error-memory", \.errorMemory, .range(0..<1),
        "weight of a model's recent error before in the one after a step"),
      Setting("model-hidden", \.modelHidden, .hiddenWidths, "widths of the models' hidden layers"),
      Setting("model-learning-rate", \.modelLearningRate, .above(0), "learning rate of the models"),
    ]

  public var stepsAtOnce: Int { sac.stepsAtOnce }

  /// True: the cases are looked for among the parameters that the run randomises.
  public var searchesParameters: Bool { true }

  /// Returns the problem with the combination of settings, in one sentence with the remedy; nil if
  /// there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    if sac.multiStep != 1 {
      return "multi-step must be 1, since models predict the next observation; set multi-step=1"
    }
    let share = min(fallbackShare, (1 - fallbackShare) * (1 - searchShare) / Double(cases))
    let steps = Int(share * Double(totalSteps))
    if sac.warmUpSteps >= steps {
      return "warm-up-steps must be below \(steps), the steps of the shortest of the fallback and "
        + "\(cases) cases, or it learns nothing; lower it, or train for more steps or fewer cases"
    }
    return sac.problem(environments: environments, totalSteps: totalSteps)
  }

  /// Returns why the agent can't learn in an environment, in one sentence; nil if it can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    sac.problem(in: specification)
  }

  /// Returns what SAC, the critics without entropy and the models need, those of all cases included.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let (observations, actions) = (specification.observationWidth, specification.actionWidth)
    let critic = MLPArchitecture(
      inputs: observations + actions, hidden: sac.criticHidden, outputs: 1,
      activation: sac.activation, usesLayerNorm: sac.criticLayerNorm,
      pattern: sac.criticArchitecture)
    let model = WorstCasePolicy.modelArchitecture(
      observationWidth: observations, actionWidth: actions, hidden: modelHidden)
    return sac.memoryNeeds(in: specification, environments: environments)
      + MemoryNeed.networks(
        "critic-hidden", critic, count: 2 * (cases + 2), rows: sac.batchSize, rowsKey: "batch-size")
      + MemoryNeed.networks(
        "model-hidden", model, count: cases + 1, rows: sac.batchSize, rowsKey: "batch-size")
  }

  /// Settings of the critics without entropy.
  var ofValues: SACConfiguration {
    var configuration = sac
    (configuration.quantiles, configuration.droppedQuantiles) = (1, 0)
    (configuration.criticDropout, configuration.criticBatchNorm) = (0, false)
    configuration.usesTargetNetworks = true
    return configuration
  }
}
