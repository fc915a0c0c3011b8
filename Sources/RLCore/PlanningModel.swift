public import LinearAlgebra

/// A copy of an episode's state, on which a planner tries actions.
///
/// A model is a value: a rollout advances a copy of its own.  It knows no time limit and no
/// disturbances to come.
public protocol PlanningModel {
  /// Advances by one time step like the environment.
  ///
  /// - Parameters:
  ///   - action: Action, [A], in the environment's units.
  ///   - observation: Destination of whatever the model can observe, [O].
  /// - Returns: The reward and, if the task ended, what that means.
  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome

  /// Adds up the rewards of plans; a requirement so that its default body is specialised in the module
  /// that defines the model.
  ///
  /// Nothing follows the end of the task.  The last reward of a plan that does not bring it is taken
  /// to be earned for some steps more.
  ///
  /// - Parameters:
  ///   - plans: Actions one after the other, [K × H·A].
  ///   - actionWidth: Number of components of one action, A.
  ///   - tail: Number of steps for which the last reward continues.
  ///   - observations: Scratch memory, [≥ 1 × O].
  ///   - returns: Destination of the undiscounted sums, [K].
  func rollOut(
    _ plans: Matrix, actionWidth: Int, tail: Double, observations: Matrix,
    returns: inout MutableSpan<Double>)
}

extension PlanningModel {
  @inlinable public func rollOut(
    _ plans: Matrix, actionWidth: Int, tail: Double, observations: Matrix,
    returns: inout MutableSpan<Double>
  ) {
    let scratch = observations.mutableRow(0)
    var observation = scratch.mutableSpan
    for k in 0..<plans.rows {
      var model = self
      var sum = 0.0
      var column = 0
      let plan = plans.row(k)
      while column < plan.count {
        let action = UnsafeBufferPointer(rebasing: plan[column..<column + actionWidth])
        let outcome = model.step(action: action.span, observation: &observation)
        column += actionWidth
        sum += outcome.reward
        guard outcome.end == nil else { break }
        if column == plan.count { sum += tail * outcome.reward }
      }
      returns[k] = sum
    }
  }
}

/// The physical constants that a planner believes in.
public enum ModelParameters: String, Sendable, CaseIterable {
  /// The nominal constants, whatever those of the episode are.
  case nominal
  /// The constants of the episode.
  case episode
}
