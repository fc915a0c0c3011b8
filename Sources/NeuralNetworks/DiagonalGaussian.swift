public import LinearAlgebra

/// A normal distribution with independent components: the network's outputs are the means [B × A],
/// and the logarithm of the standard deviation [1 × A] is a parameter of the distribution.
///
/// Samples are unbounded; only the actions that the environment receives are clipped.
public final class DiagonalGaussian: LikelihoodDistribution {
  public static let kind = "gaussian"
  public let low: [Float]
  public let high: [Float]
  public let choices: Int? = nil
  public let parameters: ParameterBlock
  /// log 2π.
  private static let logTwoPi: Float = 1.837_877_1

  /// Creates a distribution over a box of actions.
  public init(low: [Float], high: [Float], initialLogDeviation: Float = 0) {
    precondition(low.count == high.count)
    (self.low, self.high) = (low, high)
    parameters = Self.makeParameters(columns: low.count)
    parameters.parameters[0].value.fill(initialLogDeviation)
  }

  public var actionWidth: Int { low.count }
  public var outputWidth: Int { low.count }
  private var logDeviation: Parameter { parameters.parameters[0] }

  public var meanDeviation: Double {
    let logStd = logDeviation.value
    let sum = (0..<logStd.columns).reduce(0.0) { $0 + Double(ScalarMaths.exp(logStd[0, $1])) }
    return sum / Double(logStd.columns)
  }

  public func makeSampler(rows: Int, drawsPairs: Bool) -> DiagonalGaussianSampler {
    DiagonalGaussianSampler(logDeviation.value, rows: rows, drawsPairs: drawsPairs)
  }

  public func bound(_ actions: Matrix, rows: Int, into result: Matrix, firstRow: Int) {
    for i in 0..<rows {
      for j in low.indices { result[firstRow + i, j] = min(max(actions[i, j], low[j]), high[j]) }
    }
  }

  public func logProbabilities(
    of actions: Matrix, outputs: Matrix, rows: Int, into result: Vector
  ) {
    GaussianKernels.logProbabilities(
      of: actions, mean: outputs, logStd: logDeviation.value, rows: rows, into: result)
  }

  /// Returns the entropy `Σ logσ + A/2 (1 + log 2π)`, in nats, the same for every row.
  public func meanEntropy(_ outputs: Matrix, rows: Int, scratch: Vector) -> Float {
    let logStd = logDeviation.value
    var sum = 0.5 * Float(logStd.columns) * (1 + Self.logTwoPi)
    for j in 0..<logStd.columns { sum += logStd[0, j] }
    return sum
  }

  public func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, outputs: Matrix, rows: Int,
    outputGradient: Matrix
  ) {
    // The entropy grows by 1 with each log-deviation.
    logDeviation.gradient.fill(entropyWeight)
    GaussianKernels.backward(
      weights: weights, actions: actions, mean: outputs, logStd: logDeviation.value, rows: rows,
      meanGradient: outputGradient, logStdGradient: logDeviation.gradient)
  }

  public var divergenceParts: Int { 2 }

  /// The first part has p's means and q's deviations, the second q's means and p's deviations.
  ///
  /// - Source: Song et al. 2019, arXiv:1909.12238, section 4.2.
  public func addDivergenceGradient(
    weights: [Float], of q: DistributionBatch, outputs: Matrix, rows: Int, outputGradient: Matrix
  ) -> [Double] {
    var (ofMeans, ofDeviations) = (0.0, 0.0)
    for j in low.indices {
      let (own, other) = (logDeviation.value[0, j], q.own[0, j])
      let inverse = ScalarMaths.exp(-other)
      let ratio = ScalarMaths.exp(other - own)
      let precision = inverse * inverse
      var squares: Float = 0
      for i in 0..<rows {
        let distance = outputs[i, j] - q.outputs[i, j]
        squares += distance * distance
        outputGradient[i, j] += weights[0] * distance * precision
      }
      logDeviation.gradient[0, j] += weights[1] * Float(rows) * (1 - ratio * ratio)
      ofMeans += 0.5 * Double(squares * precision) / Double(rows)
      ofDeviations += Double(own - other + 0.5 * (ratio * ratio - 1))
    }
    return [ofMeans, ofDeviations]
  }

  /// Multiplies each mean by `1/σ²` and each log-deviation by 2 for every row.
  public func multiplyByFisher(
    _ tangents: Matrix, ownTangent: Matrix, weight: Float, outputs: Matrix, rows: Int,
    outputGradient: Matrix
  ) {
    for j in low.indices {
      let inverse = ScalarMaths.exp(-logDeviation.value[0, j])
      let precision = weight * inverse * inverse
      for i in 0..<rows { outputGradient[i, j] = precision * tangents[i, j] }
      logDeviation.gradient[0, j] = 2 * weight * Float(rows) * ownTangent[0, j]
    }
  }

  /// Clamps the logarithm of the standard deviation to −5...2.
  public func limitParameters() {
    let logStd = logDeviation.value
    for j in 0..<logStd.columns { logStd[0, j] = min(max(logStd[0, j], -5), 2) }
  }

  public func divergence(
    _ p: DistributionBatch, from q: DistributionBatch, rows: Int
  ) -> Double {
    var sum = 0.0
    for i in 0..<rows {
      for j in low.indices {
        sum += gaussianDivergence(
          mean: Double(p.outputs[i, j]), logDeviation: Double(p.own[0, j]),
          from: Double(q.outputs[i, j]), Double(q.own[0, j]))
      }
    }
    return sum / Double(rows)
  }

  public func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix
  ) -> Double {
    var sum = 0.0
    for j in low.indices {
      let (own, other) = (logDeviation.value[0, j], q.own[0, j])
      let inverse = ScalarMaths.exp(-other)
      let ratio = ScalarMaths.exp(own - other)
      let precision = inverse * inverse
      var squares: Float = 0
      for i in 0..<rows {
        let distance = outputs[i, j] - q.outputs[i, j]
        squares += distance * distance
        outputGradient[i, j] += weight * distance * precision
      }
      logDeviation.gradient[0, j] += weight * Float(rows) * (ratio * ratio - 1)
      sum += Double(rows) * Double(other - own + 0.5 * (ratio * ratio - 1))
      sum += 0.5 * Double(squares * precision)
    }
    return sum / Double(rows)
  }
}

/// A sampler that draws `mean + deviation · noise`.
public final class DiagonalGaussianSampler: ActionSampler {
  public let actions: Matrix
  private let logDeviation: Matrix
  private let drawsPairs: Bool

  init(_ logDeviation: Matrix, rows: Int, drawsPairs: Bool) {
    self.logDeviation = logDeviation
    self.drawsPairs = drawsPairs
    actions = Matrix(rows: rows, columns: logDeviation.columns)
  }

  public func sample(_ outputs: Matrix, rows: Int, streams: inout [RandomStream]) {
    for i in 0..<rows { streams[i].fillNormal(actions, row: i, inPairs: drawsPairs) }
    for j in 0..<actions.columns {
      let deviation = ScalarMaths.exp(logDeviation[0, j])
      for i in 0..<rows { actions[i, j] = outputs[i, j] + deviation * actions[i, j] }
    }
  }

  public func chooseMode(_ outputs: Matrix, rows: Int) {
    for i in 0..<rows { actions.copyRow(i, from: outputs, row: i) }
  }
}
