internal import LinearAlgebra
internal import NeuralNetworks
public import Training

extension SACAgent: ReplayRatioAgent {
  public static var greatestReplayRatio: Double { SACConfiguration.greatestReplayRatio }

  /// The replay buffer as the policy sees it: standardised observations, of transitions drawn as for
  /// minibatches.
  var policyExperience: NetworkExperience {
    NetworkExperience(rows: buffer.count) { [self] inputs, random in
      let drawn = buffer.draw(rows: inputs.rows, using: &random)
      standardize(
        drawn.observations, into: inputs, search == nil ? inputs : drawn.nextObservations)
    }
  }

  /// The replay buffer as critics see it: standardised observations, followed by the actions.
  var criticExperience: NetworkExperience {
    NetworkExperience(rows: buffer.count) { [self] inputs, random in
      let drawn = buffer.draw(rows: inputs.rows, using: &random)
      // The batch is local, so the rows of its next observations serve as scratch memory.
      let policy =
        search == nil
        ? drawn.nextObservations
        : Matrix(rows: drawn.rows, columns: actor.policy.network.architecture.inputs)
      standardize(drawn.observations, into: policy, drawn.nextObservations)
      joinRows(drawn.nextObservations, drawn.actions, rows: drawn.rows, into: inputs)
    }
  }
}

extension ReplayBuffer {
  /// Draws a new minibatch; the buffer must not be empty.
  fileprivate func draw(rows: Int, using random: inout RandomStream) -> ReplayBatch {
    let batch = ReplayBatch(
      rows: rows, observationWidth: observationWidth, actionWidth: actionWidth)
    sample(into: batch, using: &random)
    return batch
  }
}
