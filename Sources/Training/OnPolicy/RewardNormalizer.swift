internal import LinearAlgebra
public import Storage

/// Divides rewards by the standard deviation of their discounted running return.
///
/// Each environment i has a running return `G_i ← γ G_i + r_i`, which is reset to 0 at an episode's
/// end; then `r̂ = clip(r / √(var G + 1e-8), ±10)`.  No mean is subtracted.
///
/// - Source: Stable-Baselines3 2.x `VecNormalize`.
/// - Difference from source: all rewards of a rollout are divided by the deviation at its end.
public final class RewardNormalizer {
  /// Whether rewards are scaled; if not, they pass unchanged.
  public let isEnabled: Bool
  private let discount: Double
  private let moments = RunningMoments(width: 1, initialCount: 1e-4)
  private let sample: Matrix
  private var runningReturns: [Double]

  /// Creates a normaliser with running returns of 0.
  public init(environments: Int, discount: Float, isEnabled: Bool) {
    self.isEnabled = isEnabled
    self.discount = Double(discount)
    runningReturns = Array(repeating: 0, count: environments)
    sample = Matrix(rows: environments, columns: 1)
  }

  /// Updates the statistics with a rollout's raw rewards and computes its scaled rewards.
  public func scaleRewards(of rollout: RolloutBuffer) {
    update(with: [RolloutPart(rollout, environments: Array(0..<rollout.environments))])
    scale(rollout)
  }

  /// Updates the statistics with the raw rewards of rollouts that were gathered together and, among
  /// them, share out all environments.
  package func update(with parts: [RolloutPart]) {
    guard isEnabled else { return }
    for t in 0..<(parts.first?.rollout.steps ?? 0) {
      for part in parts {
        let rollout = part.rollout
        for (index, i) in part.environments.enumerated() {
          let row = index * rollout.steps + t
          runningReturns[i] = discount * runningReturns[i] + Double(rollout.rewards[row])
          sample[i, 0] = Float(runningReturns[i])
          if rollout.episodeEnds[row] == 1 { runningReturns[i] = 0 }
        }
      }
      moments.update(sample, rows: runningReturns.count)
    }
  }

  /// Computes the scaled rewards of a rollout with the present statistics.
  package func scale(_ rollout: RolloutBuffer) {
    guard isEnabled else { return rollout.scaledRewards.copy(from: rollout.rewards) }
    for row in 0..<rollout.count {
      rollout.scaledRewards[row] = min(max(rollout.rewards[row] * factor, -10), 10)
    }
  }

  /// The factor by which rewards are multiplied.
  package var factor: Float {
    isEnabled ? Float(1 / (moments.variance[0] + 1e-8).squareRoot()) : 1
  }

  /// Writes the statistics and running returns.
  public func save(to archive: inout TensorArchive) {
    archive.set(
      "reward-normalizer.moments",
      .doubles([moments.mean[0], moments.variance[0], moments.count]))
    archive.set("reward-normalizer.running-returns", .doubles(runningReturns))
  }

  /// Restores the statistics and running returns.
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

/// A rollout together with the environments that it was gathered in.
package struct RolloutPart {
  /// The rollout.
  package let rollout: RolloutBuffer
  /// The environment of each of the rollout's indices.
  package let environments: [Int]

  /// Creates a pair of rollout and environments.
  package init(_ rollout: RolloutBuffer, environments: [Int]) {
    (self.rollout, self.environments) = (rollout, environments)
  }
}
