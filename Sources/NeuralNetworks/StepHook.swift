/// Something that takes part in an optimiser's steps: it may change gradients before one, parameters
/// and moments after it, or put another rule in its place.
public protocol StepHook: AnyObject {
  /// Takes a step in place of the optimiser, which ``Adam/takeOwnStep(learningRate:gradientScale:)``
  /// leaves to it again; `parametersDidChange()` follows as after any step.
  func step(_ optimizer: Adam, learningRate: Float, gradientScale: Float)
}
