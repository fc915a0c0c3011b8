internal import Training

/// A lower bound on the mean return of a policy whose observations an adversary may change.
///
/// The policy adds normal noise of deviation σ to every observation it gets, anew at each step and
/// from a stream that the adversary can't know.  Whatever the adversary adds to the observations of
/// an episode, as long as the square root of the sum of all squares is at most a budget B, the
/// return exceeds a threshold with at least the probability `Φ(Φ⁻¹(p) - B/σ)`, where p is that
/// without an adversary.  Noise and budget are in the units in which the noise is added.
///
/// - Source: Kumar, Levine and Feizi 2022, "Policy Smoothing for Provably Robust Reinforcement
///   Learning", arXiv:2106.11420, theorem 1 and its certificate for the mean return; probabilities
///   have exact lower bounds, whose confidence is shared among the thresholds.
public struct SmoothingCertificate: Sendable, Equatable {
  /// Deviation σ of the noise that was added to each component of the observations.
  public let noise: Double
  /// Return below which no episode can fall.
  public let floor: Double
  /// Thresholds of the return, ascending, with lower bounds of the probability to reach them.
  public let thresholds: [(value: Double, probability: Double)]

  /// Number of thresholds of a certificate.
  public static let thresholdCount = 200
  /// Probability with which the certificate may not hold.
  public static let failureProbability = 0.05

  /// Computes a certificate from episodes with noise and without an adversary.
  ///
  /// The thresholds are quantiles of the returns of the first tenth of the episodes; the
  /// probabilities are estimated from the others, so that they don't depend on each other.
  ///
  /// - Parameters:
  ///   - returns: Returns of at least 20 independent episodes.
  ///   - noise: Deviation σ of the noise, above 0.
  ///   - floor: A return below which no episode can fall, such as 0 if no reward is negative; returns
  ///     below it are an error of the caller.
  public init(returns: [Double], noise: Double, floor: Double) {
    precondition(returns.count >= 20, "\(returns.count) episodes")
    precondition(noise > 0 && noise.isFinite, "noise \(noise)")
    precondition(returns.allSatisfy { $0 >= floor && $0.isFinite }, "a return is below \(floor)")
    (self.noise, self.floor) = (noise, floor)
    let pilots = returns.prefix(returns.count / 10).sorted()
    let sample = returns.dropFirst(pilots.count).sorted()
    let count = min(Self.thresholdCount, pilots.count)
    var values: [Double] = []
    for i in 0..<count {
      let value = pilots[i * pilots.count / count]
      if value > values.last ?? floor { values.append(value) }
    }
    let level = Self.failureProbability / Double(max(1, values.count))
    thresholds = values.map { value in
      let reached = sample.count { $0 >= value }
      return (
        value,
        Statistics.exactLowerBound(successes: reached, trials: sample.count, level: level)
      )
    }
  }

  /// Returns the certified mean return under a budget.
  ///
  /// - Parameter budget: Root of the sum of the squared changes of all observations of an episode.
  /// - Returns: A bound that holds for all budgets at once with probability 0.95.
  public func meanReturn(budget: Double) -> Double {
    precondition(budget >= 0, "budget \(budget)")
    var (bound, last) = (floor, floor)
    for threshold in thresholds {
      let probability = Self.probability(threshold.probability, budget: budget, noise: noise)
      bound += (threshold.value - last) * probability
      last = threshold.value
    }
    return bound
  }

  /// Returns the least probability of an event under a budget, `Φ(Φ⁻¹(p) - B/σ)`.
  public static func probability(_ p: Double, budget: Double, noise: Double) -> Double {
    guard p > 0 else { return 0 }
    guard p < 1 else { return 1 }
    return Statistics.normalFraction(below: Statistics.normalQuantile(p) - budget / noise)
  }

  /// Whether two certificates are equal.
  public static func == (a: SmoothingCertificate, b: SmoothingCertificate) -> Bool {
    a.noise == b.noise && a.floor == b.floor
      && a.thresholds.elementsEqual(b.thresholds, by: ==)
  }
}
