internal import Foundation

extension Statistics {
  /// Returns the exact lower confidence bound of a probability.
  ///
  /// - Parameters:
  ///   - successes: Number of successes, in 0...`trials`.
  ///   - trials: Number of trials, at least 1.
  ///   - level: Probability with which the bound may be above the true probability, in 0 ..< 1.
  /// - Returns: The bound; 0 without a success.
  /// - Source: Clopper and Pearson 1934, "The Use of Confidence or Fiducial Limits Illustrated in the
  ///   Case of the Binomial".
  public static func exactLowerBound(successes: Int, trials: Int, level: Double) -> Double {
    precondition(trials > 0 && (0...trials).contains(successes), "\(successes) of \(trials)")
    precondition((0..<1).contains(level), "level \(level)")
    guard successes > 0 else { return 0 }
    let (a, b) = (Double(successes), Double(trials - successes + 1))
    var (low, high) = (0.0, a / Double(trials))
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if incompleteBeta(middle, a, b) < level { low = middle } else { high = middle }
    }
    return low
  }

  /// Returns the regularised incomplete beta function I_x(a, b).
  ///
  /// - Source: continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions,
  ///   evaluated by Lentz's method.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast below the mean only.
    guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(
      lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    let tiny = 1e-300
    func safe(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var (c, d) = (1.0, 1 / safe(1 - (a + b) * x / (a + 1)))
    var value = d
    for m in 1...100_000 {
      let step = Double(m)
      for isEven in [true, false] {
        let term =
          isEven
          ? step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
          : -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        d = 1 / safe(1 + term * d)
        c = safe(1 + term / c)
        value *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * value / a
  }
}
