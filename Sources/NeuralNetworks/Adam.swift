public import LinearAlgebra

/// The settings of Adam, with PyTorch's defaults.
public struct AdamConfiguration: Codable, Sendable, Equatable {
  /// Decay of the mean of gradients.
  public var beta1: Float
  /// Decay of the mean of squared gradients.
  public var beta2: Float
  /// Added to the root of the mean square, outside the root; PPO's custom is 1e-5.
  public var epsilon: Float
  /// AdamW: each step first shrinks all parameters by `learningRate · weightDecay`.
  public var weightDecay: Float

  /// Makes a configuration.
  public init(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// Adam, and AdamW where weight decay is set.
///
/// - Source: Kingma and Ba, arXiv:1412.6980; Loshchilov and Hutter, arXiv:1711.05101; epsilon and
///   decay as in `torch.optim.Adam` and `AdamW`.
public final class Adam {
  /// The mean of gradients, padded like the parameters.
  public let firstMoment: Vector
  /// The mean of squared gradients.
  public let secondMoment: Vector
  /// Number of steps taken.
  public var stepCount = 0
  /// The learning rate of the last step of this session; 0 before one.
  public private(set) var learningRate: Float = 0
  /// Takes part in every step; nil for none.
  public var hook: (any StepHook)? {
    get { attachedHook }
    set { attachedHook = newValue }
  }
  // Private, so that a step without a hook is one comparison, without a check for exclusive access.
  private var attachedHook: (any StepHook)?
  /// The settings.
  public var configuration: AdamConfiguration
  private let block: ParameterBlock

  /// Optimises the parameters of one block.
  public init(_ block: ParameterBlock, configuration: AdamConfiguration = AdamConfiguration()) {
    precondition(configuration.epsilon > 0, "epsilon \(configuration.epsilon)")
    self.block = block
    self.configuration = configuration
    firstMoment = Vector(count: block.values.count)
    secondMoment = Vector(count: block.values.count)
  }

  /// Forgets all steps.
  public func reset() {
    firstMoment.fill(0)
    secondMoment.fill(0)
    stepCount = 0
  }

  /// Takes one step along the block's gradients; `parametersDidChange()` has to follow.
  ///
  /// - Parameters:
  ///   - learningRate: The rate of this step.
  ///   - gradientScale: Multiplies every gradient first; ``clipFactor(norm:maximum:)`` belongs here.
  public func step(learningRate: Float, gradientScale: Float = 1) {
    if let attachedHook {
      attachedHook.step(self, learningRate: learningRate, gradientScale: gradientScale)
    } else {
      takeOwnStep(learningRate: learningRate, gradientScale: gradientScale)
    }
  }

  /// Notes a step that another rule takes in its place.
  public func countStep(learningRate: Float) {
    stepCount += 1
    self.learningRate = learningRate
  }

  /// Takes the step itself, whatever hook there is.
  public func takeOwnStep(learningRate: Float, gradientScale: Float) {
    countStep(learningRate: learningRate)
    let time = Double(stepCount)
    let correction1 = 1 - ScalarMaths.pow(Double(configuration.beta1), time)
    let correction2 = 1 - ScalarMaths.pow(Double(configuration.beta2), time)
    adamStep(
      AdamConstants(
        gradientScale: gradientScale, beta1: configuration.beta1, beta2: configuration.beta2,
        stepSize: Float(Double(learningRate) / correction1),
        inverseRootBias2: Float(1 / correction2.squareRoot()), epsilon: configuration.epsilon,
        decay: 1 - learningRate * configuration.weightDecay),
      gradients: block.gradients, values: block.values, firstMoment: firstMoment,
      secondMoment: secondMoment)
  }
}

/// The factor that scales gradients of a given norm down to a maximum: `min(1, c / (norm + 1e-6))`.
///
/// A norm that is not finite gives a factor that is not either, so check the norm first.
public func clipFactor(norm: Float, maximum: Float) -> Float {
  let factor = maximum / (norm + 1e-6)
  return factor > 1 ? 1 : factor
}
