public import LinearAlgebra
public import NeuralNetworks
public import Training

/// The loss of mirror descent, `−mean(ρ A) + D(π, π_k) / t`, where ρ is the probability ratio to
/// the previous policy π_k, without clipping.
///
/// With index q = 1 the divergence D is `mean KL(π ‖ π_k)`: the *new* policy is the measure, unlike
/// in TRPO and in PPO's penalty.  With q in 1...2 it is `mean(log_{2−q} π − log_{2−q} π_k)` at the
/// rollout's actions, where `log_{2−q} x = (x^{q−1} − 1) / (q − 1)` and x is at least 1e-6.
///
/// - Source: Tomar et al. 2022, arXiv:2005.09814, equation 7 and section 5.1; the authors' code.
/// - Difference from source: without the factor ½ that the code has in front of its q-logarithms.
public final class MirrorDescentLoss: PolicyObjective {
  /// Step size t.
  public var stepSize: Float = 1
  /// Divergence on the last minibatch, before its weight.
  public private(set) var divergence = 0.0
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let tsallisIndex: Float
  private let oldLogProbabilities: Vector
  private let reference: ReferencePolicy
  private let oldOfMinibatch: Vector
  private let ratios: Vector
  /// Logarithm of the least probability of a q-logarithm.
  private static let leastLogProbability: Float = -13.815_511

  /// Allocates memory for minibatches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - policy: The policy that learns.
  ///   - rollout: A rollout with the column `MLPPolicy.outputsColumn`.
  ///   - rows: The maximum number of rows in a minibatch.
  ///   - tsallisIndex: The index q, in 1...2.
  public init(policy: MLPPolicy, rollout: RolloutBuffer, rows: Int, tsallisIndex: Float) {
    self.policy = policy
    self.rollout = rollout
    self.tsallisIndex = tsallisIndex
    oldLogProbabilities = Vector(count: rollout.count)
    reference = ReferencePolicy(policy, rollout: rollout, rows: rows)
    oldOfMinibatch = Vector(count: rows)
    ratios = Vector(count: rows)
  }

  /// Notes the current policy as the previous one π_k; it is the one that gathered the rollout.
  public func notePolicy() {
    guard let outputs = rollout.column(MLPPolicy.outputsColumn) else {
      preconditionFailure("the rollout has no column of outputs")
    }
    policy.likelihood.logProbabilities(
      of: rollout.actions, outputs: outputs, rows: rollout.count, into: oldLogProbabilities)
    reference.note()
  }

  public func gather(_ order: [Int32], _ rows: Range<Int>) {
    reference.gather(order, rows)
    for (k, position) in rows.enumerated() {
      oldOfMinibatch[k] = oldLogProbabilities[Int(order[position])]
    }
  }

  public func differentiate(
    logProbabilities: Vector, advantages: Vector, count: Int, weights: Vector
  ) -> Float {
    let (scale, ratios) = (1 / Float(count), ratios)
    for k in 0..<count { ratios[k] = logProbabilities[k] - oldOfMinibatch[k] }
    exponential(ratios, count: count)
    var loss: Float = 0
    for k in 0..<count {
      weights[k] = -scale * advantages[k] * ratios[k]
      loss += weights[k]
    }
    guard tsallisIndex > 1 else { return loss }
    return loss + addTsallisDivergence(logProbabilities, count: count, weights: weights)
  }

  /// Adds the derivative of the weighted Tsallis divergence, and returns its value.
  private func addTsallisDivergence(
    _ logProbabilities: Vector, count: Int, weights: Vector
  ) -> Float {
    let (power, least) = (tsallisIndex - 1, Self.leastLogProbability)
    let weight = 1 / (stepSize * Float(count))
    var sum: Float = 0
    for k in 0..<count {
      let new = ScalarMaths.exp(power * max(logProbabilities[k], least))
      let old = ScalarMaths.exp(power * max(oldOfMinibatch[k], least))
      sum += (new - old) / power
      if logProbabilities[k] > least { weights[k] += weight * new }
    }
    divergence = Double(sum) / Double(count)
    return weight * sum
  }

  public func addDivergence(
    of distribution: any LikelihoodDistribution, outputs: Matrix, count: Int,
    outputGradient: Matrix
  ) -> Float {
    guard tsallisIndex == 1 else { return 0 }
    divergence = distribution.addDivergenceGradient(
      weight: 1 / (stepSize * Float(count)), outputs: outputs,
      from: reference.batch, rows: count, outputGradient: outputGradient)
    return Float(divergence) / stepSize
  }
}
