internal import NeuralNetworks
public import RLCore
public import Training

extension FPOConfiguration {
  /// Greatest number of loss samples in a rollout.
  private static let mostSamples = 1 << 26

  /// Returns the problem with the combination of settings, in one sentence with the remedy; nil if
  /// there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    shared.problem(environments: environments, minibatch: minibatchSize, name: "minibatch-size")
      ?? sizeProblem(environments: environments) ?? flowProblem ?? updateProblem
  }

  /// Returns why the agent can't learn in an environment, in one sentence; nil if it can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    shared.sharedPolicy
      ? "fpo has no policy that agents share; set shared-policy=false"
      : specification.problemOfActions
  }

  /// Returns what rollouts, samples, networks and minibatches need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let (samples, actions) = (samplesPerAction, specification.actionWidth)
    let inputs = specification.observationWidth + actions + timeFeatures
    let policy = MLPArchitecture(
      inputs: inputs, hidden: shared.policyHidden, outputs: actions, activation: shared.activation,
      usesLayerNorm: shared.layerNorm)
    let results = [policy.widths, policy.widths, policy.widths].flatMap(\.self)
    return shared.memoryNeeds(
      in: specification, environments: environments, minibatch: minibatchSize,
      name: "minibatch-size")
      + [
        .table(
          "samples-per-action", rows: [environments, shared.stepsPerRollout],
          columns: [FlowTime.storedWidth * samples, actions * samples, samples], isSaved: false),
        // One part can take a whole minibatch, and all others together another one.
        .table(
          "samples-per-action", rows: [2, minibatchSize, samples], columns: results + [inputs],
          isSaved: false),
        .table(
          "flow-steps",
          rows: mapCoefficient > 0
            ? [2, minibatchSize, shape.stages(steps: flowSteps).count] : [0],
          columns: results + [inputs], isSaved: false),
      ]
  }

  private func sizeProblem(environments: Int) -> String? {
    let (samples, overflow) = (environments * shared.stepsPerRollout)
      .multipliedReportingOverflow(by: samplesPerAction)
    guard overflow || samples > Self.mostSamples else { return nil }
    return "steps-per-rollout times environments times samples-per-action must be at most "
      + "\(Self.mostSamples); lower one of them"
  }

  private var flowProblem: String? {
    if timeFeatures % 2 != 0 {
      return "time-features must be even and is \(timeFeatures); use \(timeFeatures + 1)"
    }
    if timeBeta != 1 && timeSampling == .grid {
      return "time-beta needs time-sampling continuous; change one of them"
    }
    if flowLoss == .noise && timeSampling == .grid && flowSteps == 1 {
      return "flow-loss noise is always 0 at the only time of one flow step; use flow-loss "
        + "velocity, time-sampling continuous or more flow-steps"
    }
    if straightThrough && lowestLogRatio == nil && highestLogRatio == nil {
      return "straight-through needs lowest-log-ratio or highest-log-ratio; set one of them or "
        + "straight-through to false"
    }
    return nil
  }

  private var updateProblem: String? {
    if shared.entropyCoefficient > 0 && samplesPerAction <= entropyNeighbor {
      return "entropy-coefficient needs samples-per-action above entropy-neighbor, "
        + "\(entropyNeighbor); use more samples or set it to 0"
    }
    if advantageScope == .rollout && !shared.normalizeAdvantages {
      return "advantage-scope rollout needs normalize-advantages true; change one of them"
    }
    if targetDrift != nil && shared.learningRateSchedule != .constant {
      return "target-drift needs learning-rate-schedule constant, since both set the rate; change "
        + "one of them"
    }
    return nil
  }
}

extension FPOConfiguration {
  /// Shape of the policy.
  var shape: FlowShape {
    var shape = FlowShape()
    shape.steps = flowSteps
    shape.evaluationSteps = evaluationFlowSteps ?? flowSteps
    shape.method = flowMethod
    shape.timeFeatures = timeFeatures
    shape.velocityScale = velocityScale
    shape.initialDeviation = initialDeviation
    shape.actionScale = actionScale
    shape.bounds = actionBounds
    return shape
  }

  /// Times at which losses are estimated.
  var lossTimes: FlowTimes {
    switch timeSampling {
    case .grid: .grid
    case .continuous: .continuous(beta: timeBeta)
    }
  }

  /// Rule of both optimisers.
  var rule: OptimizerRule {
    .adam(
      AdamConfiguration(beta2: adamBeta2, epsilon: adamEpsilon, weightDecay: weightDecay))
  }
}
