package import LinearAlgebra

/// Sums over a minibatch, or over one task's part of it, in shares of the whole minibatch.
package struct FlowStatistics: Sendable, Equatable {
  /// Objective to minimise, without entropy bonus and map penalty.
  package var loss: Float = 0
  /// Mean flow-matching loss.
  package var flowLoss: Float = 0
  /// Mean of ρ − 1 − log ρ.
  package var divergence: Float = 0
  /// Share of the ratios that left 1 ± ε.
  package var clipFraction: Float = 0
  /// Mean estimate of the entropy, in nats.
  package var entropy: Float = 0
  /// Mean squared change of the predicted noise.
  package var drift: Float = 0
  /// Mean squared distance of the flows' ends from those of the rollout.
  package var mapDistance: Float = 0
  /// Greatest distance of a ratio from 1.
  package var greatestDeviation: Float = 0

  /// Adds the sums of another part.
  mutating func add(_ other: FlowStatistics) {
    loss += other.loss
    flowLoss += other.flowLoss
    divergence += other.divergence
    clipFraction += other.clipFraction
    entropy += other.entropy
    drift += other.drift
    mapDistance += other.mapDistance
    greatestDeviation = max(greatestDeviation, other.greatestDeviation)
  }
}

/// The objective of flow policy optimisation as a function of flow-matching losses.
///
/// The ratio of an action is `ρ = exp(ℓ_old − ℓ_new)`: of the mean difference over its N samples, or
/// of each sample.  The objective is PPO's clipped one, `min(ρ A, clip(ρ, 1 ± ε) A)`, or
/// `ρ A − |A| (ρ − 1)² / (2 ε)`, or the first for positive and the second for negative advantages.
///
/// - Source: McAllister et al. 2025, arXiv:2507.21053; per-sample ratios, ASPO and clamps as in the
///   code of arXiv:2602.02481.
package struct FlowSurrogate {
  private let configuration: FPOConfiguration

  /// Creates the objective with the settings of an agent.
  package init(_ configuration: FPOConfiguration) { self.configuration = configuration }

  /// Computes the loss and its derivative with respect to each new loss.
  ///
  /// - Parameters:
  ///   - newLosses: Losses of the current policy, [count · N].
  ///   - oldLosses: Losses of the policy that gathered the rollout, [count · N].
  ///   - advantages: The vector that holds the advantages.
  ///   - first: Index of the first transition's advantage.
  ///   - count: Number of transitions.
  ///   - samples: Number N of samples per transition.
  ///   - share: Weight of one transition, one over the size of the minibatch.
  ///   - slopes: The vector that receives the derivatives, [count · N].
  ///   - ratios: Scratch memory, [count · N].
  /// - Returns: The loss and other sums.
  package func differentiate(
    newLosses: Vector, oldLosses: Vector, advantages: Vector, first: Int, count: Int, samples: Int,
    share: Float, slopes: Vector, ratios: Vector
  ) -> FlowStatistics {
    var statistics = FlowStatistics()
    let sampleShare = share / Float(samples)
    for k in 0..<count {
      for n in k * samples..<(k + 1) * samples {
        statistics.flowLoss += sampleShare * newLosses[n]
        (ratios[n], slopes[n]) = logRatio(
          old: oldLosses[n], new: newLosses[n], advantage: advantages[first + k])
      }
    }
    switch configuration.ratio {
    case .perSample:
      statistics.divergence -=
        sum(ratios, count: count * samples) * sampleShare + share * Float(count)
      exponential(ratios, count: count * samples)
      for k in 0..<count {
        let advantage = advantages[first + k]
        for n in k * samples..<(k + 1) * samples {
          let slope = add(ratio: ratios[n], advantage, share: sampleShare, to: &statistics)
          slopes[n] *= slope
        }
      }
    case .averaged:
      for k in 0..<count {
        var total: Float = 0
        for n in k * samples..<(k + 1) * samples { total += ratios[n] }
        ratios[k] = total / Float(samples)
      }
      statistics.divergence -= sum(ratios, count: count) * share + share * Float(count)
      exponential(ratios, count: count)
      for k in 0..<count {
        let slope = add(
          ratio: ratios[k], advantages[first + k], share: share, to: &statistics)
        for n in k * samples..<(k + 1) * samples { slopes[n] *= slope / Float(samples) }
      }
    }
    return statistics
  }

  /// Returns the log-ratio of a sample, and minus its derivative with respect to the new loss: 1 or
  /// 0.
  private func logRatio(old: Float, new: Float, advantage: Float) -> (value: Float, slope: Float) {
    var slope: Float = 1
    var limit = configuration.lossClamp ?? .infinity
    if let lower = configuration.negativeLossClamp, advantage < 0 { limit = min(limit, lower) }
    if new > limit { slope = 0 }
    var difference = min(old, limit) - min(new, limit)
    if let highest = configuration.highestLogRatio, difference > highest {
      difference = highest
      if !configuration.straightThrough { slope = 0 }
    }
    if let lowest = configuration.lowestLogRatio, difference < lowest {
      difference = lowest
      if !configuration.straightThrough { slope = 0 }
    }
    return (difference, slope)
  }

  /// Adds a ratio to the sums and returns the derivative of the loss with respect to a new loss
  /// whose difference is the log-ratio.
  private func add(
    ratio: Float, _ advantage: Float, share: Float, to statistics: inout FlowStatistics
  ) -> Float {
    let range = configuration.clipRange
    let clips =
      switch configuration.trustRegion {
      case .clip: true
      case .spo: false
      case .aspo: advantage > 0
      }
    let clipped = min(max(ratio, 1 - range), 1 + range)
    statistics.divergence += share * ratio
    statistics.clipFraction += clipped == ratio ? 0 : share
    statistics.greatestDeviation = max(statistics.greatestDeviation, abs(ratio - 1))
    if clips {
      let isClipped = clipped * advantage < ratio * advantage
      statistics.loss -= share * (isClipped ? clipped : ratio) * advantage
      return isClipped ? 0 : share * advantage * ratio
    }
    let distance = ratio - 1
    let penalty = abs(advantage) / range
    statistics.loss -= share * (ratio * advantage - 0.5 * penalty * distance * distance)
    return share * (advantage - penalty * distance) * ratio
  }
}
