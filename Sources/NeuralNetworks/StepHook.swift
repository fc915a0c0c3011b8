/// Something that takes part in an optimiser's steps: it may change gradients before one, parameters
/// and moments after it, or put another rule in its place.
public protocol StepHook: AnyObject {
  /// Takes a step in place of the optimiser, which ``Optimizer/takeOwnStep(learningRate:gradientScale:)``
  /// leaves to it again; `parametersDidChange()` follows as after any step.
  func step(_ optimizer: Optimizer, learningRate: Float, gradientScale: Float)
  /// How far the last step of this session moved a parameter, without the decay of weights.
  ///
  /// - Parameter index: The parameter's place in its block.
  /// - Returns: The Euclidean length; nil if the optimiser took it.
  func lengthOfLastStep(ofParameter index: Int) -> Double?
}

extension StepHook {
  /// Leaves every step to the optimiser.
  public func lengthOfLastStep(ofParameter index: Int) -> Double? { nil }
}
