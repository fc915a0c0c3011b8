internal import NeuralNetworks
public import Training

/// The settings of flow policy optimisation, with those of FPO++.
///
/// - Source: McAllister et al. 2025, arXiv:2507.21053, and its code for the MuJoCo Playground; the
///   settings of FPO++ are those of arXiv:2602.02481 and its code.
public struct FPOConfiguration: OnPolicyConfiguration {
  /// The quantity whose squared error is the flow-matching loss.
  public enum Loss: String, SettingValue, CaseIterable {
    /// The velocity ε − a.
    case velocity
    /// The noise ε that point and velocity imply, which weighs the velocity's error by (1 − t)².
    case noise
  }

  /// The sum of squared errors over the components of an action, as a part of the loss.
  public enum Reduction: String, SettingValue, CaseIterable {
    /// The sum divided by the number of components.
    case mean
    /// The sum divided by the root of the number of components.
    case root
    /// The sum.
    case sum
  }

  /// The way in which N loss samples make the ratio of an action.
  public enum Ratio: String, SettingValue, CaseIterable {
    /// One ratio, the exponential of the mean difference of losses.
    case averaged
    /// N ratios, whose objectives are averaged.
    case perSample = "per-sample"
  }

  /// The objective that keeps ratios near 1.
  public enum TrustRegion: String, SettingValue, CaseIterable {
    /// PPO's clipped objective.
    case clip
    /// A quadratic penalty on the ratio, as in simple policy optimisation.
    case spo
    /// Clipping for positive advantages and the penalty for negative ones.
    case aspo
  }

  /// The times at which losses are estimated.
  public enum TimeSampling: String, SettingValue, CaseIterable {
    /// The times at which Euler steps begin.
    case grid
    /// Times between 0.005 and 0.995.
    case continuous
  }

  /// The advantages over which standardisation computes mean and deviation.
  public enum AdvantageScope: String, SettingValue, CaseIterable {
    /// Those of each minibatch.
    case minibatch
    /// Those of the whole rollout.
    case rollout
  }

  public var shared = OnPolicySettings()
  /// Number of passes over each rollout.
  public var epochs = 10
  /// Number B of transitions per gradient step.
  public var minibatchSize = 512
  /// Number of Euler steps of a rollout's actions.
  public var flowSteps = 10
  /// Number of Euler steps of an evaluation's actions; nil for ``flowSteps``.
  public var evaluationFlowSteps: Int?
  /// Method of these steps.
  public var flowMethod = FlowMethod.midpoint
  /// Number of network inputs that encode the time.
  public var timeFeatures = 8
  /// Factor on the network's outputs.
  public var velocityScale: Float = 1
  /// Factor on the initial weights of the network's output layer.
  public var initialVelocityScale: Float = 0.01
  /// Standard deviation of the end of a flow without the network's part; nil if there is no other
  /// part.
  public var initialDeviation: Float? = 1
  /// Factor on the end of a flow before it is bounded.
  public var actionScale: Float = 1
  /// Function that bounds actions.
  public var actionBounds = FlowBounds.clip
  /// Standard deviation of noise that is added to the end of a rollout's flow.
  public var actionNoise: Float = 0
  /// Number N of samples at which an action's loss is estimated.
  public var samplesPerAction = 4
  /// Whether samples come in pairs of one time and opposite noise, with times spread evenly.
  public var pairedSamples = true
  /// Times of these samples.
  public var timeSampling = TimeSampling.continuous
  /// Parameter β of the distribution of continuous times.
  public var timeBeta: Float = 1
  /// Quantity whose error is the loss.
  public var flowLoss = Loss.velocity
  /// Sum over the action's components.
  public var lossReduction = Reduction.sum
  /// Factor on the loss.
  public var lossScale: Float = 1
  /// Way in which samples make ratios.
  public var ratio = Ratio.averaged
  /// Objective that keeps ratios near 1.
  public var trustRegion = TrustRegion.clip
  /// Range ε of the trust region.
  public var clipRange: Float = 0.1
  /// Limit of old and new losses; nil for none.
  public var lossClamp: Float?
  /// Limit of old and new losses of actions with negative advantages; nil for none.
  public var negativeLossClamp: Float?
  /// Lower limit of a sample's log-ratio; nil for none.
  public var lowestLogRatio: Float?
  /// Upper limit of a sample's log-ratio; nil for none.
  public var highestLogRatio: Float?
  /// Whether gradients pass the limits of the log-ratio unchanged.
  public var straightThrough = false
  /// Advantages over which mean and deviation are computed.
  public var advantageScope = AdvantageScope.minibatch
  /// Limit of the magnitude of advantages; nil for none.
  public var advantageClamp: Float?
  /// Number that is added to standardised and limited advantages.
  public var advantageOffset: Float = 0.2
  /// Weight of the penalty on changes of the flow's end from the same noise.
  public var mapCoefficient: Float = 0
  /// Number k of the neighbour from whose distance the entropy is estimated.
  public var entropyNeighbor = 1
  /// Target for the mean squared change of predicted noise, which adapts the learning rate; nil for
  /// a scheduled rate.
  public var targetDrift: Float?
  /// Decay per update of the running means of weights with which evaluations act; nil for none.
  public var averageDecay: Float?
  /// Number of updates before the running means begin.
  public var averageWarmUp = 500
  /// Range ε of the clipped value loss; nil for the plain squared error.
  public var valueClipRange: Float?
  /// Decay β₂ of Adam.
  public var adamBeta2: Float = 0.999
  /// Term ε of Adam.
  public var adamEpsilon: Float = 1e-8
  /// Decoupled weight decay of both networks.
  public var weightDecay: Float = 0

  /// Creates the default settings.
  public init() {
    shared.discount = 0.99
    shared.valueCoefficient = 0.25
    shared.maximumGradientNorm = 1
    shared.normalizeObservations = true
    shared.normalizeRewards = true
  }

  /// Table of all settings; a flow has no standard deviation to start from.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared).filter { $0.key != "initial-log-std" }
    + flowTable + lossTable + updateTable

  private static let flowTable: [Setting<Self>] = [
    Setting(
      "flow-steps", \.flowSteps, .range(steps), "Euler steps of an action in a rollout"),
    Setting(
      "evaluation-flow-steps", \.evaluationFlowSteps, .range(steps),
      "Euler steps of an action in an evaluation; null for flow-steps"),
    Setting("flow-method", \.flowMethod, .any, "method of these steps"),
    Setting(
      "time-features", \.timeFeatures, .range(2...32), "network inputs that encode the time; even"),
    Setting("velocity-scale", \.velocityScale, .above(0), "factor on the network's outputs"),
    Setting(
      "initial-velocity-scale", \.initialVelocityScale, .above(0),
      "factor on the initial weights of the output layer; small for an unbiased start"),
    Setting(
      "initial-deviation", \.initialDeviation, .above(0),
      "standard deviation of the flow to whose velocity the network's is added; null for no flow"),
    Setting(
      "action-scale", \.actionScale, .above(0), "factor on the end of a flow before it is bounded"),
    Setting("action-bounds", \.actionBounds, .any, "function that bounds actions"),
    Setting(
      "action-noise", \.actionNoise, .atLeast(0),
      "standard deviation of noise added to a rollout's actions, seen by the loss"),
  ]

  private static let lossTable: [Setting<Self>] = [
    Setting(
      "samples-per-action", \.samplesPerAction, .range(1...4096),
      "samples at which an action's flow-matching loss is estimated"),
    Setting(
      "paired-samples", \.pairedSamples, .any,
      "pair samples of opposite noise at the same time, with times spread evenly"),
    Setting("time-sampling", \.timeSampling, .any, "times of the samples"),
    Setting(
      "time-beta", \.timeBeta, .above(0),
      "continuous times are nearer to the action if above 1, to noise if below"),
    Setting("flow-loss", \.flowLoss, .any, "quantity whose squared error is the loss"),
    Setting("loss-reduction", \.lossReduction, .any, "sum over the action's components"),
    Setting("loss-scale", \.lossScale, .above(0), "factor on the loss"),
    Setting("ratio", \.ratio, .any, "one ratio of averaged losses, or one per sample"),
    Setting("trust-region", \.trustRegion, .any, "objective that keeps ratios near 1"),
    Setting("clip-range", \.clipRange, .between(0, 1), "range of the trust region"),
    Setting(
      "loss-clamp", \.lossClamp, .above(0), "limit of old and new losses; null for none"),
    Setting(
      "negative-loss-clamp", \.negativeLossClamp, .above(0),
      "limit of losses of actions with negative advantages; null for none"),
    Setting(
      "lowest-log-ratio", \.lowestLogRatio, .range(-80.0 ... -1e-3),
      "lower limit of a sample's log-ratio; null for none"),
    Setting(
      "highest-log-ratio", \.highestLogRatio, .range(1e-3...80),
      "upper limit of a sample's log-ratio; null for none"),
    Setting(
      "straight-through", \.straightThrough, .any,
      "let gradients pass the limits of the log-ratio"),
  ]

  private static let updateTable: [Setting<Self>] = [
    Setting("epochs", \.epochs, .atLeast(1), "passes over each rollout"),
    Setting("minibatch-size", \.minibatchSize, .atLeast(1), "transitions per gradient step"),
    Setting(
      "advantage-scope", \.advantageScope, .any,
      "advantages over which mean and deviation are computed"),
    Setting(
      "advantage-clamp", \.advantageClamp, .above(0),
      "limit of the magnitude of advantages; null for none"),
    Setting(
      "advantage-offset", \.advantageOffset, .atLeast(0),
      "number added to advantages, which draws the flow to its own actions"),
    Setting(
      "map-coefficient", \.mapCoefficient, .atLeast(0),
      "weight of the penalty on changes of actions from the same noise"),
    Setting(
      "entropy-neighbor", \.entropyNeighbor, .range(1...64),
      "neighbour from whose distance the entropy is estimated"),
    Setting(
      "target-drift", \.targetDrift, .above(0),
      "mean squared change of predicted noise that adapts the learning rate; null for none"),
    Setting(
      "average-decay", \.averageDecay, .range(0..<1),
      "decay per update of averaged weights for evaluations; null for none"),
    Setting(
      "average-warm-up", \.averageWarmUp, .atLeast(0), "updates before weights are averaged"),
    Setting(
      "value-clip-range", \.valueClipRange, .aboveOrInfinite(0),
      "clip range of the value loss; null for the plain squared error"),
    Setting("adam-beta2", \.adamBeta2, .range(0..<1), "Adam's beta 2"),
    Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
    Setting("weight-decay", \.weightDecay, .atLeast(0), "decoupled weight decay of both networks"),
  ]

  private static let steps =
    Double(FlowShape.stepRange.lowerBound)...Double(FlowShape.stepRange.upperBound)
}
