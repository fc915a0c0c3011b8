internal import LinearAlgebra
package import NeuralNetworks
package import Storage
package import Training

/// The policy's part of an update: old losses, minibatches split among tasks, gradient and step.
package final class FlowLearner: GradientLearner {
  /// Number of tasks that share a minibatch; results depend on it, so it is the same everywhere.
  private static let taskCount = 4

  /// Sums over the last minibatch.
  package private(set) var statistics = FlowStatistics()
  package private(set) var squaredNorm: Float = 0
  package var isLearning = false
  package let tasks = FlowLearner.taskCount
  /// Objective of the last minibatch, without entropy bonus and map penalty.
  package var loss: Float { statistics.loss }
  private let context: FlowContext
  private let optimizer: Optimizer
  private let parts: [FlowPart]
  /// All rows of the rollout, in ascending order.
  private let allRows: [Int32]
  /// Rows of the last minibatch.
  private var lastRows: [Int32] = []

  /// Allocates memory for minibatches of up to `rows` rows.
  package init(
    _ configuration: FPOConfiguration, rule: OptimizerRule, policy: FlowPolicy,
    rollout: RolloutBuffer, rows: Int
  ) {
    let samples = configuration.samplesPerAction
    let context = FlowContext(
      configuration: configuration, policy: policy, rollout: rollout,
      oldLosses: Matrix(rows: rollout.count, columns: samples),
      oldVelocities: configuration.targetDrift == nil
        ? nil : Matrix(rows: rollout.count, columns: samples * policy.actionWidth),
      advantages: Vector(count: rollout.count))
    self.context = context
    optimizer = Optimizer(policy.network.parameters, rule)
    let share = (rows + Self.taskCount - 1) / Self.taskCount
    // The first part can take a whole minibatch, as probes ask for it.
    parts = (0..<Self.taskCount).map {
      FlowPart(context, isCopy: $0 > 0, capacity: $0 > 0 ? share : rows, minibatch: rows)
    }
    allRows = (0..<Int32(rollout.count)).map { $0 }
    lastRows.reserveCapacity(rows)
  }

  /// Computes the old losses of one part of the rollout's rows; parts may run on different threads.
  package func evaluateReference(part: Int, of count: Int) {
    precondition(count <= Self.taskCount, "\(count) parts")
    let rows = allRows.count
    parts[part].evaluateReference(allRows, part * rows / count..<(part + 1) * rows / count)
  }

  /// Prepares the advantages of a rollout; call it before the first minibatch.
  package func beginUpdate() {
    context.advantages.copy(from: context.rollout.advantages)
    let configuration = context.configuration
    if configuration.shared.normalizeAdvantages && configuration.advantageScope == .rollout
      && allRows.count > 1
    {
      standardize(context.advantages, count: allRows.count)
    }
  }

  package func computeGradient(_ order: [Int32], _ rows: Range<Int>, task: Int) {
    if task == 0 {
      lastRows.removeAll(keepingCapacity: true)
      for position in rows { lastRows.append(order[position]) }
    }
    let (first, count) = (rows.lowerBound, rows.count)
    parts[task].computeGradient(
      order, minibatch: rows,
      share: first + task * count / Self.taskCount..<first + (task + 1) * count / Self.taskCount)
  }

  package func combineGradients() {
    let gradients = context.policy.network.parameters.gradients
    var sums = FlowStatistics()
    for (p, part) in parts.enumerated() {
      sums.add(part.statistics)
      guard p > 0 else { continue }
      let other = part.batch.network.parameters.gradients
      for i in 0..<gradients.count { gradients[i] += other[i] }
    }
    statistics = sums
    squaredNorm = sumOfSquares(gradients)
  }

  package func step(_ learningRate: Float, gradientScale: Float) {
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    context.policy.network.parametersDidChange()
  }

  /// Gathers the inputs of the last minibatch, for probes; call it after the last minibatch.
  package func finishUpdate() {
    parts[0].batch.gather(lastRows, 0..<lastRows.count)
  }

  /// The policy's network, with its last minibatch if it has learnt in this iteration.
  package var named: NamedNetwork {
    let batch = parts[0].batch
    let minibatch = LearntMinibatch(
      input: batch.inputs, outputGradient: batch.outputGradient,
      rows: lastRows.count * batch.samples,
      meanRows: Double(batch.samples) * context.rollout.meanRows(inMinibatchesOf: batch.capacity)
    ) { [self] in
      let rows = 0..<lastRows.count
      parts[0].computeGradient(lastRows, minibatch: rows, share: rows)
    }
    return NamedNetwork(
      "policy", context.policy.network, optimizer: optimizer, workspace: batch.workspace,
      target: context.policy.average, experience: batch.experience,
      minibatch: isLearning ? minibatch : nil)
  }

  package func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "policy.adam")
  }

  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "policy.adam")
  }
}
