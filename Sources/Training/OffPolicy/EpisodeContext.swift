public import LinearAlgebra

/// Numbers that belong to running episodes and that transitions hold behind their observations.
public protocol EpisodeContext: AnyObject {
  /// Numbers of the running episodes, [N × P].
  var values: Matrix { get }
  /// Called before all environments take a step.
  func willStep()
  /// Called after an environment's episode has ended and the next one has begun.
  func didEnd(in environment: Int)
}
