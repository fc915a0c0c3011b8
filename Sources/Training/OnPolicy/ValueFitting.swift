public import NeuralNetworks
public import Storage

/// The settings of a critic that learns apart from the policy.
public struct ValueFittingSettings: SettingGroup {
  /// Number of passes over each rollout.
  public var epochs = 5
  /// Number of transitions per gradient step; a shorter last minibatch is used too.
  public var minibatchSize = 128
  /// Range ε of the clipped value loss; nil for the plain squared error.
  public var clipRange: Float?

  /// Creates the default settings.
  public init() {}

  /// Table of all settings.
  public static let table: [Setting<Self>] = [
    Setting("value-epochs", \.epochs, .atLeast(1), "the critic's passes over each rollout"),
    Setting(
      "value-minibatch-size", \.minibatchSize, .atLeast(1),
      "transitions per gradient step of the critic"),
    Setting(
      "value-clip-range", \.clipRange, .aboveOrInfinite(0),
      "clip range of the value loss; null for the plain squared error"),
  ]
}

/// The update of a critic apart from the policy's: several passes of minibatch steps over a rollout.
///
/// It shares nothing that changes with the policy's update, so both can run at the same time.
public final class ValueFitting {
  /// Mean loss over the minibatches of the last update.
  public private(set) var loss = 0.0
  /// Whether all gradients of the last update were finite; it ends before one that is not.
  public private(set) var isFinite = true
  private let settings: ValueFittingSettings
  private let learner: ValueLearner
  private let count: Int
  private var order: MinibatchOrder

  /// Allocates all memory.
  ///
  /// - Parameters:
  ///   - settings: The settings, whose minibatch is at most as large as the rollout.
  ///   - critic: A network that maps normalised observations to values [B × 1].
  ///   - rollout: The rollout to learn from.
  ///   - coefficient: The factor on the loss.
  ///   - rule: The rule of the optimiser.
  ///   - seed: The run's seed.
  public init(
    _ settings: ValueFittingSettings, critic: MLP, rollout: RolloutBuffer, coefficient: Float,
    rule: OptimizerRule, seed: UInt64
  ) {
    self.settings = settings
    learner = ValueLearner(
      critic, rollout, rows: settings.minibatchSize, coefficient: coefficient,
      clipRange: settings.clipRange, rule: rule)
    count = rollout.count
    order = MinibatchOrder(count: rollout.count, seed: seed)
  }

  /// The critic, with the last minibatch of the last update.
  public var named: NamedNetwork { learner.named }

  /// Improves the critic on the rollout, whose value targets are computed.
  public func fit(learningRate: Float) {
    learner.isLearning = false
    isFinite = true
    var (sum, steps) = (0.0, 0.0)
    for _ in 0..<settings.epochs {
      order.shuffle()
      for first in stride(from: 0, to: count, by: settings.minibatchSize) {
        learner.computeGradient(order.rows, first..<min(first + settings.minibatchSize, count))
        guard learner.squaredNorm.isFinite else {
          isFinite = false
          return
        }
        learner.step(learningRate, gradientScale: 1)
        learner.isLearning = true
        sum += Double(learner.loss)
        steps += 1
      }
    }
    loss = sum / steps
  }

  /// Writes the optimiser's moments and the order of minibatches.
  public func save(to archive: inout TensorArchive) {
    learner.save(to: &archive)
    order.save(to: &archive)
  }

  /// Restores the optimiser's moments and the order of minibatches.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try learner.load(from: archive)
    try order.load(from: archive)
  }
}
