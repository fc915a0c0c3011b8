/// Measures of the noise in a minibatch's gradient.
public enum GradientNoise {
  /// Returns the batch size at which noise and signal are equal, `tr Σ / |G|²`, from the squared
  /// lengths of gradients of two batch sizes.
  ///
  /// `|G|² = (B |G_B|² − b |G_b|²) / (B − b)` and `tr Σ = (|G_b|² − |G_B|²) / (1/b − 1/B)` are unbiased;
  /// their ratio is not, so average it over many measurements.
  ///
  /// - Source: McCandlish et al. 2018, arXiv:1812.06162, appendix A.1.
  /// - Parameters:
  ///   - small: Number of rows b of the smaller batch, at least 1, and squared length of its
  ///     gradient, usually a mean over several batches.
  ///   - large: Number of rows B of the larger batch, above b, and squared length of its gradient.
  /// - Returns: The signal `|G|²`, the noise `tr Σ` and their ratio, which is NaN if the estimate
  ///   of the signal is not positive.
  public static func simpleScale(
    small: (rows: Int, squaredNorm: Double), large: (rows: Int, squaredNorm: Double)
  ) -> (signal: Double, noise: Double, scale: Double) {
    precondition(small.rows > 0 && large.rows > small.rows, "\(small.rows) and \(large.rows) rows")
    let (b, c) = (Double(small.rows), Double(large.rows))
    let signal = (c * large.squaredNorm - b * small.squaredNorm) / (c - b)
    let noise = (small.squaredNorm - large.squaredNorm) / (1 / b - 1 / c)
    return (signal, noise, signal > 0 ? noise / signal : .nan)
  }
}
