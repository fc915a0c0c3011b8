public import LinearAlgebra

/// A normal distribution with independent components, squashed into ±1 by a hyperbolic tangent.
///
/// Each row of the network's outputs holds A means μ and A values r that set the logarithms of the
/// standard deviations: `logσ = low + (high − low)/2 · (tanh r + 1)`, without a hard limit.  With
/// noise ε the sample is `a = tanh(u)`, `u = μ + σ ε`.
///
/// - Source: Haarnoja et al. 2018, arXiv:1812.05905, appendix C; the range of logσ as in CleanRL's
///   SAC.
/// - Difference from source: the Jacobian is `log(1 − tanh²u) = 2 (log 2 − u − softplus(−2u))`,
///   exact where the naive form with 1e-6 inside the logarithm is off by 2.9 at u = 9.
public final class SquashedGaussian: ActionDistribution {
  public static let kind = "squashed-gaussian"
  public let low: [Float]
  public let high: [Float]
  public let choices: Int? = nil
  public let parameters = makeParameters(columns: 0)
  public let meanDeviation = Double.nan
  /// Range of the logarithm of the standard deviation.
  public let logDeviations: ClosedRange<Float>

  /// Creates a distribution over a box of actions.
  public init(low: [Float], high: [Float], logDeviations: ClosedRange<Float>) {
    precondition(low.count == high.count)
    (self.low, self.high) = (low, high)
    self.logDeviations = logDeviations
  }

  public var actionWidth: Int { low.count }
  public var outputWidth: Int { 2 * low.count }

  public func makeSampler(rows: Int, drawsPairs: Bool) -> SquashedGaussianSampler {
    SquashedGaussianSampler(
      rows: rows, width: low.count, logDeviations: logDeviations, drawsPairs: drawsPairs)
  }

  /// Maps −1...1 linearly to the bounds.
  public func bound(_ actions: Matrix, rows: Int, into result: Matrix, firstRow: Int) {
    for i in 0..<rows {
      for j in low.indices {
        let value = low[j] + 0.5 * (actions[i, j] + 1) * (high[j] - low[j])
        // Rounding may reach beyond the bounds.
        result[firstRow + i, j] = value.isNaN ? value : min(max(value, low[j]), high[j])
      }
    }
  }

  /// Maps an action within the bounds to −1...1, the inverse of
  /// ``bound(_:rows:into:firstRow:)``.
  ///
  /// - Parameters:
  ///   - actions: Actions in the environment's units, [≥ row × A].
  ///   - row: The row of the action.
  ///   - result: The matrix whose first row receives the action, [≥ 1 × A].
  public func unbound(_ actions: Matrix, row: Int, into result: Matrix) {
    for j in low.indices {
      let half = 0.5 * (high[j] - low[j])
      let value = half > 0 ? (actions[row, j] - low[j]) / half - 1 : 0
      result[0, j] = min(max(value, -1), 1)
    }
  }

  /// Returns the mean over the rows of KL(p ‖ q), in nats, which equals that of the Gaussians
  /// before the hyperbolic tangent.
  public func divergence(
    _ p: DistributionBatch, from q: DistributionBatch, rows: Int
  ) -> Double {
    var sum = 0.0
    for i in 0..<rows {
      for j in low.indices {
        sum += gaussianDivergence(
          mean: Double(p.outputs[i, j]), logDeviation: logDeviation(p.outputs, i, j),
          from: Double(q.outputs[i, j]), logDeviation(q.outputs, i, j))
      }
    }
    return sum / Double(rows)
  }

  public func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix
  ) -> Double {
    let halfRange = 0.5 * (logDeviations.upperBound - logDeviations.lowerBound)
    var sum = 0.0
    for i in 0..<rows {
      for j in low.indices {
        let t = ScalarMaths.tanh(outputs[i, low.count + j])
        let (own, other) = (logDeviation(outputs, i, j), logDeviation(q.outputs, i, j))
        sum += gaussianDivergence(
          mean: Double(outputs[i, j]), logDeviation: own, from: Double(q.outputs[i, j]), other)
        let inverse = ScalarMaths.exp(-Float(other))
        let ratio = ScalarMaths.exp(Float(own - other))
        outputGradient[i, j] += weight * (outputs[i, j] - q.outputs[i, j]) * inverse * inverse
        outputGradient[i, low.count + j] +=
          weight * (ratio * ratio - 1) * halfRange * (1 - t * t)
      }
    }
    return sum / Double(rows)
  }

  private func logDeviation(_ outputs: Matrix, _ i: Int, _ j: Int) -> Double {
    let (least, greatest) = (Double(logDeviations.lowerBound), Double(logDeviations.upperBound))
    let raw = ScalarMaths.tanh(Double(outputs[i, low.count + j]))
    return least + 0.5 * (greatest - least) * (raw + 1)
  }
}

/// A sampler of squashed Gaussians that can differentiate through its samples.
public final class SquashedGaussianSampler: ActionSampler {
  /// The sampled actions, [B × A], in −1...1.
  public let actions: Matrix
  /// Logarithm of each sample's density over −1...1, [B], in nats.
  public let logProbabilities: Vector
  /// The standard normal numbers ε behind the sample, [B × A].
  public let noise: Matrix
  let logDeviations: ClosedRange<Float>
  let width: Int
  private let drawsPairs: Bool
  /// Row by row, [B · A] each: tanh of r, the scaled noise σ ε, the actions, and scratch memory.
  let squashed: Vector
  let scaledNoise: Vector
  let tangents: Vector
  private let scratch: Vector

  /// log 2π / 2.
  static let halfLogTwoPi: Float = 0.918_938_5
  static let logTwo: Float = 0.693_147_2

  init(rows: Int, width: Int, logDeviations: ClosedRange<Float>, drawsPairs: Bool) {
    self.logDeviations = logDeviations
    self.width = width
    self.drawsPairs = drawsPairs
    noise = Matrix(rows: rows, columns: width)
    actions = Matrix(rows: rows, columns: width)
    logProbabilities = Vector(count: rows)
    squashed = Vector(count: rows * width)
    scaledNoise = Vector(count: rows * width)
    tangents = Vector(count: rows * width)
    scratch = Vector(count: rows * width)
  }

  /// Returns the logarithm of the standard deviation for a squashed output.
  func logDeviation(squashed: Float) -> Float {
    logDeviations.lowerBound + 0.5 * (logDeviations.upperBound - logDeviations.lowerBound)
      * (squashed + 1)
  }

  public func sample(_ outputs: Matrix, rows: Int, streams: inout [RandomStream]) {
    for i in 0..<rows { streams[i].fillNormal(noise, row: i, inPairs: drawsPairs) }
    sample(outputs, rows: rows)
  }

  /// Draws the samples of all rows from a single random stream.
  public func sample(_ outputs: Matrix, rows: Int, using random: inout RandomStream) {
    for i in 0..<rows { random.fillNormal(noise, row: i, inPairs: drawsPairs) }
    sample(outputs, rows: rows)
  }

  /// Sets each row's action to the squashed mean.
  public func chooseMode(_ outputs: Matrix, rows: Int) {
    noise.fill(0)
    sample(outputs, rows: rows)
  }

  /// Computes the sample that belongs to the current ``noise``, and its density.
  ///
  /// - Parameters:
  ///   - output: Means μ and values r, [≥ rows × 2A].
  ///   - rows: The number of rows.
  public func sample(_ output: Matrix, rows: Int) {
    precondition(output.columns == 2 * width && rows <= actions.rows && rows <= output.rows)
    let count = rows * width
    for i in 0..<rows {
      for j in 0..<width { squashed[i * width + j] = output[i, width + j] }
    }
    hyperbolicTangent(squashed, count: count)
    for k in 0..<count { scaledNoise[k] = logDeviation(squashed: squashed[k]) }
    for i in 0..<rows {
      var sum: Float = 0
      for j in 0..<width {
        let epsilon = noise[i, j]
        sum -= 0.5 * epsilon * epsilon + scaledNoise[i * width + j] + Self.halfLogTwoPi
      }
      logProbabilities[i] = sum
    }
    exponential(scaledNoise, count: count)
    for i in 0..<rows {
      for j in 0..<width {
        let k = i * width + j
        scaledNoise[k] *= noise[i, j]
        tangents[k] = output[i, j] + scaledNoise[k]
        scratch[k] = -2 * abs(tangents[k])
      }
    }
    subtractLogJacobian(rows)
    hyperbolicTangent(tangents, count: count)
    for i in 0..<rows {
      for j in 0..<width { actions[i, j] = tangents[i * width + j] }
    }
  }

  /// Subtracts Σ log(1 − tanh²u) from the log-densities; `tangents` still holds u, `scratch` −2|u|.
  private func subtractLogJacobian(_ rows: Int) {
    let count = rows * width
    exponential(scratch, count: count)
    for k in 0..<count { scratch[k] += 1 }
    logarithm(scratch, count: count)
    for i in 0..<rows {
      for j in 0..<width {
        let k = i * width + j
        // −u − softplus(−2u) = −|u| − log(1 + e^(−2|u|)), for either sign.
        logProbabilities[i] -= 2 * (Self.logTwo - abs(tangents[k]) - scratch[k])
      }
    }
  }

  /// Computes the gradient of `Σ densityWeight · logπ + L(a)` with respect to the network's output.
  ///
  /// The reparametrised gradient flows through the density and through the action:
  /// `∂/∂u = 2 w a + (∂L/∂a)(1 − a²)`, `∂/∂logσ = σ ε ∂/∂u − w`.
  ///
  /// - Parameters:
  ///   - densityWeight: The derivative w of the loss with respect to each row's logπ.
  ///   - actionGradient: The derivative ∂L/∂a, [≥ rows × A].
  ///   - rows: The number of rows of the last sample.
  ///   - outputGradient: The gradient to set, [≥ rows × 2A].
  public func backward(
    densityWeight: Float, actionGradient: Matrix, rows: Int, outputGradient: Matrix
  ) {
    precondition(
      actionGradient.columns == width && outputGradient.columns == 2 * width
        && rows <= actionGradient.rows && rows <= outputGradient.rows)
    let halfRange = 0.5 * (logDeviations.upperBound - logDeviations.lowerBound)
    for i in 0..<rows {
      for j in 0..<width {
        let k = i * width + j
        let (a, t) = (tangents[k], squashed[k])
        let gradient = 2 * densityWeight * a + actionGradient[i, j] * (1 - a * a)
        outputGradient[i, j] = gradient
        outputGradient[i, width + j] =
          (gradient * scaledNoise[k] - densityWeight) * halfRange * (1 - t * t)
      }
    }
  }
}
