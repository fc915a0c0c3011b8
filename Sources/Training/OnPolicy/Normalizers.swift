public import LinearAlgebra
public import Storage

/// Standardises observations by running statistics; part of the policy that uses it.
///
/// Statistics are frozen while a rollout is gathered and merged in afterwards, in row order, so
/// that they do not depend on which worker was faster.
///
/// - Source: Chan, Golub and LeVeque 1983 for the merge; form and clipping as Stable-Baselines3
///   2.x `VecNormalize`.
/// - Difference from source: `VecNormalize` merges after each step, this after each rollout.
public final class ObservationNormalizer {
  /// Observations are clipped to ± this after standardisation.
  public static let clipRange: Float = 10
  private static let epsilon = 1e-8

  /// Mean, variance and count, in double precision.
  public let moments: RunningMoments
  /// Without it observations pass unchanged.
  public let isEnabled: Bool
  private let mean: Vector
  private let inverseDeviation: Vector

  /// Starts with mean 0, variance 1 and a count of 1e-4.
  public init(width: Int, isEnabled: Bool) {
    moments = RunningMoments(width: width, initialCount: 1e-4)
    self.isEnabled = isEnabled
    mean = Vector(count: width)
    inverseDeviation = Vector(count: width)
    refresh()
  }

  private func refresh() {
    for j in 0..<mean.count {
      mean[j] = Float(moments.mean[j])
      inverseDeviation[j] = Float(1 / (moments.variance[j] + Self.epsilon).squareRoot())
    }
  }

  /// Merges raw observations into the statistics and takes them over.
  public func update(with observations: Matrix, rows: Int) {
    guard isEnabled else { return }
    moments.update(observations, rows: rows)
    refresh()
  }

  /// Writes the standardised form of raw observations [rows × O].
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

  /// Reads the statistics and takes them over.
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

/// Scales rewards by the deviation of their discounted running return.
///
/// `G_i ← γ G_i + r_i` per environment, 0 after an episode's end;
/// `r̂ = clip(r / √(var G + 1e-8), ±10)`; no mean is subtracted.
///
/// - Source: Stable-Baselines3 2.x `VecNormalize`.
/// - Difference from source: a rollout's rewards are all scaled by the deviation at its end.
public final class RewardNormalizer {
  /// Without it rewards pass unchanged.
  public let isEnabled: Bool
  private let discount: Double
  private let moments = RunningMoments(width: 1, initialCount: 1e-4)
  private let sample: Matrix
  private var runningReturns: [Double]

  /// Starts with running returns of 0.
  public init(environments: Int, discount: Float, isEnabled: Bool) {
    self.isEnabled = isEnabled
    self.discount = Double(discount)
    runningReturns = Array(repeating: 0, count: environments)
    sample = Matrix(rows: environments, columns: 1)
  }

  /// Updates the statistics with a rollout's raw rewards and writes its scaled ones.
  public func scaleRewards(of rollout: RolloutBuffer) {
    guard isEnabled else { return rollout.scaledRewards.copy(from: rollout.rewards) }
    for t in 0..<rollout.steps {
      for i in 0..<rollout.environments {
        let row = i * rollout.steps + t
        runningReturns[i] = discount * runningReturns[i] + Double(rollout.rewards[row])
        sample[i, 0] = Float(runningReturns[i])
        if rollout.episodeEnds[row] == 1 { runningReturns[i] = 0 }
      }
      moments.update(sample, rows: rollout.environments)
    }
    let scale = Float(1 / (moments.variance[0] + 1e-8).squareRoot())
    for row in 0..<rollout.count {
      rollout.scaledRewards[row] = min(max(rollout.rewards[row] * scale, -10), 10)
    }
  }

  /// Writes statistics and running returns.
  public func save(to archive: inout TensorArchive) {
    archive.set(
      "reward-normalizer.moments",
      .doubles([moments.mean[0], moments.variance[0], moments.count]))
    archive.set("reward-normalizer.running-returns", .doubles(runningReturns))
  }

  /// Reads statistics and running returns.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let values = try archive.doubles("reward-normalizer.moments", count: 3)
    guard values.allSatisfy(\.isFinite), values[1] >= 0, values[2] > 0 else {
      throw .invalid(reason: "its reward statistics are not finite")
    }
    let returns = try archive.doubles(
      "reward-normalizer.running-returns", count: runningReturns.count)
    guard returns.allSatisfy(\.isFinite) else {
      throw .invalid(reason: "its running returns are not finite")
    }
    moments.restore(mean: [values[0]], variance: [values[1]], count: values[2])
    runningReturns = returns
  }
}
