internal import NeuralNetworks
public import RLCore
internal import Training

extension SACConfiguration {
  /// What is wrong with these settings, in one sentence with the remedy; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    sizeProblem(environments: environments, totalSteps: totalSteps) ?? rateProblem ?? familyProblem
      ?? networkProblem
  }

  /// Choices have no density over −1...1, and an endless interval no middle.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    guard case .box(let low, let high) = specification.actionSpace else {
      return "sac needs continuous actions, and \(specification.identifier) has choices; take ppo"
    }
    guard (low + high).allSatisfy(\.isFinite) else {
      return "sac needs bounded actions, and those of \(specification.identifier) are not"
    }
    return nil
  }

  /// Bytes of the replay buffer.
  public func experienceBytes(in specification: EnvironmentSpecification) -> Int {
    ReplayBuffer.byteCount(
      capacity: bufferSize, observationWidth: specification.observationWidth,
      actionWidth: specification.actionWidth)
  }

  private func sizeProblem(environments: Int, totalSteps: Int) -> String? {
    if stepsPerRound < 1 { return "steps-per-round must be at least 1" }
    if stepsPerIteration < 1 { return "steps-per-iteration must be at least 1" }
    if stepsPerRound > 1 << 20 || stepsPerIteration > 1 << 30 {
      return "steps-per-round must be at most 2^20 and steps-per-iteration at most 2^30"
    }
    if !(replayRatio > 0 && replayRatio <= Self.greatestReplayRatio) {
      return "replay-ratio must lie in 0...\(Int(Self.greatestReplayRatio)), above 0"
    }
    if bufferSize < 1 || bufferSize > 1 << 31 { return "buffer-size must lie in 1...2^31" }
    if batchSize < 1 || batchSize > 65536 { return "batch-size must lie in 1...65536" }
    if multiStep < 1 || multiStep > 1000 { return "multi-step must lie in 1...1000" }
    if multiStep > bufferSize {
      return "multi-step must be at most buffer-size; take a larger buffer or fewer steps"
    }
    if batchSize > warmUpSteps {
      return "batch-size must be at most warm-up-steps; lower it or warm up longer"
    }
    if batchSize > bufferSize { return "batch-size must be at most buffer-size" }
    if warmUpSteps < environments * multiStep {
      return "warm-up-steps must be at least environments times multi-step, "
        + "\(environments * multiStep), so that the buffer is not empty after it"
    }
    if warmUpSteps >= totalSteps {
      return "warm-up-steps must be below steps, \(totalSteps), or nothing is learnt"
    }
    return nil
  }

  private var rateProblem: String? {
    if !(discount >= 0 && discount <= 1) { return "discount must lie in 0...1" }
    if !(targetRate > 0 && targetRate <= 1) { return "target-rate must lie in 0...1, above 0" }
    let rates = [policyLearningRate, criticLearningRate, temperatureLearningRate]
    if !rates.allSatisfy({ $0 > 0 && $0.isFinite }) { return "learning rates must be above 0" }
    if learningRateSchedule == .exponential {
      return "learning-rate-schedule must be constant, linear or cosine"
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) { return "weight-decay must not be negative" }
    if ![adamBeta1, temperatureAdamBeta1].allSatisfy({ $0 >= 0 && $0 < 1 }) {
      return "adam-beta1 and temperature-adam-beta1 must lie in 0...1, below 1"
    }
    if !(initialTemperature > 0 && initialTemperature.isFinite) {
      return "initial-temperature must be above 0"
    }
    if !(targetEntropyPerComponent >= -100 && targetEntropyPerComponent < 0.69) {
      return "target-entropy-per-component must lie in -100...0.69, below the entropy of uniform "
        + "actions over -1...1, log 2"
    }
    if !(rewardScale > 0 && rewardScale.isFinite) { return "reward-scale must be above 0" }
    return nil
  }

  private var familyProblem: String? {
    if policyDelay < 1 { return "policy-delay must be at least 1" }
    if !(1...64).contains(critics) { return "critics must lie in 1...64" }
    if !(1...critics).contains(targetCritics) {
      return "target-critics must lie in 1...\(critics), the number of critics"
    }
    if !(1...1024).contains(quantiles) { return "quantiles must lie in 1...1024" }
    if !(0..<quantiles).contains(droppedQuantiles) {
      return "dropped-quantiles must lie in 0...\(quantiles - 1), below quantiles"
    }
    if quantiles > 1 && targetCritics != critics {
      return "target-critics must equal critics while there are quantiles, which are pooled"
    }
    if let resetEvery, resetEvery < max(1, policyDelay) {
      return "reset-every must be at least 1 and policy-delay, or no policy lasts; reset less often"
    }
    if !(criticDropout >= 0 && criticDropout < 1) {
      return "critic-dropout must lie in 0...1, below 1"
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
        + "with its next state; set one of them"
    }
    if criticBatchNorm && criticArchitecture != .plain {
      return "critic-batch-norm needs critic-architecture plain; change one of them"
    }
    return nil
  }

  private var networkProblem: String? {
    if (policyHidden + criticHidden).contains(where: { $0 < 1 || $0 > 8192 }) {
      return "policy-hidden and critic-hidden must hold widths in 1...8192"
    }
    if max(policyHidden.count, criticHidden.count) > MLPPolicy.mostHiddenLayers {
      return
        "policy-hidden and critic-hidden must hold at most \(MLPPolicy.mostHiddenLayers) widths"
    }
    if let problem = Self.problem(policyArchitecture, policyHidden, policyLayerNorm, of: "policy")
      ?? Self.problem(criticArchitecture, criticHidden, criticLayerNorm, of: "critic")
    {
      return problem
    }
    if !(lowestLogStd >= -20 && highestLogStd <= 10 && lowestLogStd < highestLogStd) {
      return "lowest-log-std and highest-log-std must ascend within -20...10"
    }
    return nil
  }

  /// What is wrong with one network's architecture.
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
      return "\(network)-layer-norm is for \(network)-architecture plain; \(pattern) has norms of "
        + "its own, so set it to false"
    }
    return nil
  }
}
