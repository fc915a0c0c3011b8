public import LinearAlgebra

/// Computes generalised advantage estimates of one environment's consecutive transitions.
///
/// `δ_t = r_t + γ V(s'_t) − V(s_t)` and `A_t = δ_t + γ λ A_{t+1}`.  The sum is cut after
/// terminations and truncations alike, but V(s') is 0 only after a termination: a truncated
/// transition bootstraps from the last observation of its episode.
///
/// - Source: Schulman et al. 2016, arXiv:1506.02438, equation 16.
/// - Parameters:
///   - range: The rows of the transitions, in order of time.
///   - rewards: The rewards r.
///   - values: The values V(s).
///   - nextValues: The values V(s') of the true successors; 0 after a termination.
///   - episodeEnds: 1 if the episode ended, by termination or truncation, otherwise 0.
///   - discount: The discount factor γ.
///   - lambda: The parameter λ of the estimate.
///   - advantages: The vector that receives the advantages A.
///   - returns: The vector that receives the value targets A + V(s).
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

/// Replaces each of the first `count` advantages A, at least two, by `(A − mean) / (std + 1e-8)`,
/// with the sample standard deviation as in PyTorch.
public func standardize(_ advantages: Vector, count: Int) {
  var (sum, squares) = (Float(0), Float(0))
  for k in 0..<count { sum += advantages[k] }
  let mean = sum / Float(count)
  for k in 0..<count { squares += (advantages[k] - mean) * (advantages[k] - mean) }
  let scale = 1 / ((squares / Float(count - 1)).squareRoot() + 1e-8)
  for k in 0..<count { advantages[k] = (advantages[k] - mean) * scale }
}
