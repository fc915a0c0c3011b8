public import LinearAlgebra

/// Settings of Adam, with PyTorch's defaults.
public struct AdamConfiguration: Sendable, Equatable {
  /// Decay β₁ of the running mean of gradients.
  public var beta1: Float
  /// Decay β₂ of the running mean of squared gradients.
  public var beta2: Float
  /// Term ε added to the root of the mean square, outside the root; 1e-5 is usual for PPO.
  public var epsilon: Float
  /// Decoupled weight decay (AdamW): each step first shrinks all parameters by the fraction
  /// `learningRate · weightDecay`.
  public var weightDecay: Float

  /// Creates a configuration.
  public init(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// Settings of RMSProp in the form of TensorFlow 1, with which A2C was published.
public struct RMSPropConfiguration: Sendable, Equatable {
  /// Decay d of the running mean of squared gradients, which starts at 1.
  public var decay: Float
  /// Term ε added to the mean square, inside the root.
  public var epsilon: Float

  /// Creates a configuration.
  public init(decay: Float = 0.99, epsilon: Float = 1e-5) {
    self.decay = decay
    self.epsilon = epsilon
  }
}

/// The rule by which an optimiser turns gradients into steps.
public enum OptimizerRule: Sendable, Equatable {
  /// Adam, or AdamW if there is weight decay.
  case adam(AdamConfiguration)
  /// RMSProp without momentum: `v ← d v + (1 − d) g²`, `x ← x − α g / √(v + ε)`.
  case rmsProp(RMSPropConfiguration)
  /// Plain descent, `x ← x − α g`, for directions that a method has computed itself.
  case gradientDescent
}

/// An optimiser that updates the parameters of one block from their gradients.
///
/// - Source: Adam of Kingma and Ba, arXiv:1412.6980, and Loshchilov and Hutter, arXiv:1711.05101,
///   with epsilon and decay as in `torch.optim.Adam` and `AdamW`; RMSProp as in Stable-Baselines3
///   2.x `RMSpropTFLike`.
public final class Optimizer {
  /// Running mean of gradients, padded like the parameters; except for Adam the last gradient.
  public let firstMoment: Vector
  /// Running mean of squared gradients, padded like the parameters; zero for plain descent.
  public let secondMoment: Vector
  /// Number of steps taken.
  public var stepCount = 0
  /// Learning rate of the last step in this process; 0 before the first.
  public private(set) var learningRate: Float = 0
  /// Hook that takes part in every step; nil if there is none.
  public var hook: (any StepHook)? {
    get { attachedHook }
    set { attachedHook = newValue }
  }
  // Private, so that a step without a hook is one comparison, without a check for exclusive access.
  private var attachedHook: (any StepHook)?
  /// The rule by which gradients become steps.
  public var rule: OptimizerRule
  /// Initial value of each element of ``secondMoment``.
  public var initialSecondMoment: Float
  private let block: ParameterBlock

  /// Creates an optimiser for the parameters of one block.
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
    case .gradientDescent: initialSecondMoment = 0
    }
    reset()
  }

  /// Resets both moments and the step count to their initial values.
  public func reset() {
    firstMoment.fill(0)
    secondMoment.fill(initialSecondMoment)
    stepCount = 0
  }

  /// Resets the optimiser for parameters that have been given new initial values, and tells the
  /// hook that they are new.
  public func restart() {
    reset()
    attachedHook?.weightsAreNew()
  }

  /// Takes one step along the block's gradients; call `parametersDidChange()` afterwards.
  ///
  /// - Parameters:
  ///   - learningRate: The learning rate of this step.
  ///   - gradientScale: A factor on every gradient, such as ``clipFactor(norm:maximum:)``.
  public func step(learningRate: Float, gradientScale: Float = 1) {
    if let attachedHook {
      attachedHook.step(self, learningRate: learningRate, gradientScale: gradientScale)
    } else {
      takeOwnStep(learningRate: learningRate, gradientScale: gradientScale)
    }
  }

  /// Records a step that another rule takes instead of the optimiser.
  public func countStep(learningRate: Float) {
    stepCount += 1
    self.learningRate = learningRate
  }

  /// Takes one step by the optimiser's own rule, without calling the hook.
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
    case .gradientDescent:
      let (gradients, values, last) = (block.gradients, block.values, firstMoment)
      for i in 0..<values.count {
        last[i] = gradientScale * gradients[i]
        values[i] -= learningRate * last[i]
      }
    }
  }

  /// Returns how far the last step moved one element of a parameter, divided by the learning rate
  /// and without weight decay.
  ///
  /// - Parameters:
  ///   - firstMoment: The element's first moment after the step.
  ///   - secondMoment: The element's second moment after the step.
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
    case .gradientDescent: return Double(firstMoment)
    }
  }
}

/// Returns the factor that scales gradients down to a maximum norm c: `min(1, c / (norm + 1e-6))`.
///
/// Check first that the norm is finite: an infinite norm yields 0, and NaN yields NaN.
public func clipFactor(norm: Float, maximum: Float) -> Float {
  let factor = maximum / (norm + 1e-6)
  return factor > 1 ? 1 : factor
}
