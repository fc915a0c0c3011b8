internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Training

extension PPOAgent {
  /// Improves policy and critic on one rollout whose advantages are already computed.
  ///
  /// Each minibatch is two tasks, the policy's and the critic's; they meet once, to share the norm
  /// of the joint gradient.  The step that follows from it is taken at the head of the next pair of
  /// tasks, so a minibatch costs one meeting of the threads.
  ///
  /// - Throws: ``TrainingError/notFinite(metric:iteration:)`` before a bad gradient reaches a weight.
  func update(progressRemaining: Double) throws(TrainingError) {
    sums = PPOMetricSums()
    let learningRate = configuration.learningRates.value(progressRemaining: progressRemaining)
    let clipRange = configuration.clipRanges.value(progressRemaining: progressRemaining)
    sums.learningRate = Double(learningRate)
    var pendingScale: Float?
    epochs: for _ in 0..<configuration.epochs {
      shuffler.shuffle(&order)
      for first in stride(from: 0, to: order.count, by: configuration.minibatchSize) {
        let rows = first..<min(first + configuration.minibatchSize, order.count)
        if rows.count < 2 && configuration.normalizeAdvantages { continue }
        pool.run(2) { task in
          if task == 0 {
            if let pendingScale { policyLearner.step(learningRate, gradientScale: pendingScale) }
            policyLearner.computeGradient(order, rows, clipRange: clipRange)
          } else {
            if let pendingScale { valueLearner.step(learningRate, gradientScale: pendingScale) }
            valueLearner.computeGradient(order, rows)
          }
        }
        pendingScale = nil
        if let limit = configuration.targetKL, policyLearner.divergence > 1.5 * limit {
          break epochs
        }
        let norm = (policyLearner.squaredNorm + valueLearner.squaredNorm).squareRoot()
        guard norm.isFinite else {
          throw .notFinite(metric: culprit(), iteration: iterations + 1)
        }
        sums.add(policyLearner, valueLearner, gradientNorm: norm)
        pendingScale = clipFactor(norm: norm, maximum: configuration.maximumGradientNorm)
      }
    }
    if let pendingScale {
      policyLearner.step(learningRate, gradientScale: pendingScale)
      valueLearner.step(learningRate, gradientScale: pendingScale)
    }
  }

  /// Which of the two losses went wrong.
  private func culprit() -> String {
    if !valueLearner.loss.isFinite { return "value-loss" }
    if !policyLearner.loss.isFinite { return "policy-loss" }
    return "gradient-norm"
  }

  /// This iteration's metrics, in the order of `metricNames`.
  func metrics() -> [Double] {
    [
      recentEpisodes.meanReturn, recentEpisodes.meanLength, sums.mean(sums.policyLoss),
      sums.mean(sums.valueLoss), sums.mean(sums.entropy), sums.mean(sums.divergence),
      sums.mean(sums.clipFraction), explainedVariance(), sums.mean(sums.gradientNorm),
      sums.learningRate, mlpPolicy.distribution.meanDeviation,
    ]
  }

  /// `1 − Var(R − V) / Var(R)`, with the values of the critic that gathered the rollout.
  private func explainedVariance() -> Double {
    var (sum, squares, errorSum, errorSquares) = (0.0, 0.0, 0.0, 0.0)
    for row in 0..<rollout.count {
      let target = Double(rollout.returns[row])
      let error = target - Double(rollout.values[row])
      sum += target
      squares += target * target
      errorSum += error
      errorSquares += error * error
    }
    let count = Double(rollout.count)
    let variance = squares / count - (sum / count) * (sum / count)
    let errorVariance = errorSquares / count - (errorSum / count) * (errorSum / count)
    return variance > 0 ? 1 - errorVariance / variance : .nan
  }
}

/// Sums of the per-minibatch metrics of one update.
struct PPOMetricSums {
  private(set) var policyLoss = 0.0
  private(set) var valueLoss = 0.0
  private(set) var entropy = 0.0
  private(set) var divergence = 0.0
  private(set) var clipFraction = 0.0
  private(set) var gradientNorm = 0.0
  var learningRate = 0.0
  private(set) var count = 0.0

  mutating func add(
    _ policy: PPOPolicyLearner, _ value: PPOValueLearner, gradientNorm norm: Float
  ) {
    policyLoss += Double(policy.loss)
    valueLoss += Double(value.loss)
    entropy += Double(policy.entropy)
    divergence += Double(policy.divergence)
    clipFraction += Double(policy.clipFraction)
    gradientNorm += Double(norm)
    count += 1
  }

  /// A sum's mean over the minibatches.
  func mean(_ sum: Double) -> Double { sum / count }
}
