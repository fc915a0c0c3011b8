package import LinearAlgebra
internal import NeuralNetworks
package import RLCore
package import Storage
package import Training

/// A search for the physical parameters under which a policy earns least.
///
/// Critics know the parameters of each transition.  Several candidates for the worst case descend the
/// critics' value of the policy's actions, each from a start of its own, since the value has several
/// minima; the policy learns under the worst of them, and episodes run near one that is drawn.
///
/// Shapes: K candidates, P parameters in −1...1, N environments, B rows, O observation components.
///
/// - Source: Tanabe et al. 2022, arXiv:2211.03413, M2TD3, and the authors' code,
///   `akimotolab/M2TD3`: candidates behind a sigmoid with an optimiser each, probabilities of being
///   the worst, and restarts of candidates that coincide or are never the worst.
/// - Differences from source: the policy, its noise and its entropy are SAC's; a candidate's value
///   combines all critics as in the policy's loss, rather than the first alone; probabilities move by
///   the mean length of recent episodes, rather than the last one's; distances are in half ranges
///   rather than in the parameters' units.
package final class WorstCaseSearch: EpisodeContext {
  package let values: Matrix
  /// Joined observations and candidate, by candidate, [B × (O + P)] each.
  package let joined: [Matrix]
  /// Values of the policy's actions under each candidate, [K × B], by critic.
  package let candidateValues: [Matrix]
  /// The candidate that was the worst in the last update.
  package private(set) var worst = 0
  /// Value of the policy's actions under the worst candidate.
  package private(set) var worstValue: Float = 0
  /// Number of restarts so far.
  package private(set) var restarts = 0
  /// Probability with which episodes run near each candidate, [K].
  package private(set) var probabilities: [Double]
  /// Whether episodes still have uniformly drawn parameters.
  var isWarmingUp = true
  /// Share of the run that is left.
  var remaining: Float = 1
  private let settings: WorstCaseSettings
  private let environment: any BatchedEnvironment
  private let ranges: [UncertainParameter]
  private let logits: [ParameterBlock]
  private let optimizers: [Optimizer]
  /// Candidate of each environment's next episode, [N].
  private var chosen: [Int]
  /// Normal and uniform numbers of each environment's next episode, [N × P].
  private let noise: Matrix
  private let uniform: Matrix
  /// Parameters that the next episodes would have if they began now, [N × P].
  private let pending: Matrix
  private let gradient: Vector
  private var episodes: RandomStream
  private var starts: RandomStream
  private var targets: RandomStream

  private static let streamNames = [
    "worst-case-episodes", "worst-case-starts", "worst-case-targets",
  ]

  /// Creates a search with new candidates; the environments must have been reset.
  package init(
    _ settings: WorstCaseSettings, among ranges: [UncertainParameter],
    in environment: any BatchedEnvironment, critics: Int, rows: Int, observationWidth: Int,
    seed: UInt64
  ) {
    (self.settings, self.ranges, self.environment) = (settings, ranges, environment)
    let (count, width, candidates) = (environment.count, ranges.count, settings.candidates)
    values = Matrix(rows: count, columns: width)
    noise = Matrix(rows: count, columns: width)
    uniform = Matrix(rows: count, columns: width)
    pending = Matrix(rows: count, columns: width)
    gradient = Vector(count: width)
    joined = (0..<candidates).map { _ in Matrix(rows: rows, columns: observationWidth + width) }
    candidateValues = (0..<critics).map { _ in Matrix(rows: candidates, columns: rows) }
    probabilities = Array(repeating: 1 / Double(candidates), count: candidates)
    chosen = Array(repeating: 0, count: count)
    let blocks = (0..<candidates).map { index in
      ParameterBlock([
        (name: "worst-case.\(index)", rows: 1, columns: width, isWeight: false)
      ])
    }
    logits = blocks
    optimizers = blocks.map { Optimizer($0) }
    episodes = RandomStream(seed: seed, name: Self.streamNames[0])
    starts = RandomStream(seed: seed, name: Self.streamNames[1])
    targets = RandomStream(seed: seed, name: Self.streamNames[2])
    for k in 0..<candidates { start(k) }
    for i in 0..<count {
      // The first episodes have begun with parameters of their own.
      let begun = environment.snapshot(of: i).parameters
      for (j, parameter) in ranges.enumerated() {
        let value = begun.first { $0.name == parameter.name }?.value
        values[i, j] = parameter.normalized(value ?? parameter.middle)
      }
      draw(i)
    }
    // Episodes have the parameters that the search sets, and no others.
    environment.episodeParameters = nil
  }

  // MARK: Episodes

  package func willStep() {
    let deviation =
      settings.finalDeviation + remaining * (settings.deviation - settings.finalDeviation)
    for i in 0..<pending.rows {
      for (j, parameter) in ranges.enumerated() {
        let value =
          isWarmingUp ? uniform[i, j] : candidate(chosen[i], j) + deviation * noise[i, j]
        pending[i, j] = min(max(value, -1), 1)
        do {
          try environment.setParameter(
            parameter.name, to: parameter.value(of: pending[i, j]), of: i)
        } catch {
          preconditionFailure("a range that was checked: \(error)")
        }
      }
    }
  }

  package func didEnd(in i: Int) {
    values.copyRow(i, from: pending, row: i)
    draw(i)
  }

  /// Draws what decides the parameters of an environment's next episode.
  private func draw(_ i: Int) {
    restartCandidates()
    var number = Double(episodes.uniform())
    chosen[i] = probabilities.count - 1
    for (k, probability) in probabilities.enumerated() {
      number -= probability
      guard number >= 0 else {
        chosen[i] = k
        break
      }
    }
    for j in 0..<noise.columns {
      noise[i, j] = episodes.firstOfNormalPair()
      uniform[i, j] = episodes.uniform(from: -1, to: 1)
    }
  }

  // MARK: Candidates

  /// Returns one parameter of a candidate.
  package func candidate(_ k: Int, _ j: Int) -> Float {
    ScalarMaths.tanh(0.5 * logits[k].parameters[0].value[0, j])
  }

  /// Returns the worst case in the parameters' units.
  var worstParameters: [Double] {
    ranges.indices.map { Double(ranges[$0].value(of: candidate(worst, $0))) }
  }

  /// Places a candidate at random.
  private func start(_ k: Int) {
    for j in ranges.indices {
      let value = starts.uniform(from: -0.999, to: 0.999)
      logits[k].parameters[0].value[0, j] = ScalarMaths.log((1 + value) / (1 - value))
    }
    optimizers[k].restart()
  }

  /// Starts candidates anew that coincide with another or are hardly ever the worst.
  package func restartCandidates() {
    let count = probabilities.count
    guard count > 1 else { return }
    for k in 0..<count {
      let coincides = (k + 1..<count).contains { other in
        ranges.indices.reduce(Float(0)) { $0 + abs(candidate(k, $1) - candidate(other, $1)) }
          <= settings.leastDistance
      }
      guard coincides || probabilities[k] < settings.leastProbability else { continue }
      start(k)
      restarts += 1
      let others = probabilities.reduce(0, +) - probabilities[k]
      probabilities[k] = others / Double(count - 1)
      let sum = probabilities.reduce(0, +)
      for i in 0..<count { probabilities[i] /= sum }
    }
  }

  // MARK: Updates

  /// Adds noise to the parameters behind next observations, [B × (O + P)], within their ranges.
  func disturbTargets(_ observations: Matrix) {
    let first = observations.columns - ranges.count
    for i in 0..<observations.rows {
      for j in first..<observations.columns {
        let noise = settings.targetNoise * targets.firstOfNormalPair()
        let limit = settings.targetNoiseLimit
        let value = observations[i, j] + min(max(noise, -limit), limit)
        observations[i, j] = min(max(value, -1), 1)
      }
    }
  }

  /// Joins observations, [B × O], with each candidate.
  package func join(_ observations: Matrix) {
    for (k, matrix) in joined.enumerated() {
      matrix.setColumns(from: 0, to: observations, rows: matrix.rows)
      for j in ranges.indices {
        let value = candidate(k, j)
        for i in 0..<matrix.rows { matrix[i, observations.columns + j] = value }
      }
    }
  }

  /// Evaluates the policy's actions under every candidate by one critic.
  package func evaluate(_ index: Int, _ critic: SACCritic, actions: Matrix) {
    for (k, observations) in joined.enumerated() {
      critic.evaluatePolicyValues(observations: observations, actions: actions)
      for i in 0..<observations.rows { candidateValues[index][k, i] = critic.policyValues[i] }
    }
  }

  /// Finds the worst candidate by the means of the combined values.
  ///
  /// - Parameters:
  ///   - combination: The way in which critics are combined.
  ///   - length: Length of an episode, in steps, over which probabilities follow.
  package func findWorst(_ combination: SACCriticCombination, length: Double) {
    var least = Float.infinity
    for k in probabilities.indices {
      var sum: Float = 0
      for i in 0..<candidateValues[0].columns {
        sum += combination.value(critics: candidateValues.count) { candidateValues[$0][k, i] }
      }
      let mean = sum / Float(candidateValues[0].columns)
      if mean < least { (least, worst) = (mean, k) }
    }
    worstValue = least
    let share = 1 / max(1, length)
    for k in probabilities.indices {
      probabilities[k] += share * ((k == worst ? 1 : 0) - probabilities[k])
    }
  }

  /// Moves the worst candidate down the value of the policy's actions, whose derivatives the critics
  /// must have computed under it.
  package func descend(_ critics: [SACCritic], _ combination: SACCriticCombination, rate: Float) {
    let (rows, first) = (joined[0].rows, joined[0].columns - ranges.count)
    gradient.fill(0)
    for i in 0..<rows {
      switch combination {
      case .minimum:
        var least = 0
        for c in critics.indices.dropFirst()
        where critics[c].policyValues[i] < critics[least].policyValues[i] { least = c }
        for j in ranges.indices { gradient[j] += critics[least].inputGradient[i, first + j] }
      case .mean:
        for critic in critics {
          for j in ranges.indices {
            gradient[j] += critic.inputGradient[i, first + j] / Float(critics.count)
          }
        }
      }
    }
    let parameter = logits[worst].parameters[0]
    for j in ranges.indices {
      let value = candidate(worst, j)
      parameter.gradient[0, j] = gradient[j] / Float(rows) * 0.5 * (1 - value * value)
    }
    guard ranges.indices.allSatisfy({ parameter.gradient[0, $0].isFinite }) else { return }
    optimizers[worst].step(learningRate: rate * settings.learningRate)
  }

  // MARK: Checkpoints

  package func save(to archive: inout TensorArchive) {
    for (k, block) in logits.enumerated() {
      archive.set(block.parameters)
      archive.set(optimizers[k], named: "worst-case.\(k).adam")
    }
    for (name, stream) in zip(Self.streamNames, [episodes, starts, targets]) {
      archive.set(stream, named: name)
    }
    let numbers = [values, noise, uniform].flatMap { matrix in
      (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }
    }
    archive.set("worst-case.episodes", .floats(numbers))
    archive.set(
      "worst-case.state",
      .words(
        [UInt64(worst), UInt64(restarts)] + chosen.map { UInt64($0) }
          + probabilities.map(\.bitPattern)))
  }

  package func load(from archive: TensorArchive) throws(ArchiveError) {
    let (count, width, candidates) = (values.rows, values.columns, probabilities.count)
    for (k, block) in logits.enumerated() {
      try archive.read(into: block.parameters)
      try archive.read(into: optimizers[k], named: "worst-case.\(k).adam")
    }
    episodes = try archive.stream(named: Self.streamNames[0])
    starts = try archive.stream(named: Self.streamNames[1])
    targets = try archive.stream(named: Self.streamNames[2])
    let numbers = try archive.floats("worst-case.episodes")
    let words = try archive.words("worst-case.state", count: 2 + count + candidates)
    let shares = words.suffix(candidates).map { Double(bitPattern: $0) }
    guard numbers.count == 3 * count * width, numbers.allSatisfy(\.isFinite),
      words[0] < candidates, words[1] < 1 << 62,
      words[2..<2 + count].allSatisfy({ $0 < candidates }),
      shares.allSatisfy({ (0...1).contains($0) })
    else { throw .invalid(reason: "its worst cases do not fit") }
    for (m, matrix) in [values, noise, uniform].enumerated() {
      for i in 0..<count {
        for j in 0..<width { matrix[i, j] = numbers[(m * count + i) * width + j] }
      }
    }
    (worst, restarts, probabilities) = (Int(words[0]), Int(words[1]), shares)
    chosen = words[2..<2 + count].map { Int($0) }
  }
}

extension UncertainParameter {
  fileprivate var middle: Double { 0.5 * (range.lowerBound + range.upperBound) }

  /// Returns the position of a value in the range: ±1 at its ends.
  fileprivate func normalized(_ value: Double) -> Float {
    let half = 0.5 * (range.upperBound - range.lowerBound)
    return half > 0 ? Float(min(max((value - middle) / half, -1), 1)) : 0
  }

  /// Returns the value at a position.
  fileprivate func value(of position: Float) -> Double {
    let value = middle + 0.5 * Double(position) * (range.upperBound - range.lowerBound)
    return min(max(value, range.lowerBound), range.upperBound)
  }
}
