public import LinearAlgebra

/// What lies between agents and environments: it changes actions, adds disturbances and distorts
/// what is observed.
///
/// The environments simulate what it returns, and so do recordings; what agents ask for is what
/// snapshots hold, from which the perturbed episode is simulated again.  Everything that it draws
/// must depend only on the episode's seed and on what it was given in the episode.  The methods are
/// called in each step in the order of their declaration; calls for different environments may come
/// from different threads at the same time.
public protocol StepPerturber: AnyObject {
  /// Whether ``disturb(_:in:)`` adds anything.
  var disturbs: Bool { get }

  /// Begins an episode and distorts its first observation.
  ///
  /// - Parameters:
  ///   - environment: Index of the environment.
  ///   - seed: Seed of the episode.
  ///   - observations: Observations, [N × O]; the environment's row is changed in place.
  func begin(_ environment: Int, seed: UInt64, observations: Matrix)

  /// Returns the actions to simulate.
  ///
  /// - Parameters:
  ///   - actions: Actions that were asked for, [N × A].
  ///   - range: Environments that are about to step.
  /// - Returns: A matrix whose rows of these environments hold their actions, [N × A].
  func perturb(_ actions: Matrix, in range: Range<Int>) -> Matrix

  /// Adds disturbances and keeps the sums within the components' bounds.
  ///
  /// - Parameters:
  ///   - disturbances: Disturbances, [N × D]; rows of the range are changed in place.
  ///   - range: Environments that are about to step.
  func disturb(_ disturbances: Matrix, in range: Range<Int>)

  /// Distorts the observation after a step.
  ///
  /// - Parameters:
  ///   - environment: Index of the environment.
  ///   - observations: Observations, [N × O]; the environment's row is changed in place.
  func distort(_ environment: Int, observations: Matrix)
}
