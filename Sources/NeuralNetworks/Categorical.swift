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

  /// Does nothing: a categorical distribution has no parameters of its own.
  public func limitParameters() {}

  public func divergence(
    _ p: DistributionBatch, from q: DistributionBatch, rows: Int
  ) -> Double {
    var sum = 0.0
    for i in 0..<rows {
      let (p, q) = (Self.logProbabilities(p.outputs, i), Self.logProbabilities(q.outputs, i))
      for (p, q) in zip(p, q) where p > -.infinity { sum += ScalarMaths.exp(p) * (p - q) }
    }
    return sum / Double(rows)
  }

  public func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix
  ) {
    // ∂KL/∂z_k = p_k (log p_k − log q_k − KL)
    for i in 0..<rows {
      let (p, q) = (Self.logProbabilities(outputs, i), Self.logProbabilities(q.outputs, i))
      let terms = zip(p, q).map { p, q in p > -.infinity ? p - q : 0 }
      let divergence = zip(p, terms).reduce(0) { $0 + ScalarMaths.exp($1.0) * $1.1 }
      for k in p.indices {
        outputGradient[i, k] += weight * Float(ScalarMaths.exp(p[k]) * (terms[k] - divergence))
      }
    }
  }

  private static func logProbabilities(_ logits: Matrix, _ row: Int) -> [Double] {
    let logits = (0..<logits.columns).map { Double(logits[row, $0]) }
    let largest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + ScalarMaths.exp($1 - largest) }
    return logits.map { $0 - largest - ScalarMaths.log(sum) }
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
