internal import LinearAlgebra

/// Approximate ranks of a feature matrix, computed from its singular values.
///
/// Each function takes the singular values, largest first, and returns 0 if all of them are 0.
public enum Ranks {
  /// Returns the effective rank `exp(−Σ p log p)` with `p = σ / Σσ`: n for n equal singular values.
  ///
  /// - Source: Roy and Vetterli 2007, "The effective rank".
  public static func effective(_ singularValues: [Double]) -> Double {
    let sum = singularValues.reduce(0, +)
    guard sum != 0 else { return 0 }
    let entropy = singularValues.reduce(0.0) { entropy, value in
      let share = value / sum
      return share == 0 ? entropy : entropy - share * ScalarMaths.log(share)
    }
    return ScalarMaths.exp(entropy)
  }

  /// Returns the srank: the smallest number of leading singular values that sum to at least a share
  /// 1 − δ of the total.
  ///
  /// - Source: Kumar et al. 2021, arXiv:2010.14498, with δ = 0.01.
  public static func srank(_ singularValues: [Double], delta: Double = 0.01) -> Double {
    fewest(singularValues, delta: delta)
  }

  /// Returns the smallest number of leading singular values whose squares sum to at least a share
  /// 1 − δ of the total, the number of components in a principal component analysis.
  ///
  /// - Source: Yang et al. 2020, arXiv:1909.12255.
  public static func approximate(_ singularValues: [Double], delta: Double = 0.01) -> Double {
    fewest(singularValues.map { $0 * $0 }, delta: delta)
  }

  /// Returns the stable rank of numerical analysis, `‖Φ‖²_F / σ₁²`.
  ///
  /// Some papers use that name for ``srank(_:delta:)``.
  ///
  /// - Source: Rudelson and Vershynin 2007.
  public static func stable(_ singularValues: [Double]) -> Double {
    guard let largest = singularValues.first, largest != 0 else { return 0 }
    return singularValues.reduce(0) { $0 + $1 * $1 } / (largest * largest)
  }

  private static func fewest(_ values: [Double], delta: Double) -> Double {
    let sum = values.reduce(0, +)
    guard sum.isFinite else { return .nan }
    guard sum > 0 else { return 0 }
    var partial = 0.0
    for (i, value) in values.enumerated() {
      partial += value
      if partial / sum >= 1 - delta { return Double(i + 1) }
    }
    return Double(values.count)
  }
}
