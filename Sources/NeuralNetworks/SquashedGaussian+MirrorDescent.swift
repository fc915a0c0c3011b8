public import LinearAlgebra

extension SquashedGaussianSampler {
  /// Adds the gradient of `Σ (w S(π) − v S(π_k))` with respect to the network's output, where π_k is
  /// another squashed Gaussian, held fixed, at the same actions.
  ///
  /// `S(π) = Σ_j log_{2−q} π_j(a_j)` over the components, with `log_{2−q} x = (x^{q−1} − 1)/(q − 1)`
  /// and x at least 1e-6; for q = 1 it is logπ without a bound.  The gradient flows through the
  /// action into both densities: with `u = μ + σ ε`, and l and k the derivatives of both
  /// q-logarithms by log-densities,
  /// `∂/∂u = 2 a (w l − v k) + v k (u − μ_k)/σ_k²` and `∂/∂logσ = σ ε ∂/∂u − w l`.
  ///
  /// - Parameters:
  ///   - weight: The factor w of each row's S(π).
  ///   - otherWeight: The factor v of each row's S(π_k).
  ///   - output: Means μ and values r of this sample, [≥ rows × 2A].
  ///   - other: Means and values r of π_k, [≥ rows × 2A].
  ///   - index: The index q, in 1...2.
  ///   - rows: The number of rows of the last sample.
  ///   - outputGradient: The gradient to add to, [≥ rows × 2A].
  /// - Returns: The sums over the rows of S(π) and S(π_k).
  public func addMirrorGradient(
    weight: Float, otherWeight: Float, output: Matrix, other: Matrix, index: Float, rows: Int,
    outputGradient: Matrix
  ) -> (own: Float, other: Float) {
    precondition(
      output.columns == 2 * width && other.columns == 2 * width
        && outputGradient.columns == 2 * width && rows <= actions.rows && rows <= output.rows
        && rows <= other.rows && rows <= outputGradient.rows)
    let halfRange = 0.5 * (logDeviations.upperBound - logDeviations.lowerBound)
    var sums: (own: Float, other: Float) = (0, 0)
    for i in 0..<rows {
      for j in 0..<width {
        let k = i * width + j
        let (a, t, u) = (tangents[k], squashed[k], output[i, j] + scaledNoise[k])
        let softplus = ScalarMaths.log(1 + ScalarMaths.exp(-2 * abs(u)))
        let jacobian = 2 * (Self.logTwo - abs(u) - softplus)
        let own = quasiLogarithm(
          normalLogDensity(noise[i, j], logDeviation(squashed: t)) - jacobian, index)
        let otherLogDeviation = logDeviation(squashed: ScalarMaths.tanh(other[i, width + j]))
        let inverse = ScalarMaths.exp(-otherLogDeviation)
        let distance = (u - other[i, j]) * inverse
        let theirs = quasiLogarithm(
          normalLogDensity(distance, otherLogDeviation) - jacobian, index)
        sums.own += own.value
        sums.other += theirs.value
        let (l, v) = (weight * own.slope, otherWeight * theirs.slope)
        let gradient = 2 * a * (l - v) + v * distance * inverse
        outputGradient[i, j] += gradient
        outputGradient[i, width + j] +=
          (gradient * scaledNoise[k] - l) * halfRange * (1 - t * t)
      }
    }
    return sums
  }

  /// Returns the log-density of a normal distribution at a standardised distance from its mean.
  private func normalLogDensity(_ distance: Float, _ logDeviation: Float) -> Float {
    -0.5 * distance * distance - logDeviation - Self.halfLogTwoPi
  }

  /// Returns `log_{2−q} x` for `log x`, and its derivative by `log x`.
  private func quasiLogarithm(_ logarithm: Float, _ index: Float) -> (value: Float, slope: Float) {
    guard index > 1 else { return (logarithm, 1) }
    let least: Float = -13.815_511  // log 1e-6
    let power = ScalarMaths.exp((index - 1) * max(logarithm, least))
    return ((power - 1) / (index - 1), logarithm > least ? power : 0)
  }
}
