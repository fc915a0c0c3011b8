/// A hook that takes part in an optimiser's steps: it may change gradients before a step, change
/// parameters and moments after it, or replace the step by another rule.
public protocol StepHook: AnyObject {
  /// Takes a step on the optimiser's behalf; `parametersDidChange()` is called afterwards, as after
  /// any step.
  ///
  /// Call ``Optimizer/takeOwnStep(learningRate:gradientScale:)`` for the optimiser's own step.
  func step(_ optimizer: Optimizer, learningRate: Float, gradientScale: Float)
  /// Returns how far the last step in this process moved a parameter, without weight decay.
  ///
  /// - Parameter index: The parameter's index in its block.
  /// - Returns: The Euclidean length; nil if the optimiser took the step by its own rule.
  func lengthOfLastStep(ofParameter index: Int) -> Double?
  /// Learns that all parameters have been given new initial values, outside any step; called by
  /// ``Optimizer/restart()``.
  func weightsAreNew()
}

extension StepHook {
  /// Returns nil: the optimiser takes every step by its own rule.
  public func lengthOfLastStep(ofParameter index: Int) -> Double? { nil }
  /// Does nothing: the hook remembers nothing about the parameters.
  public func weightsAreNew() {}
}
