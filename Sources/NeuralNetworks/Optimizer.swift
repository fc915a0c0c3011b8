public import LinearAlgebra

/// The settings of Adam, with PyTorch's defaults.
public struct AdamConfiguration: Sendable, Equatable {
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

/// The settings of RMSProp as TensorFlow 1 has it, which A2C was published with.
public struct RMSPropConfiguration: Sendable, Equatable {
  /// Decay of the mean of squared gradients, which starts at 1.
  public var decay: Float
  /// Added to the mean square, inside the root.
  public var epsilon: Float

  /// Makes a configuration.
  public init(decay: Float = 0.99, epsilon: Float = 1e-5) {
    self.decay = decay
    self.epsilon = epsilon
  }
}

/// How an optimiser's step follows from gradients.
public enum OptimizerRule: Sendable, Equatable {
  /// Adam, and AdamW with weight decay.
  case adam(AdamConfiguration)
  /// RMSProp without momentum: `v ← d v + (1 − d) g²`, `x ← x − α g / √(v + ε)`.
  case rmsProp(RMSPropConfiguration)
}

/// Moves the parameters of one block along their gradients.
///
/// - Source: Adam of Kingma and Ba, arXiv:1412.6980, and Loshchilov and Hutter, arXiv:1711.05101, with
///   epsilon and decay as in `torch.optim.Adam` and `AdamW`; RMSProp as Stable-Baselines3 2.x
///   `RMSpropTFLike`.
public final class Optimizer {
  /// The mean of gradients, padded like the parameters; the last gradient alone for RMSProp.
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
  /// How steps are taken.
  public var rule: OptimizerRule
  /// What ``secondMoment`` starts from.
  public var initialSecondMoment: Float
  private let block: ParameterBlock

  /// Optimises the parameters of one block.
  public init(_ block: ParameterBlock, _ rule: OptimizerRule = .adam(AdamConfiguration())) {
    self.block = block
    self.rule = rule
    firstMoment = Vector(count: block.values.count)
    secondMoment = Vector(count: block.values.count)
    switch rule {
    case .adam(let settings):
      precondition(settings.epsilon > 0, "epsilon \(settings.epsilon)")
      initialSecondMoment = 0
    case .rmsProp: initialSecondMoment = 1
    }
    reset()
  }

  /// Forgets all steps.
  public func reset() {
    firstMoment.fill(0)
    secondMoment.fill(initialSecondMoment)
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
    switch rule {
    case .adam(let settings):
      let time = Double(stepCount)
      let correction1 = 1 - ScalarMaths.pow(Double(settings.beta1), time)
      let correction2 = 1 - ScalarMaths.pow(Double(settings.beta2), time)
      adamStep(
        AdamConstants(
          gradientScale: gradientScale, beta1: settings.beta1, beta2: settings.beta2,
          stepSize: Float(Double(learningRate) / correction1),
          inverseRootBias2: Float(1 / correction2.squareRoot()), epsilon: settings.epsilon,
          decay: 1 - learningRate * settings.weightDecay),
        gradients: block.gradients, values: block.values, firstMoment: firstMoment,
        secondMoment: secondMoment)
    case .rmsProp(let settings):
      let (gradients, values) = (block.gradients, block.values)
      let (last, squares) = (firstMoment, secondMoment)
      for i in 0..<values.count {
        let gradient = gradientScale * gradients[i]
        last[i] = gradient
        squares[i] = settings.decay * squares[i] + (1 - settings.decay) * gradient * gradient
        values[i] -= learningRate * gradient / (squares[i] + settings.epsilon).squareRoot()
      }
    }
  }

  /// How far the last step moved one number, over the learning rate and without weight decay.
  ///
  /// - Parameters:
  ///   - firstMoment: Of the number, after the step.
  ///   - secondMoment: Of the number, after the step.
  /// - Returns: The distance, in double precision.
  public func lastMovement(firstMoment: Float, secondMoment: Float) -> Double {
    switch rule {
    case .adam(let settings):
      let time = Double(stepCount)
      let correction1 = 1 - ScalarMaths.pow(Double(settings.beta1), time)
      let correction2 = 1 - ScalarMaths.pow(Double(settings.beta2), time)
      let root = (Double(secondMoment) / correction2).squareRoot()
      return Double(firstMoment) / correction1 / (root + Double(settings.epsilon))
    case .rmsProp(let settings):
      let root = (Double(secondMoment) + Double(settings.epsilon)).squareRoot()
      return Double(firstMoment) / root
    }
  }
}

/// The factor that scales gradients of a given norm down to a maximum: `min(1, c / (norm + 1e-6))`.
///
/// A norm that is not finite gives a factor that is not either, so check the norm first.
public func clipFactor(norm: Float, maximum: Float) -> Float {
  let factor = maximum / (norm + 1e-6)
  return factor > 1 ? 1 : factor
}
