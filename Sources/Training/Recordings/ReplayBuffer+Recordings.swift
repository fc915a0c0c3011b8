internal import LinearAlgebra
public import NeuralNetworks

extension ReplayBuffer {
  /// Adds all steps of recorded episodes, one transition each.
  ///
  /// An episode that neither the task nor a time limit ended is taken as cut off by a limit.
  ///
  /// - Parameters:
  ///   - recordings: The episodes, in the order in which they are added.
  ///   - distribution: The distribution whose actions in −1...1 the buffer holds.
  ///   - multiStep: Number of rewards in a transition, n.
  ///   - discount: Discount γ per step.
  public func add(
    _ recordings: RecordedEpisodes, for distribution: SquashedGaussian, multiStep: Int,
    discount: Float
  ) {
    let before = Matrix(rows: 1, columns: observationWidth)
    let after = Matrix(rows: 1, columns: observationWidth)
    let action = Matrix(rows: 1, columns: actionWidth)
    for (episode, steps) in recordings.steps.enumerated() {
      var queue = MultiStepQueue(steps: multiStep, discount: discount)
      for step in steps {
        let row = recordings.observationRow(step: step, of: episode)
        before.copyRow(0, from: recordings.observations, row: row)
        after.copyRow(0, from: recordings.observations, row: row + 1)
        distribution.unbound(recordings.actions, row: step, into: action)
        let isLast = step == steps.upperBound - 1
        let isTerminated = isLast && recordings.isTerminated[episode]
        queue.push(
          row: 0, observations: before, actions: action, reward: recordings.rewards[step],
          nextObservations: after, terminated: isTerminated, truncated: isLast && !isTerminated,
          to: self)
      }
    }
  }
}
