public import LinearAlgebra
public import Training

extension SACAgent: ReplayRatioAgent {
  public static var greatestReplayRatio: Double { SACConfiguration.greatestReplayRatio }

  /// Draws transitions and writes standardised observations, followed by the actions for critics.
  public func drawInputs(
    of network: Int, into inputs: Matrix, using random: inout RandomStream
  ) -> Bool {
    guard buffer.count > 0 else { return false }
    let rows = inputs.rows
    let drawn = ReplayBatch(
      rows: rows, observationWidth: observations.columns, actionWidth: batch.actions.columns)
    buffer.sample(into: drawn, using: &random)
    let normalizer = actor.policy.normalizer
    guard network > 0 else {
      normalizer.normalize(drawn.observations, rows: rows, into: inputs)
      return true
    }
    // The batch is local, so the rows of its next observations serve as scratch memory.
    normalizer.normalize(drawn.observations, rows: rows, into: drawn.nextObservations)
    joinRows(drawn.nextObservations, drawn.actions, rows: rows, into: inputs)
    return true
  }
}
