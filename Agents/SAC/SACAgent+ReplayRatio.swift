public import LinearAlgebra
public import Training

extension SACAgent: ReplayRatioAgent {
  public static var greatestReplayRatio: Double { SACConfiguration.greatestReplayRatio }

  /// Observations are standardised as the networks know them; to those of critics belong the actions.
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
    // What was drawn serves nobody else: the next observations' rows are free.
    normalizer.normalize(drawn.observations, rows: rows, into: drawn.nextObservations)
    joinRows(drawn.nextObservations, drawn.actions, rows: rows, into: inputs)
    return true
  }
}
