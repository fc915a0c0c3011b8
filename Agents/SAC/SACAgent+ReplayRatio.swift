internal import LinearAlgebra
public import Training

extension SACAgent: ReplayRatioAgent {
  public static var greatestReplayRatio: Double { SACConfiguration.greatestReplayRatio }

  /// The replay buffer as the policy sees it: standardised observations, of transitions drawn as for
  /// minibatches.
  var policyExperience: NetworkExperience {
    let (buffer, normalizer) = (buffer, actor.policy.normalizer)
    return NetworkExperience(rows: buffer.count) { inputs, random in
      let drawn = buffer.draw(rows: inputs.rows, using: &random)
      normalizer.normalize(drawn.observations, rows: drawn.rows, into: inputs)
    }
  }

  /// The replay buffer as critics see it: standardised observations, followed by the actions.
  var criticExperience: NetworkExperience {
    let (buffer, normalizer) = (buffer, actor.policy.normalizer)
    return NetworkExperience(rows: buffer.count) { inputs, random in
      let drawn = buffer.draw(rows: inputs.rows, using: &random)
      // The batch is local, so the rows of its next observations serve as scratch memory.
      normalizer.normalize(drawn.observations, rows: drawn.rows, into: drawn.nextObservations)
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
