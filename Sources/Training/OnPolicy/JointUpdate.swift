internal import LinearAlgebra
internal import NeuralNetworks
public import RLCore
public import Storage

/// A learner whose gradients of a minibatch are computed by one or more parallel tasks.
public protocol GradientLearner: AnyObject {
  /// Loss of the last minibatch.
  var loss: Float { get }
  /// Squared norm of the last gradient.
  var squaredNorm: Float { get }
  /// Whether the network has learnt in this iteration.
  var isLearning: Bool { get set }
  /// Number of parallel tasks; results depend on it, so it must not depend on the threads.
  var tasks: Int { get }

  /// Computes one task's part of the gradient on the rows of a minibatch.
  func computeGradient(_ order: [Int32], _ rows: Range<Int>, task: Int)
  /// Combines the parts of all tasks; called on one thread.
  func combineGradients()
  /// Takes a step along the last gradient, multiplied by a factor.
  func step(_ learningRate: Float, gradientScale: Float)
  /// Writes the optimiser's moments.
  func save(to archive: inout TensorArchive)
  /// Restores the optimiser's moments.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

extension GradientLearner {
  /// One task.
  public var tasks: Int { 1 }
  /// Does nothing: one task leaves nothing to combine.
  public func combineGradients() {}
}

/// The gradient steps of policy and critic, with one limit on the norm of their joint gradient.
///
/// Each minibatch is a set of parallel tasks, the policy's and one of the critic, which synchronise
/// once to compute the norm of the joint gradient.  A network with a single task takes its step at
/// the beginning of the next task, so that each minibatch needs only one synchronisation of the
/// threads.
public final class JointUpdate<Learner: GradientLearner> {
  /// Learner of the policy.
  public let policy: Learner
  /// Learner of the critic.
  public let value: ValueLearner
  /// Norm of the last joint gradient, before clipping.
  public private(set) var gradientNorm: Float = 0
  private let maximumGradientNorm: Float
  /// Learning rate of the steps that follow.
  public var learningRate: Float = 0
  private var pendingScale: Float?

  /// Creates a joint update of two learners.
  public init(
    policy: Learner, value: ValueLearner, maximumGradientNorm: Float
  ) {
    self.policy = policy
    self.value = value
    self.maximumGradientNorm = maximumGradientNorm
  }

  /// Begins an update with the given learning rate.
  public func begin(learningRate: Float) {
    self.learningRate = learningRate
    (policy.isLearning, value.isLearning) = (false, false)
  }

  /// Takes the pending step, if there is one, and computes the gradients of a minibatch.
  ///
  /// - Parameters:
  ///   - order: The rows of the rollout, in the order of minibatches.
  ///   - rows: The range of the minibatch in `order`.
  ///   - pool: The threads to use.
  public func computeGradients(_ order: [Int32], _ rows: Range<Int>, pool: WorkerPool) {
    let tasks = policy.tasks
    if tasks > 1, let pendingScale { policy.step(learningRate, gradientScale: pendingScale) }
    pool.run(tasks + 1) { task in
      if task < tasks {
        if tasks == 1, let pendingScale {
          policy.step(learningRate, gradientScale: pendingScale)
        }
        policy.computeGradient(order, rows, task: task)
      } else {
        if let pendingScale { value.step(learningRate, gradientScale: pendingScale) }
        value.computeGradient(order, rows)
      }
    }
    pendingScale = nil
    policy.combineGradients()
  }

  /// Accepts the last gradients, so that the step along them is pending.
  ///
  /// - Parameter iteration: The number of the iteration, for errors.
  /// - Throws: ``TrainingError/notFinite(metric:iteration:)`` before a bad gradient reaches a
  ///   weight.
  public func accept(iteration: Int) throws(TrainingError) {
    gradientNorm = (policy.squaredNorm + value.squaredNorm).squareRoot()
    guard gradientNorm.isFinite else {
      throw .notFinite(metric: culprit, iteration: iteration)
    }
    (policy.isLearning, value.isLearning) = (true, true)
    pendingScale = clipFactor(norm: gradientNorm, maximum: maximumGradientNorm)
  }

  /// Takes the pending step, if there is one.
  public func finish() {
    guard let pendingScale else { return }
    policy.step(learningRate, gradientScale: pendingScale)
    value.step(learningRate, gradientScale: pendingScale)
    self.pendingScale = nil
  }

  /// Name of the metric that is not finite.
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

  /// Restores the optimisers' moments.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try policy.load(from: archive)
    try value.load(from: archive)
  }
}

/// The rows of a rollout in random order, reshuffled for each pass.
public struct MinibatchOrder {
  /// Rows of the rollout, in their current order.
  public private(set) var rows: [Int32]
  private var stream: RandomStream

  /// Creates an order that is not yet shuffled.
  public init(count: Int, seed: UInt64) {
    rows = (0..<Int32(count)).map { $0 }
    stream = RandomStream(seed: seed, name: "minibatch-order")
  }

  /// Shuffles the rows.
  public mutating func shuffle() { stream.shuffle(&rows) }

  /// Writes the order and the state of the random stream.
  public func save(to archive: inout TensorArchive) {
    archive.set(stream, named: "minibatch-order")
    archive.set("minibatch-order.order", .words(rows.map { UInt64($0) }))
  }

  /// Restores the order and the state of the random stream.
  public mutating func load(from archive: TensorArchive) throws(ArchiveError) {
    let saved = try archive.words("minibatch-order.order", count: rows.count)
    guard saved.sorted() == rows.indices.map({ UInt64($0) }) else {
      throw .invalid(reason: "its minibatch order is not a permutation")
    }
    stream = try archive.stream(named: "minibatch-order")
    rows = saved.map { Int32($0) }
  }
}
