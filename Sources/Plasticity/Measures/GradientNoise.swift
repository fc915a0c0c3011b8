/// Measures of the noise in a minibatch's gradient.
public enum GradientNoise {
  /// Returns estimates of the gradient's squared length and of its noise, from the squared lengths of
  /// gradients of two batch sizes.
  ///
  /// `|G|² = (B |G_B|² − b |G_b|²) / (B − b)` and `tr Σ = (|G_b|² − |G_B|²) / (1/b − 1/B)` are unbiased.
  /// Their ratio is not, so divide means of them: see ``RunningMeans``.
  ///
  /// - Source: McCandlish et al. 2018, arXiv:1812.06162, appendix A.1.
  /// - Parameters:
  ///   - small: Number of rows b of the smaller batch, at least 1, and squared length of its
  ///     gradient, usually a mean over several batches.
  ///   - large: Number of rows B of the larger batch, above b, and squared length of its gradient.
  /// - Returns: The signal `|G|²`, which is negative if noise drowns it, and the noise `tr Σ` of one
  ///   row's gradient.
  public static func estimates(
    small: (rows: Int, squaredNorm: Double), large: (rows: Int, squaredNorm: Double)
  ) -> (signal: Double, noise: Double) {
    precondition(small.rows > 0 && large.rows > small.rows, "\(small.rows) and \(large.rows) rows")
    let (b, c) = (Double(small.rows), Double(large.rows))
    let signal = (c * large.squaredNorm - b * small.squaredNorm) / (c - b)
    let noise = (small.squaredNorm - large.squaredNorm) / (1 / b - 1 / c)
    return (signal, noise)
  }

  /// Running means of signal and noise over repeated measurements, and their ratio.
  ///
  /// - Source: McCandlish et al. 2018, arXiv:1812.06162, appendix A.1, which averages both before
  ///   dividing.
  public struct RunningMeans: Sendable, Equatable {
    /// Factor by which a measurement's weight shrinks with each later one.
    public static let decay = 0.99

    /// Running mean of the signal `|G|²`, times the sum of all weights.
    public private(set) var signal: Double
    /// Running mean of the noise `tr Σ`, times the sum of all weights.
    public private(set) var noise: Double

    /// Creates means over no measurements, or restores saved ones.
    public init(signal: Double = 0, noise: Double = 0) {
      self.signal = signal
      self.noise = noise
    }

    /// Adds a measurement, unless it is not finite.
    public mutating func add(signal: Double, noise: Double) {
      guard signal.isFinite, noise.isFinite else { return }
      self.signal = Self.decay * self.signal + (1 - Self.decay) * signal
      self.noise = Self.decay * self.noise + (1 - Self.decay) * noise
    }

    /// The batch size at which noise and signal are equal, `tr Σ / |G|²`, from the means, whose common
    /// factor cancels; NaN if the mean of the signal is not positive.
    public var scale: Double { signal > 0 ? noise / signal : .nan }
  }
}
