public import LinearAlgebra

/// A distribution over K choices: the network's outputs are logits [B × K], and an action [B × 1]
/// holds the index of a choice.
public final class Categorical: LikelihoodDistribution {
  public static let kind = "categorical"
  public let low: [Float] = []
  public let high: [Float] = []
  public let choices: Int?
  public let parameters = makeParameters(columns: 0)
  public let outputWidth: Int
  public let actionWidth = 1
  public let meanDeviation = Double.nan

  /// Creates a distribution over the given number of choices.
  public init(choices: Int) {
    self.choices = choices
    outputWidth = choices
  }

  public func makeSampler(rows: Int, drawsPairs: Bool) -> CategoricalSampler {
    CategoricalSampler(rows: rows)
  }

  public func bound(_ actions: Matrix, rows: Int, into result: Matrix, firstRow: Int) {
    for i in 0..<rows { result[firstRow + i, 0] = actions[i, 0] }
  }

  public func logProbabilities(
    of actions: Matrix, outputs: Matrix, rows: Int, into result: Vector
  ) {
    CategoricalKernels.logProbabilities(of: actions, logits: outputs, rows: rows, into: result)
  }

  public func meanEntropy(_ outputs: Matrix, rows: Int, scratch: Vector) -> Float {
    CategoricalKernels.entropies(logits: outputs, rows: rows, into: scratch)
    var mean: Float = 0
    for k in 0..<rows { mean += scratch[k] / Float(rows) }
    return mean
  }

  public func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, outputs: Matrix, rows: Int,
    outputGradient: Matrix
  ) {
    CategoricalKernels.backward(
      weights: weights, entropyWeight: entropyWeight / Float(rows), actions: actions,
      logits: outputs, rows: rows, logitGradient: outputGradient)
  }

  public var divergenceParts: Int { 1 }

  public func addDivergenceGradient(
    weights: [Float], of q: DistributionBatch, outputs: Matrix, rows: Int, outputGradient: Matrix
  ) -> [Double] {
    // ∂KL(q ‖ p)/∂z_k = p_k − q_k
    var sum = 0.0
    for i in 0..<rows {
      let divergence = Self.divergence(q.outputs, from: outputs, row: i)
      sum += divergence.value
      for k in 0..<outputWidth {
        let mine = ScalarMaths.exp(Double(outputs[i, k]) - divergence.otherLogSum)
        let other = ScalarMaths.exp(Double(q.outputs[i, k]) - divergence.logSum)
        outputGradient[i, k] += weights[0] * Float(mine - other)
      }
    }
    return [sum / Double(rows)]
  }

  /// Multiplies the logits of each row by `diag(p) − p pᵀ`.
  public func multiplyByFisher(
    _ tangents: Matrix, ownTangent: Matrix, weight: Float, outputs: Matrix, rows: Int,
    outputGradient: Matrix
  ) {
    for i in 0..<rows {
      let logSum = Self.logSumOfExponentials(outputs, i)
      var mean: Float = 0
      for k in 0..<outputWidth {
        let probability = Float(ScalarMaths.exp(Double(outputs[i, k]) - logSum))
        outputGradient[i, k] = probability
        mean += probability * tangents[i, k]
      }
      for k in 0..<outputWidth { outputGradient[i, k] *= weight * (tangents[i, k] - mean) }
    }
  }

  /// Does nothing: a categorical distribution has no parameters of its own.
  public func limitParameters() {}

  public func divergence(
    _ p: DistributionBatch, from q: DistributionBatch, rows: Int
  ) -> Double {
    (0..<rows).reduce(0.0) { $0 + Self.divergence(p.outputs, from: q.outputs, row: $1).value }
      / Double(rows)
  }

  public func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix
  ) -> Double {
    // ∂KL/∂z_k = p_k (log p_k − log q_k − KL)
    var sum = 0.0
    for i in 0..<rows {
      let divergence = Self.divergence(outputs, from: q.outputs, row: i)
      sum += divergence.value
      for k in 0..<outputs.columns {
        let logit = Double(outputs[i, k]) - divergence.logSum
        guard logit > -.infinity else { continue }
        let difference = logit - (Double(q.outputs[i, k]) - divergence.otherLogSum)
        outputGradient[i, k] +=
          weight * Float(ScalarMaths.exp(logit) * (difference - divergence.value))
      }
    }
    return sum / Double(rows)
  }

  /// Returns KL(p ‖ q) of a row, in nats, and the logarithms of both sums of exponentials.
  private static func divergence(
    _ p: Matrix, from q: Matrix, row: Int
  ) -> (value: Double, logSum: Double, otherLogSum: Double) {
    let (logSum, otherLogSum) = (logSumOfExponentials(p, row), logSumOfExponentials(q, row))
    var value = 0.0
    for k in 0..<p.columns {
      let logit = Double(p[row, k]) - logSum
      guard logit > -.infinity else { continue }
      value += ScalarMaths.exp(logit) * (logit - (Double(q[row, k]) - otherLogSum))
    }
    return (value, logSum, otherLogSum)
  }

  private static func logSumOfExponentials(_ logits: Matrix, _ row: Int) -> Double {
    var largest = -Double.infinity
    for k in 0..<logits.columns { largest = max(largest, Double(logits[row, k])) }
    var sum = 0.0
    for k in 0..<logits.columns { sum += ScalarMaths.exp(Double(logits[row, k]) - largest) }
    return largest + ScalarMaths.log(sum)
  }
}

/// A sampler that draws choices by inverting the cumulative distribution.
public final class CategoricalSampler: ActionSampler {
  public let actions: Matrix

  init(rows: Int) { actions = Matrix(rows: rows, columns: 1) }

  public func sample(_ outputs: Matrix, rows: Int, streams: inout [RandomStream]) {
    for i in 0..<rows {
      let largest = outputs[i, Self.mode(outputs, i)]
      var sum: Float = 0
      for j in 0..<outputs.columns { sum += ScalarMaths.exp(outputs[i, j] - largest) }
      var remaining = streams[i].uniform() * sum
      var choice = 0
      while choice < outputs.columns - 1 {
        remaining -= ScalarMaths.exp(outputs[i, choice] - largest)
        if remaining < 0 { break }
        choice += 1
      }
      actions[i, 0] = sum.isNaN ? .nan : Float(choice)
    }
  }

  public func chooseMode(_ outputs: Matrix, rows: Int) {
    for i in 0..<rows {
      let isNumeric = (0..<outputs.columns).allSatisfy { !outputs[i, $0].isNaN }
      actions[i, 0] = isNumeric ? Float(Self.mode(outputs, i)) : .nan
    }
  }

  /// Returns the most likely choice of one row, or the first of several equally likely ones.
  private static func mode(_ logits: Matrix, _ row: Int) -> Int {
    var best = 0
    for j in 1..<max(logits.columns, 1) where logits[row, j] > logits[row, best] { best = j }
    return best
  }
}
