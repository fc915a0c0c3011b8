internal import LinearAlgebra
internal import NeuralNetworks
public import RLCore
public import Storage

/// Gradient steps of policy and critic that share one bound on their joint norm.
///
/// Each minibatch is two tasks, the policy's and the critic's; they meet once, to share the norm of
/// the joint gradient.  The step that follows from it is taken at the head of the next pair of tasks,
/// so a minibatch costs one meeting of the threads.
public final class JointUpdate<Objective: PolicyObjective> {
  /// The policy's half.
  public let policy: PolicyLearner<Objective>
  /// The critic's half.
  public let value: ValueLearner
  /// The joint norm of the last gradient, before clipping.
  public private(set) var gradientNorm: Float = 0
  private let maximumGradientNorm: Float
  private var learningRate: Float = 0
  private var pendingScale: Float?

  /// Joins two learners.
  public init(
    policy: PolicyLearner<Objective>, value: ValueLearner, maximumGradientNorm: Float
  ) {
    self.policy = policy
    self.value = value
    self.maximumGradientNorm = maximumGradientNorm
  }

  /// Begins an update with a step size.
  public func begin(learningRate: Float) {
    self.learningRate = learningRate
    (policy.isLearning, value.isLearning) = (false, false)
  }

  /// Takes the step that is due, if any, and computes the gradients of a minibatch.
  ///
  /// - Parameters:
  ///   - order: Rows of the rollout.
  ///   - rows: The minibatch's places in `order`.
  ///   - pool: The threads.
  public func computeGradients(_ order: [Int32], _ rows: Range<Int>, pool: WorkerPool) {
    pool.run(2) { task in
      if task == 0 {
        if let pendingScale { policy.step(learningRate, gradientScale: pendingScale) }
        policy.computeGradient(order, rows)
      } else {
        if let pendingScale { value.step(learningRate, gradientScale: pendingScale) }
        value.computeGradient(order, rows)
      }
    }
    pendingScale = nil
  }

  /// Makes the step along the gradients due.
  ///
  /// - Parameter iteration: For errors.
  /// - Throws: ``TrainingError/notFinite(metric:iteration:)`` before a bad gradient reaches a weight.
  public func accept(iteration: Int) throws(TrainingError) {
    gradientNorm = (policy.squaredNorm + value.squaredNorm).squareRoot()
    guard gradientNorm.isFinite else {
      throw .notFinite(metric: culprit, iteration: iteration)
    }
    (policy.isLearning, value.isLearning) = (true, true)
    pendingScale = clipFactor(norm: gradientNorm, maximum: maximumGradientNorm)
  }

  /// Takes the step that is still due, if any.
  public func finish() {
    guard let pendingScale else { return }
    policy.step(learningRate, gradientScale: pendingScale)
    value.step(learningRate, gradientScale: pendingScale)
    self.pendingScale = nil
  }

  /// Which of the two losses went wrong.
  private var culprit: String {
    if !value.loss.isFinite { return "value-loss" }
    if !policy.loss.isFinite { return "policy-loss" }
    return "gradient-norm"
  }

  /// Writes the optimisers' moments.
  public func save(to archive: inout TensorArchive) {
    policy.save(to: &archive)
    value.save(to: &archive)
  }

  /// Reads the optimisers' moments.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try policy.load(from: archive)
    try value.load(from: archive)
  }
}

/// The rows of a rollout in an order that is drawn anew for each pass.
public struct MinibatchOrder {
  /// Rows of the rollout.
  public private(set) var rows: [Int32]
  private var stream: RandomStream

  /// Starts in order of rows.
  public init(count: Int, seed: UInt64) {
    rows = (0..<Int32(count)).map { $0 }
    stream = RandomStream(seed: seed, name: "minibatch-order")
  }

  /// Draws another order.
  public mutating func shuffle() { stream.shuffle(&rows) }

  /// Writes order and stream.
  public func save(to archive: inout TensorArchive) {
    archive.set(stream, named: "minibatch-order")
    archive.set("minibatch-order.order", .words(rows.map { UInt64($0) }))
  }

  /// Reads order and stream.
  public mutating func load(from archive: TensorArchive) throws(ArchiveError) {
    let saved = try archive.words("minibatch-order.order", count: rows.count)
    guard saved.sorted() == rows.indices.map({ UInt64($0) }) else {
      throw .invalid(reason: "its minibatch order is not a permutation")
    }
    stream = try archive.stream(named: "minibatch-order")
    rows = saved.map { Int32($0) }
  }
}
