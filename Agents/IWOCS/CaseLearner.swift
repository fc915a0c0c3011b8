internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Storage
internal import Training

/// What is learnt beside SAC's own networks while a case's policy learns: two critics of the return
/// without entropy, and a model of the steps.
///
/// Shapes: B minibatch rows, O observation and A action components.
///
/// - Source: Zouitine, Geist and Rachelson 2024, arXiv:2410.06212: critics that are not regularised, so
///   that the values of several cases are on one scale, and a model by the mean absolute error.
/// - Difference from source: the model's targets are changes of the observation in units of their mean
///   size.
final class CaseLearner {
  /// Loss of the critics' last minibatch.
  private(set) var valueLoss: Float = 0
  /// Mean relative error of the model in its last minibatch; 1 is that of predicting no change.
  private(set) var modelError: Float = 0
  private let configuration: IWOCSConfiguration
  private let agent: SACAgent
  private let values: [SACCritic]
  private let model: MLP
  private let modelOptimizer: Optimizer
  private let modelWorkspace: MLP.Workspace
  private let batch: ReplayBatch
  private let observations: Matrix
  private let nextObservations: Matrix
  private let targets: Matrix
  private let modelInput: Matrix
  private let modelGradient: Matrix
  private let policyWorkspace: MLP.Workspace
  private let sampler: any ActionSampler
  /// Sums of the sizes of changes, [O], and number of their rows.
  private var sizes: [Double]
  private var rowsSeen = 0.0
  private var minibatches: RandomStream
  private var actions: [RandomStream]

  private static let valueCount = 2

  /// Creates a learner with new weights.
  init(
    _ configuration: IWOCSConfiguration, beside agent: SACAgent,
    specification: EnvironmentSpecification, seed: UInt64
  ) {
    (self.configuration, self.agent) = (configuration, agent)
    let (observationWidth, actionWidth) = (
      specification.observationWidth, specification.actionWidth
    )
    let rows = configuration.sac.batchSize
    var random = RandomStream(seed: seed, name: "case-weights")
    values = (0..<Self.valueCount).map { k in
      SACCritic(
        configuration.sac.critics + k, configuration.ofValues, observationWidth: observationWidth,
        actionWidth: actionWidth, seed: seed, random: &random)
    }
    model = MLP(
      name: "model",
      architecture: WorstCasePolicy.modelArchitecture(
        observationWidth: observationWidth, actionWidth: actionWidth,
        hidden: configuration.modelHidden), initializer: .fanInUniform, random: &random)
    modelOptimizer = Optimizer(model.parameters, .adam(AdamConfiguration()))
    modelWorkspace = model.makeWorkspace(rows: rows)
    batch = ReplayBatch(rows: rows, observationWidth: observationWidth, actionWidth: actionWidth)
    observations = Matrix(rows: rows, columns: observationWidth)
    nextObservations = Matrix(rows: rows, columns: observationWidth)
    targets = Matrix(rows: rows, columns: 1)
    modelInput = Matrix(rows: rows, columns: observationWidth + actionWidth)
    modelGradient = Matrix(rows: rows, columns: observationWidth)
    let policy = agent.actor.policy
    policyWorkspace = policy.network.makeWorkspace(rows: rows)
    sampler = policy.distribution.makeSampler(rows: rows, drawsPairs: true)
    sizes = Array(repeating: 0, count: observationWidth)
    minibatches = RandomStream(seed: seed, name: "case-minibatches")
    actions = (0..<rows).map { RandomStream(seed: seed, name: "case-actions", index: $0) }
  }

  /// Mean sizes of changes, [O]; 0 where nothing has changed.
  private var scales: [Float] { sizes.map { Float($0 / max(1, rowsSeen)) } }

  /// Learns from one minibatch, critics and model at once.
  ///
  /// - Throws: `TrainingError.notFinite(metric:iteration:)` if a gradient is not finite.
  func learn(pool: WorkerPool, rate: Float, iteration: Int) throws(TrainingError) {
    let rows = batch.rows
    agent.buffer.sample(into: batch, using: &minibatches)
    let policy = agent.actor.policy
    policy.normalizer.normalize(batch.observations, rows: rows, into: observations)
    policy.normalizer.normalize(batch.nextObservations, rows: rows, into: nextObservations)
    let output = policy.network.forward(nextObservations, rows: rows, in: policyWorkspace)
    sampler.sample(output, rows: rows, streams: &actions)
    addSizes()
    pool.run(values.count) {
      values[$0].evaluateTarget(observations: nextObservations, actions: sampler.actions)
    }
    for i in 0..<rows {
      var next = Float.infinity
      for critic in values { next = min(next, critic.targetValues[i, 0]) }
      targets[i, 0] =
        configuration.sac.rewardScale * batch.rewards[i] + batch.bootstrapDiscounts[i] * next
    }
    pool.run(values.count + 1) { task in
      guard task < values.count else { return fitModel(rate: rate) }
      values[task].learn(
        observations: observations, actions: batch.actions, targets: targets,
        learningRate: rate * configuration.sac.criticLearningRate)
      values[task].followNetwork(rate: configuration.sac.targetRate)
    }
    valueLoss = values.reduce(0) { $0 + $1.loss / Float(values.count) }
    guard values.allSatisfy(\.squaredNorm.isFinite) else {
      throw .notFinite(metric: "value-loss", iteration: iteration)
    }
    guard modelError.isFinite else {
      throw .notFinite(metric: "model-error", iteration: iteration)
    }
  }

  private func addSizes() {
    for i in 0..<batch.rows {
      for j in sizes.indices {
        sizes[j] += Double(abs(batch.nextObservations[i, j] - batch.observations[i, j]))
      }
    }
    rowsSeen += Double(batch.rows)
  }

  /// Takes one step down the mean absolute error of the changes in units of their sizes.
  private func fitModel(rate: Float) {
    let (rows, scales) = (batch.rows, scales)
    joinRows(observations, batch.actions, rows: rows, into: modelInput)
    let output = model.forward(modelInput, rows: rows, in: modelWorkspace)
    let count = max(1, scales.count { $0 > 0 })
    let share = 1 / Float(rows * count)
    var sum: Float = 0
    for i in 0..<rows {
      for (j, scale) in scales.enumerated() {
        guard scale > 0 else {
          modelGradient[i, j] = 0
          continue
        }
        let change = (batch.nextObservations[i, j] - batch.observations[i, j]) / scale
        let error = output[i, j] - change
        sum += share * abs(error)
        modelGradient[i, j] = error > 0 ? share : error < 0 ? -share : 0
      }
    }
    modelError = sum
    guard sum.isFinite else { return }
    model.backward(modelInput, rows: rows, outputGradient: modelGradient, in: modelWorkspace)
    modelOptimizer.step(learningRate: rate * configuration.modelLearningRate)
    model.parametersDidChange()
  }

  /// Returns the present policy with copies of the critics and of the model.
  func makeCase() -> WorstCasePolicy.Case {
    WorstCasePolicy.Case(
      policy: agent.actor.evaluatedPolicy.copy(),
      values: values.enumerated().map { $1.network.copy(named: "value.\($0)") },
      model: model.copy(named: "model"), scales: scales)
  }

  func save(to archive: inout TensorArchive) {
    for critic in values { critic.save(to: &archive) }
    archive.set(model.parameters.parameters)
    archive.set(modelOptimizer, named: "model.adam")
    archive.set("case-sizes", .doubles(sizes + [rowsSeen]))
    archive.set("case-losses", .floats([valueLoss, modelError]))
    archive.set(minibatches, named: "case-minibatches")
    archive.set(actions, named: "case-actions")
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    for critic in values { try critic.load(from: archive) }
    try archive.read(into: model.parameters.parameters)
    try archive.read(into: modelOptimizer, named: "model.adam")
    let sizes = try archive.doubles("case-sizes", count: sizes.count + 1)
    guard sizes.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw .invalid(reason: "its sizes of changes are impossible")
    }
    (self.sizes, rowsSeen) = (Array(sizes.dropLast()), sizes[sizes.count - 1])
    let losses = try archive.floats("case-losses", count: 2)
    (valueLoss, modelError) = (losses[0], losses[1])
    minibatches = try archive.stream(named: "case-minibatches")
    actions = try archive.streams(named: "case-actions", count: actions.count)
    model.parametersDidChange()
  }
}
