package import LinearAlgebra
package import NeuralNetworks
public import Training

/// The distance of a policy from recorded actions, with its gradient.
///
/// Squared errors are in units of half of each component's range.  An action at a bound says only
/// that the mean lies there or beyond, since actions are recorded within their bounds: a Gaussian's
/// mean that lies beyond the bound has no error.
public final class CloningLoss {
  /// A kind of distance.
  public enum Kind: String, SettingValue, CaseIterable {
    /// Negative log-likelihood of the actions; for choices their cross-entropy.
    case likelihood
    /// Squared error of the most likely action, which leaves the deviation as it is.
    case squaredError = "squared-error"
  }

  /// Bound of recorded actions in −1...1 for the likelihood of a squashed Gaussian, whose mean would
  /// otherwise be pulled to infinity.
  package static let greatestSquashed: Float = 0.999
  /// log 2π / 2.
  private static let halfLogTwoPi: Float = 0.918_938_5

  private let kind: Kind
  private let distribution: any ActionDistribution
  private let entropyCoefficient: Float
  private let weights: Vector
  private let logProbabilities: Vector
  private let action: Matrix
  private let halfRanges: [Float]

  /// Mean entropy of the last minibatch in nats, for a squashed Gaussian before the squashing; NaN
  /// with squared errors.
  package private(set) var entropy: Float = .nan

  /// Allocates memory for minibatches of up to `rows` rows.
  package init(
    _ kind: Kind, of distribution: any ActionDistribution, entropyCoefficient: Float, rows: Int
  ) {
    (self.kind, self.distribution) = (kind, distribution)
    self.entropyCoefficient = entropyCoefficient
    weights = Vector(count: rows)
    logProbabilities = Vector(count: rows)
    action = Matrix(rows: 1, columns: distribution.actionWidth)
    halfRanges = zip(distribution.low, distribution.high).map { low, high in
      let half = 0.5 * (high - low)
      return half.isFinite && half > 0 ? half : 1
    }
  }

  /// Computes the loss of a minibatch and its gradient.
  ///
  /// - Parameters:
  ///   - outputs: Outputs of the network, [≥ rows × D].
  ///   - actions: Recorded actions, [≥ rows × A].
  ///   - rows: The number of rows.
  ///   - outputGradient: The gradient to set, [≥ rows × D]; the gradients of the distribution's own
  ///     parameters are set as well.
  /// - Returns: The loss without the entropy bonus, averaged over the rows.
  package func differentiate(
    outputs: Matrix, actions: Matrix, rows: Int, outputGradient: Matrix
  ) -> Float {
    switch (kind, distribution) {
    case (.likelihood, let squashed as SquashedGaussian):
      return differentiateLikelihood(squashed, outputs, actions, rows, outputGradient)
    case (.likelihood, let likelihood as any LikelihoodDistribution):
      likelihood.logProbabilities(
        of: actions, outputs: outputs, rows: rows, into: logProbabilities)
      entropy = likelihood.meanEntropy(outputs, rows: rows, scratch: weights)
      weights.fill(-1 / Float(rows))
      likelihood.backward(
        weights: weights, entropyWeight: -entropyCoefficient, actions: actions, outputs: outputs,
        rows: rows, outputGradient: outputGradient)
      return -sum(logProbabilities, count: rows) / Float(rows)
    default:
      outputGradient.fill(0)
      distribution.parameters.gradients.fill(0)
      return sumOfErrors(outputs, actions, rows, gradient: outputGradient) / Float(rows)
    }
  }

  /// Returns how far the most likely actions are from recorded ones, summed over the rows: squared
  /// errors, or the number of other choices.
  package func error(outputs: Matrix, actions: Matrix, rows: Int) -> Double {
    guard distribution.choices != nil else {
      return Double(sumOfErrors(outputs, actions, rows, gradient: nil))
    }
    var wrong = 0
    for i in 0..<rows {
      let best = (0..<outputs.columns).reduce(0) { outputs[i, $1] > outputs[i, $0] ? $1 : $0 }
      if Float(best) != actions[i, 0] { wrong += 1 }
    }
    return Double(wrong)
  }

  /// Sums the squared errors of the most likely actions; a gradient is that of their mean.
  private func sumOfErrors(
    _ outputs: Matrix, _ actions: Matrix, _ rows: Int, gradient: Matrix?
  ) -> Float {
    let squashed = distribution as? SquashedGaussian
    let scale = 2 / Float(rows)
    var sum: Float = 0
    for i in 0..<rows {
      squashed?.unbound(actions, row: i, into: action)
      for j in halfRanges.indices {
        let mean = outputs[i, j]
        if squashed != nil {
          let value = ScalarMaths.tanh(mean)
          let error = value - action[0, j]
          sum += error * error
          gradient?[i, j] = scale * error * (1 - value * value)
        } else {
          let (recorded, half) = (actions[i, j], halfRanges[j])
          let isMet =
            (recorded >= distribution.high[j] && mean > recorded)
            || (recorded <= distribution.low[j] && mean < recorded)
          let error = isMet ? 0 : (mean - recorded) / half
          sum += error * error
          gradient?[i, j] = scale * error / half
        }
      }
    }
    return sum
  }

  /// Computes the negative log-density over −1...1 of squashed actions and its gradient.
  ///
  /// With `u = atanh a` and `z = (u − μ)/σ`: `∂/∂μ = −z/σ`, `∂/∂logσ = 1 − z²`, and from the entropy
  /// bonus −1 for each logσ.
  private func differentiateLikelihood(
    _ squashed: SquashedGaussian, _ outputs: Matrix, _ actions: Matrix, _ rows: Int,
    _ outputGradient: Matrix
  ) -> Float {
    let width = squashed.actionWidth
    let (lowest, highest) = (
      squashed.logDeviations.lowerBound, squashed.logDeviations.upperBound
    )
    let halfRange = 0.5 * (highest - lowest)
    let scale = 1 / Float(rows)
    var (loss, deviations): (Float, Float) = (0, 0)
    for i in 0..<rows {
      squashed.unbound(actions, row: i, into: action)
      for j in 0..<width {
        let a = min(max(action[0, j], -Self.greatestSquashed), Self.greatestSquashed)
        let u = 0.5 * (ScalarMaths.log(1 + a) - ScalarMaths.log(1 - a))
        let t = ScalarMaths.tanh(outputs[i, width + j])
        let logDeviation = lowest + halfRange * (t + 1)
        let inverse = ScalarMaths.exp(-logDeviation)
        let z = (u - outputs[i, j]) * inverse
        loss += 0.5 * z * z + logDeviation + Self.halfLogTwoPi + ScalarMaths.log(1 - a * a)
        deviations += logDeviation
        outputGradient[i, j] = -scale * z * inverse
        outputGradient[i, width + j] =
          scale * (1 - z * z - entropyCoefficient) * halfRange * (1 - t * t)
      }
    }
    entropy = scale * deviations + Float(width) * (0.5 + Self.halfLogTwoPi)
    return scale * loss
  }
}
