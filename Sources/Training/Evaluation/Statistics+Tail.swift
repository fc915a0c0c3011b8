extension Statistics {
  /// Returns the mean of the lowest values of a sample, the conditional value at risk (CVaR).
  ///
  /// Of n values, the lowest `fraction · n` count; if that is no whole number, the last one counts in
  /// part.  With `fraction · n` at most 1 it is the least value.
  ///
  /// - Parameters:
  ///   - fraction: Fraction of the values that count, above 0 and at most 1.
  ///   - values: The sample, in any order.
  /// - Returns: The mean; NaN if there are no values or one is NaN.
  /// - Source: Rockafellar and Uryasev 2002, "Conditional Value-at-Risk for General Loss
  ///   Distributions", for the discrete distribution of the sample, with returns for losses.
  public static func conditionalValueAtRisk(_ fraction: Double, of values: [Double]) -> Double {
    precondition(fraction > 0 && fraction <= 1, "fraction \(fraction)")
    guard !values.isEmpty, !values.contains(where: \.isNaN) else { return .nan }
    let sorted = values.sorted()
    // One tenth of 10 must be 1 value, not one and a bit.
    let count = max(1, (fraction * Double(values.count) * 1e9).rounded() / 1e9)
    let whole = Int(count)
    var sum = sorted[..<whole].reduce(0, +)
    if whole < sorted.count { sum += (count - Double(whole)) * sorted[whole] }
    return sum / count
  }
}
