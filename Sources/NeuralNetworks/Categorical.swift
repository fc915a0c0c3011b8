public import LinearAlgebra

/// Distributions over K choices: logits [B × K], actions [B × 1] that hold the index of a choice.
public enum Categorical {
  /// Writes the log-probability of each row's action, in nats.
  public static func logProbabilities(
    of actions: Matrix, logits: Matrix, rows: Int, into result: Vector
  ) {
    check(rows, logits, result, actions)
    for i in 0..<rows {
      let (offset, logSum) = normalizer(logits, i)
      result[i] = logits[i, choice(actions, i, logits)] - offset - logSum
    }
  }

  /// Writes the entropy of each row, in nats.
  public static func entropies(logits: Matrix, rows: Int, into result: Vector) {
    check(rows, logits, result)
    for i in 0..<rows { result[i] = entropy(logits, i) }
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
    check(rows, logits, weights, actions)
    precondition(rows <= logitGradient.rows && logits.columns == logitGradient.columns)
    for i in 0..<rows {
      let (offset, logSum) = normalizer(logits, i)
      let chosen = choice(actions, i, logits)
      let entropy = entropyWeight == 0 ? 0 : entropy(logits, i)
      for j in 0..<logits.columns {
        let logProbability = logits[i, j] - offset - logSum
        let probability = ScalarMaths.exp(logProbability)
        logitGradient[i, j] =
          weights[i] * ((j == chosen ? 1 : 0) - probability)
          - entropyWeight * probability * (logProbability + entropy)
      }
    }
  }

  /// Draws a choice from one row by inverting the cumulative distribution.
  public static func sample(
    logits: Matrix, row: Int, using random: inout RandomStream
  ) -> Int {
    let (offset, logSum) = normalizer(logits, row)
    var remaining = random.uniform()
    for j in 0..<logits.columns - 1 {
      remaining -= ScalarMaths.exp(logits[row, j] - offset - logSum)
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

  /// The largest logit and the logarithm of the sum of exponentials above it.
  private static func normalizer(_ logits: Matrix, _ row: Int) -> (offset: Float, logSum: Float) {
    var offset = logits[row, 0]
    for j in 1..<max(logits.columns, 1) { offset = max(offset, logits[row, j]) }
    var sum: Float = 0
    for j in 0..<logits.columns { sum += ScalarMaths.exp(logits[row, j] - offset) }
    return (offset, ScalarMaths.log(sum))
  }

  private static func entropy(_ logits: Matrix, _ row: Int) -> Float {
    let (offset, logSum) = normalizer(logits, row)
    var entropy: Float = 0
    for j in 0..<logits.columns {
      let logProbability = logits[row, j] - offset - logSum
      entropy -= ScalarMaths.exp(logProbability) * logProbability
    }
    return entropy
  }

  private static func choice(_ actions: Matrix, _ row: Int, _ logits: Matrix) -> Int {
    let index = Int(actions[row, 0])
    precondition(index >= 0 && index < logits.columns, "choice \(index) of \(logits.columns)")
    return index
  }

  private static func check(
    _ rows: Int, _ logits: Matrix, _ perRow: Vector, _ actions: Matrix? = nil
  ) {
    precondition(
      rows >= 0 && rows <= logits.rows && rows <= perRow.count && rows <= actions?.rows ?? rows,
      "\(rows) rows of logits \(logits.rows) × \(logits.columns)")
  }
}
