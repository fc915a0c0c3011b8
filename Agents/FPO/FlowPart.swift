internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

/// What the parts of an update share.
struct FlowContext {
  let configuration: FPOConfiguration
  let policy: FlowPolicy
  let rollout: RolloutBuffer
  /// Losses of the policy that gathered the rollout, [N·T × samples].
  let oldLosses: Matrix
  /// Velocities of that policy, [N·T × samples · A]; nil unless the learning rate adapts.
  let oldVelocities: Matrix?
  /// Advantages of the rollout, standardised if its mean and deviation are used, [N·T].
  let advantages: Vector
}

/// One task's part of each minibatch: its samples, losses and gradient.
///
/// The first part works on the policy's own network, each other part on a copy that has gradients of
/// its own.
final class FlowPart {
  /// Samples of the part's transitions.
  private(set) var batch: FlowBatch
  /// Sums over the part's transitions, in shares of the whole minibatch.
  private(set) var statistics = FlowStatistics()
  private let context: FlowContext
  private let isCopy: Bool
  private let capacity: Int
  private let surrogate: FlowSurrogate
  private var map: FlowMapPenalty?
  private let entropy: NearestNeighborEntropy?
  /// Frozen parts of the policy's network when it was copied last.
  private var frozenParts: [MLP.FrozenPart]
  private let advantages: Vector
  private let oldLosses: Vector
  private let slopes: Vector
  private let ratios: Vector

  /// Allocates memory for up to `capacity` transitions of minibatches of up to `minibatch`.
  init(_ context: FlowContext, isCopy: Bool, capacity: Int, minibatch: Int) {
    self.context = context
    self.isCopy = isCopy
    self.capacity = capacity
    let (configuration, network) = (context.configuration, context.policy.network)
    frozenParts = network.frozenParts
    surrogate = FlowSurrogate(configuration)
    (batch, map) = Self.makeBatch(isCopy ? network.copy() : network, context, capacity)
    let samples = configuration.samplesPerAction
    entropy =
      configuration.shared.entropyCoefficient > 0
      ? NearestNeighborEntropy(
        samples: samples, width: context.policy.actionWidth,
        neighbor: configuration.entropyNeighbor) : nil
    advantages = Vector(count: minibatch)
    oldLosses = Vector(count: capacity * samples)
    slopes = Vector(count: capacity * samples)
    ratios = Vector(count: capacity * samples)
  }

  private static func makeBatch(
    _ network: MLP, _ context: FlowContext, _ capacity: Int
  ) -> (FlowBatch, FlowMapPenalty?) {
    let (configuration, policy) = (context.configuration, context.policy)
    let batch = FlowBatch(
      network, policy: policy, rollout: context.rollout,
      loss: FlowMatchingLoss(configuration, actionWidth: policy.actionWidth),
      transitions: capacity)
    guard configuration.mapCoefficient > 0 else { return (batch, nil) }
    return (
      batch,
      FlowMapPenalty(network, policy: policy, rollout: context.rollout, rows: capacity)
    )
  }

  /// Gives a copy the weights of the policy's network, and its frozen parts if it has new ones.
  private func synchronize() {
    guard isCopy else { return }
    let network = context.policy.network
    let isCurrent = network.frozenParts.elementsEqual(frozenParts) { $0.network === $1.network }
    if isCurrent {
      batch.network.parameters.copyValues(from: network.parameters)
      batch.network.parametersDidChange()
    } else {
      frozenParts = network.frozenParts
      (batch, map) = Self.makeBatch(network.copy(), context, capacity)
    }
  }

  /// Computes the reference losses of rows of the rollout, and the velocities if they are kept.
  ///
  /// - Parameters:
  ///   - order: Rows of the rollout, in ascending order.
  ///   - rows: The range of rows to evaluate.
  func evaluateReference(_ order: [Int32], _ rows: Range<Int>) {
    synchronize()
    let (samples, width) = (batch.samples, context.policy.actionWidth)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: capacity) {
      let count = min(capacity, rows.upperBound - first)
      batch.gather(order, first..<first + count)
      batch.evaluate()
      for k in 0..<count {
        for i in 0..<samples {
          let n = k * samples + i
          context.oldLosses[first + k, i] = batch.losses[n]
          guard let velocities = context.oldVelocities else { continue }
          for j in 0..<width { velocities[first + k, i * width + j] = batch.velocity(n, j) }
        }
      }
    }
  }

  /// Computes the gradient of a part of a minibatch.
  ///
  /// - Parameters:
  ///   - order: Rows of the rollout.
  ///   - minibatch: The range of the minibatch in `order`.
  ///   - share: The part's range in `order`, within the minibatch.
  func computeGradient(_ order: [Int32], minibatch: Range<Int>, share: Range<Int>) {
    synchronize()
    guard !share.isEmpty else {
      batch.network.parameters.gradients.fill(0)
      statistics = FlowStatistics()
      return
    }
    gatherAdvantages(order, minibatch)
    batch.gather(order, share)
    batch.evaluate()
    let samples = batch.samples
    for (k, position) in share.enumerated() {
      let row = Int(order[position])
      for i in 0..<samples { oldLosses[k * samples + i] = context.oldLosses[row, i] }
    }
    let weight = 1 / Float(minibatch.count)
    statistics = surrogate.differentiate(
      newLosses: batch.losses, oldLosses: oldLosses, advantages: advantages,
      first: share.lowerBound - minibatch.lowerBound, count: share.count, samples: samples,
      share: weight, slopes: slopes, ratios: ratios)
    batch.setOutputGradient(slopes)
    addEntropyGradient(weight: weight)
    batch.backward()
    if let map {
      let sum = map.addGradient(
        order, share, weight: weight * context.configuration.mapCoefficient)
      statistics.mapDistance = weight * sum
    }
    if let velocities = context.oldVelocities {
      statistics.drift = weight * drift(order, share, from: velocities)
    }
  }

  /// Gathers the advantages of a whole minibatch, standardised and limited as the settings say.
  private func gatherAdvantages(_ order: [Int32], _ rows: Range<Int>) {
    let configuration = context.configuration
    for (k, position) in rows.enumerated() {
      advantages[k] = context.advantages[Int(order[position])]
    }
    if configuration.shared.normalizeAdvantages && configuration.advantageScope == .minibatch {
      standardize(advantages, count: rows.count)
    }
    let (limit, offset) = (configuration.advantageClamp ?? .infinity, configuration.advantageOffset)
    for k in 0..<rows.count { advantages[k] = min(max(advantages[k], -limit), limit) + offset }
  }

  private func addEntropyGradient(weight: Float) {
    guard let entropy else { return }
    let slope = -weight * context.configuration.shared.entropyCoefficient
    for k in 0..<batch.count {
      statistics.entropy += weight * entropy.addGradient(weight: slope, transition: k, of: batch)
    }
  }

  /// Returns the sum over transitions of the mean squared change of the noise that point and velocity
  /// imply.
  private func drift(_ order: [Int32], _ share: Range<Int>, from velocities: Matrix) -> Float {
    let (samples, width) = (batch.samples, context.policy.actionWidth)
    var sum: Float = 0
    for (k, position) in share.enumerated() {
      let row = Int(order[position])
      for i in 0..<samples {
        let n = k * samples + i
        let remaining = 1 - batch.time(n)
        for j in 0..<width {
          let change = remaining * (batch.velocity(n, j) - velocities[row, i * width + j])
          sum += change * change
        }
      }
    }
    return sum / Float(samples * width)
  }
}
