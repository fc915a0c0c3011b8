internal import NeuralNetworks
public import RLCore
public import Training

extension SACConfiguration {
  /// Returns the problem with the combination of settings, in one sentence with the remedy; nil if
  /// there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    sizeProblem(environments: environments, totalSteps: totalSteps) ?? familyProblem
      ?? networkProblem
  }

  /// Returns why the agent can't learn in an environment, in one sentence; nil if it can.
  ///
  /// Discrete choices have no density over −1...1, and an unbounded interval can't be scaled to it.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    specification.problemOfActions
  }

  /// Fills the replay buffer before the first step, but not if critics see physical parameters, which
  /// recordings don't give them.
  public var useOfRecordings: UseOfRecordings { searchesParameters ? .none : .prefillsReplay }

  /// Returns why the replay buffer can't hold recorded episodes, in one sentence; nil if it can.
  public func problem(with recordings: RecordedEpisodes) -> String? {
    if recordings.stepCount > bufferSize {
      return "buffer-size is \(bufferSize) and --prefill has \(recordings.stepCount) steps; set "
        + "buffer-size=\(recordings.stepCount) or more, or fill in fewer recordings"
    }
    return nil
  }

  /// Whether worst cases are learnt.
  public var searchesParameters: Bool { worstCase.candidates > 0 }

  /// The steps of a round.
  public var stepsAtOnce: Int { stepsPerRound }

  /// Returns what the replay buffer, the networks and a minibatch need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let (observations, actions) = (specification.observationWidth, specification.actionWidth)
    let buffer = ReplayBuffer.byteCount(
      capacity: bufferSize, observationWidth: observations, actionWidth: actions)
    let policy = MLPArchitecture(
      inputs: observations, hidden: policyHidden, outputs: 2 * actions, activation: activation,
      usesLayerNorm: policyLayerNorm, pattern: policyArchitecture)
    let critic = MLPArchitecture(
      inputs: observations + actions, hidden: criticHidden, outputs: quantiles,
      activation: activation, usesLayerNorm: criticLayerNorm, pattern: criticArchitecture)
    return [MemoryNeed(key: "buffer-size", bytes: Double(buffer), isSaved: true)]
      + MemoryNeed.networks("policy-hidden", policy, rows: batchSize, rowsKey: "batch-size")
      + MemoryNeed.networks(
        "critic-hidden", critic, count: critics * (usesTargetNetworks ? 2 : 1), rows: batchSize,
        rowsKey: "batch-size")
  }

  private func sizeProblem(environments: Int, totalSteps: Int) -> String? {
    if multiStep > bufferSize {
      return "multi-step must be at most buffer-size; use a larger buffer or fewer steps"
    }
    if batchSize > warmUpSteps {
      return "batch-size must be at most warm-up-steps; lower it or warm up longer"
    }
    if batchSize > bufferSize {
      return "batch-size must be at most buffer-size; lower it or use a larger buffer"
    }
    if warmUpSteps < environments * multiStep {
      let least = environments * multiStep
      return "warm-up-steps must be at least environments times multi-step, \(least), so that the "
        + "buffer is not empty after it; set warm-up-steps=\(least) or use fewer environments"
    }
    if warmUpSteps >= totalSteps {
      return "warm-up-steps must be below steps, \(totalSteps), or nothing is learnt; lower it or "
        + "train for more than \(warmUpSteps) steps"
    }
    return nil
  }

  private var familyProblem: String? {
    if targetCritics > critics {
      return "target-critics must lie in 1...\(critics), the number of critics"
    }
    if tsallisIndex > 1 && mirrorCoefficient == 0 {
      return "tsallis-index needs mirror-coefficient above 0; change one of them"
    }
    if droppedQuantiles >= quantiles {
      return "dropped-quantiles must lie in 0...\(quantiles - 1), below quantiles"
    }
    if quantiles > 1 && targetCritics != critics {
      return "target-critics must equal critics if quantiles is above 1, since quantiles are pooled"
    }
    if let resetEvery, resetEvery < policyDelay {
      return "reset-every must be at least policy-delay, so that policies learn; reset less often"
    }
    if criticDropout > 0 && criticArchitecture != .plain {
      return "critic-dropout needs critic-architecture plain; change one of them"
    }
    if criticDropout > 0 && criticHidden.isEmpty {
      return "critic-dropout needs hidden layers; give critic-hidden widths or set it to 0"
    }
    if criticBatchNorm && usesTargetNetworks {
      return
        "critic-batch-norm needs target-networks false, since a batch is standardised together "
        + "with its next states; change one of them"
    }
    if searchesParameters && !usesTargetNetworks {
      return "worst-case.candidates needs target-networks true; change one of them"
    }
    if worstCase.leastProbability * Double(worstCase.candidates) >= 1 {
      return "worst-case.least-probability must be below 1 / worst-case.candidates; lower it"
    }
    if criticBatchNorm && criticArchitecture != .plain {
      return "critic-batch-norm needs critic-architecture plain; change one of them"
    }
    return nil
  }

  private var networkProblem: String? {
    if let problem = Self.problem(policyArchitecture, policyHidden, policyLayerNorm, of: "policy")
      ?? Self.problem(criticArchitecture, criticHidden, criticLayerNorm, of: "critic")
    {
      return problem
    }
    if lowestLogStd >= highestLogStd {
      return "lowest-log-std must be below highest-log-std"
    }
    return nil
  }

  /// Returns the problem with one network's architecture, in one sentence; nil if there is none.
  private static func problem(
    _ pattern: MLPPattern, _ widths: [Int], _ usesLayerNorm: Bool, of network: String
  ) -> String? {
    guard pattern != .plain else { return nil }
    if widths.isEmpty || widths.contains(where: { $0 != widths[0] }) {
      return
        "\(network)-hidden must hold equal widths, one per block, with \(network)-architecture "
        + "\(pattern), for example [256, 256] for two blocks"
    }
    if usesLayerNorm {
      return "\(network)-layer-norm needs \(network)-architecture plain; \(pattern) has its own "
        + "norms, so set it to false"
    }
    return nil
  }
}
