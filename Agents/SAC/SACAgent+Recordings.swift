internal import LinearAlgebra
internal import Storage
internal import Training

extension SACAgent {
  /// Fills the replay buffer and the observation normaliser from recorded episodes.
  ///
  /// Their steps count as warm-up: as many random ones are left out.
  func prefill(with recordings: RecordedEpisodes) {
    buffer.add(
      recordings, for: actor.distribution, multiStep: configuration.multiStep,
      discount: configuration.discount)
    if recordings.stepCount > 0 {
      let observations = recordings.observationsBeforeSteps(of: Array(0..<recordings.count))
      actor.policy.normalizer.update(with: observations, rows: observations.rows)
    }
    prefilledSteps = recordings.stepCount
  }
}

extension TensorArchive {
  /// Number of recorded steps in the replay buffer of a saved agent.
  var prefilledSteps: Int {
    get throws(ArchiveError) {
      guard tensors["replay.prefilled"] != nil else { return 0 }
      let count = try words("replay.prefilled", count: 1)[0]
      guard count < 1 << 62 else { throw .invalid(reason: "its step count is impossible") }
      return Int(count)
    }
  }
}
