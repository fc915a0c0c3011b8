internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Training
public import Storage

/// An agent that learns to act as recorded, by supervised learning alone.
///
/// It takes no steps in its environments: its step count is that of the recorded steps it has learnt
/// from, each counted every time.  All of them are learnt from once, in random order, before any is
/// again.  Some episodes are held out, to measure on.
///
/// - Source: Pomerleau 1989, "ALVINN", NIPS 1; Bain and Sammut 1995, "A framework for behavioural
///   cloning"; loss and entropy bonus as in the package `imitation`.
/// - Difference from source: observations are standardised with the statistics of the recorded ones;
///   the logarithm of a Gaussian's deviation is kept in −5...2.
public final class BehaviorCloningAgent: Agent {
  public let metricNames = [
    "loss", "held-out-loss", "held-out-error", "entropy", "gradient-norm", "learning-rate",
    "action-std", "epochs",
  ]
  private let configuration: BehaviorCloningConfiguration
  private let horizon: TrainingHorizon
  private let seed: UInt64
  private let learnt: MLPPolicy
  private let learner: CloningLearner
  private let recordings: RecordedEpisodes
  /// Steps to learn from and held out, each with its episode.
  private let training: [LearntStep]
  private let heldOut: [LearntStep]
  /// Order of ``training`` in the pass over it with this number.
  private var order: [Int32]
  private var orderedPass = -1

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public var policy: any Policy { learnt }
  public var networks: [NamedNetwork] {
    [
      learner.named(
        experience: NetworkExperience(rows: training.count) { [self] inputs, random in
          for i in 0..<inputs.rows {
            let step = training[Int(random.integer(below: UInt32(training.count)))]
            learnt.normalizer.normalize(
              recordings.observations, firstRow: step.observationRow, rows: 1, into: inputs, at: i)
          }
        })
    ]
  }

  /// Creates an agent with new weights; the configuration must be valid.
  ///
  /// Without recordings in the context it can't learn, but has its networks.
  public init(configuration: BehaviorCloningConfiguration, context: AgentContext) {
    let specification = context.environment.specification
    let recordings =
      context.recordings
      ?? RecordedEpisodes(
        [], observationWidth: specification.observationWidth,
        actionWidth: specification.actionWidth)
    self.configuration = configuration
    self.recordings = recordings
    horizon = TrainingHorizon(context)
    seed = context.seed
    learnt = Self.makePolicy(configuration, specification, seed: context.seed)
    learner = CloningLearner(configuration, policy: learnt)
    var episodes = (0..<Int32(recordings.count)).map { $0 }
    var random = RandomStream(seed: context.seed, name: "held-out-episodes")
    random.shuffle(&episodes)
    let share = configuration.heldOut * Double(episodes.count)
    let heldOutCount =
      share > 0 ? min(max(Int(share.rounded()), 1), episodes.count - 1) : 0
    func steps(_ episodes: some Sequence<Int32>) -> [LearntStep] {
      episodes.sorted().flatMap { episode in
        recordings.steps[Int(episode)].map { step in
          LearntStep(
            row: step,
            observationRow: recordings.observationRow(step: step, of: Int(episode)))
        }
      }
    }
    heldOut = steps(episodes.prefix(heldOutCount))
    let kept = episodes.dropFirst(heldOutCount)
    training = steps(kept)
    order = (0..<Int32(training.count)).map { $0 }
    if !training.isEmpty {
      let observations = recordings.observationsBeforeSteps(of: kept.map { Int($0) }.sorted())
      learnt.normalizer.update(with: observations, rows: observations.rows)
    }
  }

  private static func makePolicy(
    _ configuration: BehaviorCloningConfiguration, _ specification: EnvironmentSpecification,
    seed: UInt64
  ) -> MLPPolicy {
    var random = RandomStream(seed: seed, name: "initial-weights")
    guard configuration.distribution == .squashedGaussian,
      case .box(let low, let high) = specification.actionSpace
    else {
      return MLPPolicy(
        specification: specification, hidden: configuration.policyHidden,
        activation: configuration.activation, usesLayerNorm: configuration.layerNorm,
        initialLogDeviation: configuration.initialLogStd,
        normalizesObservations: configuration.normalizeObservations, random: &random)
    }
    return MLPPolicy(
      specification: specification,
      distribution: SquashedGaussian(
        low: low, high: high,
        logDeviations: configuration.lowestLogStd...configuration.highestLogStd),
      hidden: configuration.policyHidden, activation: configuration.activation,
      usesLayerNorm: configuration.layerNorm, initializer: .fanInUniform,
      normalizesObservations: configuration.normalizeObservations, random: &random)
  }

  /// Takes the gradient steps of one iteration and measures on the held-out episodes.
  public func iterate() throws(TrainingError) -> IterationReport {
    precondition(!training.isEmpty, "behaviour cloning without recordings")
    let start = monotonicNanoseconds()
    let rate = configuration.learningRates.value(
      progressRemaining: horizon.remaining(after: environmentSteps))
    var (loss, entropy, norm, updates) = (0.0, 0.0, 0.0, 0.0)
    repeat {
      for k in 0..<configuration.minibatchSize {
        learner.gather(nextStep(after: environmentSteps + k), of: recordings, row: k)
      }
      learner.computeGradient(rows: configuration.minibatchSize)
      guard learner.squaredNorm.isFinite else {
        throw .notFinite(metric: "loss", iteration: iterations + 1)
      }
      learner.step(rate)
      environmentSteps += configuration.minibatchSize
      loss += Double(learner.loss)
      entropy += Double(learner.entropy)
      norm += Double(learner.squaredNorm.squareRoot())
      updates += 1
    } while updates < Double(configuration.updatesPerIteration) && environmentSteps < horizon.end
    iterations += 1
    let measured = learner.measure(heldOut, of: recordings)
    return IterationReport(
      metrics: [
        loss / updates, measured.loss, measured.error, entropy / updates, norm / updates,
        Double(rate), learnt.distribution.meanDeviation,
        Double(environmentSteps) / Double(training.count),
      ], environmentTime: 0, policyTime: 0, updateTime: monotonicNanoseconds() - start)
  }

  /// Returns the step to learn from after this many; the order of a pass depends on its number alone.
  private func nextStep(after count: Int) -> LearntStep {
    let pass = count / training.count
    if pass != orderedPass {
      for i in order.indices { order[i] = Int32(i) }
      var random = RandomStream(seed: seed, name: "recorded-steps", index: pass)
      random.shuffle(&order)
      orderedPass = pass
    }
    return training[Int(order[count % training.count])]
  }

  public func save(to archive: inout TensorArchive) {
    learnt.save(to: &archive)
    learner.save(to: &archive)
    archive.setProgress([environmentSteps, iterations])
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.progress(count: 2)
    try learnt.load(from: archive)
    try learner.load(from: archive)
    (environmentSteps, iterations) = (progress[0], progress[1])
  }
}

/// A recorded step, by its rows.
struct LearntStep {
  /// Row of its action.
  var row: Int
  /// Row of the observation before it.
  var observationRow: Int
}
