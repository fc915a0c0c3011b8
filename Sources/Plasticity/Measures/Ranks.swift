internal import LinearAlgebra

/// Ranks of a feature matrix that do not ask for exact zeros, from its singular values.
///
/// Each takes the singular values, largest first, and is 0 where all of them are 0.
public enum Ranks {
  /// `exp(−Σ p log p)` with `p = σ / Σσ`: as many directions as that many equal ones would be.
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

  /// The fewest singular values whose sum is at least 1 − δ of all of them: srank.
  ///
  /// - Source: Kumar et al. 2021, arXiv:2010.14498, with δ = 0.01.
  public static func srank(_ singularValues: [Double], delta: Double = 0.01) -> Double {
    fewest(singularValues, delta: delta)
  }

  /// The fewest singular values whose squares sum to at least 1 − δ: the rank of a principal
  /// component analysis.
  ///
  /// - Source: Yang et al. 2020, arXiv:1909.12255.
  public static func approximate(_ singularValues: [Double], delta: Double = 0.01) -> Double {
    fewest(singularValues.map { $0 * $0 }, delta: delta)
  }

  /// `‖Φ‖²_F / σ₁²`, the stable rank of numerical analysis; not what some call by that name, which is
  /// ``srank(_:delta:)``.
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
