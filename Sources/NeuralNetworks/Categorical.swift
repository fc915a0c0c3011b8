public import LinearAlgebra

/// Distributions over K choices: logits [B × K], actions [B × 1] that hold the index of a choice.
public enum Categorical {
  /// Writes the log-probability of each row's action, in nats.
  public static func logProbabilities(
    of actions: Matrix, logits: Matrix, rows: Int, into result: Vector
  ) {
    CategoricalKernels.logProbabilities(of: actions, logits: logits, rows: rows, into: result)
  }

  /// Writes the entropy of each row, in nats.
  public static func entropies(logits: Matrix, rows: Int, into result: Vector) {
    CategoricalKernels.entropies(logits: logits, rows: rows, into: result)
  }

  /// Computes the gradient of `Σ weights[i] · log π(actions[i]) + entropyWeight · H[i]`.
  ///
  /// - Parameters:
  ///   - weights: The derivative of the loss by each row's log-probability.
  ///   - entropyWeight: The derivative of the loss by each row's entropy.
  ///   - actions: [B × 1].
  ///   - logits: [B × K].
  ///   - rows: How many rows to use.
  ///   - logitGradient: Is set, [B × K].
  public static func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, logits: Matrix, rows: Int,
    logitGradient: Matrix
  ) {
    CategoricalKernels.backward(
      weights: weights, entropyWeight: entropyWeight, actions: actions, logits: logits, rows: rows,
      logitGradient: logitGradient)
  }

  /// Draws a choice from one row by inverting the cumulative distribution.
  public static func sample(
    logits: Matrix, row: Int, using random: inout RandomStream
  ) -> Int {
    let largest = logits[row, mode(logits: logits, row: row)]
    var sum: Float = 0
    for j in 0..<logits.columns { sum += ScalarMaths.exp(logits[row, j] - largest) }
    var remaining = random.uniform() * sum
    for j in 0..<logits.columns - 1 {
      remaining -= ScalarMaths.exp(logits[row, j] - largest)
      if remaining < 0 { return j }
    }
    return logits.columns - 1
  }

  /// The most likely choice of one row, the first of equals.
  public static func mode(logits: Matrix, row: Int) -> Int {
    var best = 0
    for j in 1..<max(logits.columns, 1) where logits[row, j] > logits[row, best] { best = j }
    return best
  }
}
