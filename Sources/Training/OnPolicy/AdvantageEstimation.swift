public import LinearAlgebra

/// Computes generalised advantage estimates of one environment's consecutive transitions.
///
/// `δ_t = r_t + γ V(s'_t) − V(s_t)` and `A_t = δ_t + γ λ A_{t+1}`, where the sum is cut after a
/// termination and after a truncation alike, but only a termination has V(s') = 0: a truncated
/// transition bootstraps from the last observation of its episode.
///
/// - Source: Schulman et al. 2016, arXiv:1506.02438, equation 16.
/// - Parameters:
///   - range: The transitions, in order of time.
///   - rewards: r.
///   - values: V(s).
///   - nextValues: V(s') of the true successor, 0 where terminated.
///   - episodeEnds: 1 where the episode ended, by termination or truncation, else 0.
///   - discount: γ.
///   - lambda: λ.
///   - advantages: Receives A.
///   - returns: Receives the value target A + V(s).
public func generalizedAdvantages(
  in range: Range<Int>, rewards: Vector, values: Vector, nextValues: Vector, episodeEnds: Vector,
  discount: Float, lambda: Float, advantages: Vector, returns: Vector
) {
  precondition(range.lowerBound >= 0 && range.upperBound <= rewards.count)
  var advantage: Float = 0
  for t in range.reversed() {
    let delta = rewards[t] + discount * nextValues[t] - values[t]
    advantage = delta + discount * lambda * (1 - episodeEnds[t]) * advantage
    advantages[t] = advantage
    returns[t] = advantage + values[t]
  }
}
