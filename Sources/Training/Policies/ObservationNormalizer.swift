public import LinearAlgebra
public import Storage

/// Standardises observations with running statistics, as a part of a policy.
///
/// Statistics remain fixed while a rollout is gathered, and its observations are merged afterwards
/// in row order, so that the result does not depend on the timing of workers.
///
/// - Source: Chan, Golub and LeVeque 1983 for the merge; form and clipping as in Stable-Baselines3
///   2.x `VecNormalize`.
/// - Difference from source: observations are merged after each rollout, in `VecNormalize` after
///   each step.
public final class ObservationNormalizer {
  /// Limit to which standardised observations are clipped, in either direction.
  public static let clipRange: Float = 10
  private static let epsilon = 1e-8

  /// Running mean, variance and count, in double precision.
  public let moments: RunningMoments
  /// Whether observations are standardised; if not, they pass unchanged.
  public let isEnabled: Bool
  /// Number of equal parts of an observation that are standardised alike.
  public let parts: Int
  private let mean: Vector
  private let inverseDeviation: Vector

  /// Creates a normaliser with mean 0, variance 1 and a count of 1e-4.
  ///
  /// - Parameters:
  ///   - width: The number of an observation's components.
  ///   - isEnabled: Whether observations are standardised.
  ///   - parts: The number of equal parts of an observation that are standardised alike.
  public init(width: Int, isEnabled: Bool, parts: Int = 1) {
    precondition(parts > 0 && width.isMultiple(of: parts), "\(parts) parts of \(width)")
    moments = RunningMoments(width: width, initialCount: 1e-4)
    self.isEnabled = isEnabled
    self.parts = parts
    mean = Vector(count: width)
    inverseDeviation = Vector(count: width)
    refresh()
  }

  private func refresh() {
    let width = mean.count / parts
    for j in 0..<width {
      let (center, variance) = pooled(j)
      for p in 0..<parts {
        mean[p * width + j] = Float(center)
        inverseDeviation[p * width + j] = Float(1 / (variance + Self.epsilon).squareRoot())
      }
    }
  }

  /// Returns mean and variance of a component over all parts.
  private func pooled(_ component: Int) -> (mean: Double, variance: Double) {
    let columns = stride(from: component, to: mean.count, by: mean.count / parts)
    let center = columns.reduce(0) { $0 + moments.mean[$1] } / Double(parts)
    let variance = columns.reduce(0) {
      let distance = moments.mean[$1] - center
      return $0 + moments.variance[$1] + distance * distance
    }
    return (center, variance / Double(parts))
  }

  /// Lengths of the unit of standardised observations in those of the raw ones, [O]; 1 if they are not
  /// standardised.
  package var deviations: [Float] {
    (0..<inverseDeviation.count).map { isEnabled ? 1 / inverseDeviation[$0] : 1 }
  }

  /// Means and reciprocal deviations by which observations are standardised, [O] each.
  package var standardization: (mean: [Float], inverseDeviation: [Float]) {
    let components = 0..<mean.count
    return (components.map { mean[$0] }, components.map { inverseDeviation[$0] })
  }

  /// Merges raw observations into the statistics, which apply from then on.
  public func update(with observations: Matrix, rows: Int) {
    guard isEnabled else { return }
    moments.update(observations, rows: rows)
    refresh()
  }

  /// Standardises raw observations [rows × O].
  public func normalize(
    _ observations: Matrix, firstRow: Int = 0, rows: Int, into result: Matrix,
    at firstResult: Int = 0
  ) {
    let width = mean.count
    precondition(
      observations.columns == width && result.columns == width
        && firstRow + rows <= observations.rows && firstResult + rows <= result.rows)
    for i in 0..<rows {
      guard isEnabled else {
        result.copyRow(firstResult + i, from: observations, row: firstRow + i)
        continue
      }
      for j in 0..<width {
        let value = (observations[firstRow + i, j] - mean[j]) * inverseDeviation[j]
        result[firstResult + i, j] = min(max(value, -Self.clipRange), Self.clipRange)
      }
    }
  }

  /// Writes the statistics.
  public func save(to archive: inout TensorArchive) {
    archive.set("observation-normalizer.mean", .doubles(moments.mean))
    archive.set("observation-normalizer.variance", .doubles(moments.variance))
    archive.set("observation-normalizer.count", .doubles([moments.count]))
  }

  /// Restores the statistics, which apply from then on.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let width = mean.count
    let mean = try archive.doubles("observation-normalizer.mean", count: width)
    let variance = try archive.doubles("observation-normalizer.variance", count: width)
    let count = try archive.doubles("observation-normalizer.count", count: 1)[0]
    guard (mean + variance + [count]).allSatisfy({ Float($0).isFinite }),
      variance.allSatisfy({ $0 >= 0 }), count > 0
    else { throw .invalid(reason: "its observation statistics are not finite") }
    moments.restore(mean: mean, variance: variance, count: count)
    refresh()
  }
}
