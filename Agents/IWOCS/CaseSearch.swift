internal import LinearAlgebra
internal import RLCore
internal import Storage
package import Training

/// The search for the parameters in which a policy earns least.
///
/// - Source: Zouitine, Geist and Rachelson 2024, arXiv:2410.06212.
/// - Difference from source: candidates are the corners of the ranges and points drawn uniformly, as
///   many as the steps of the search allow, where the source evolves them by CMA-ES.
package final class CaseSearch {
  /// Parameters of the cases that have been learnt, in order, [P] each.
  package private(set) var known: [[Double]] = []
  /// Parameters of the case that comes next, [P].
  package private(set) var next: [Double]
  /// Mean return of the policy in the worst point of the last search; NaN before the first.
  package private(set) var worstReturn = Double.nan
  private let configuration: IWOCSConfiguration
  private let parameters: [UncertainParameter]
  private let environment: any BatchedEnvironment
  private var random: RandomStream

  private static let streamName = "case-search"
  /// The greatest errors among which one is chosen.
  private static let errors: [Float] = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5]

  /// Creates a search whose first case is the nominal one, within the ranges.
  init(
    _ configuration: IWOCSConfiguration, among parameters: [UncertainParameter],
    in environment: any BatchedEnvironment, seed: UInt64
  ) {
    (self.configuration, self.parameters) = (configuration, parameters)
    self.environment = environment
    random = RandomStream(seed: seed, name: Self.streamName)
    let values = environment.parameterValues(of: 0)
    next = parameters.map { parameter in
      let nominal = values.first { $0.name == parameter.name }?.value
      let range = parameter.range
      return min(max(nominal ?? range.lowerBound, range.lowerBound), range.upperBound)
    }
  }

  /// Takes the next case, a new one: its episodes begin in all environments.
  func begin() {
    if known.contains(next) {
      next = candidates(known.count + 1).first { !known.contains($0) } ?? next
    }
    known.append(next)
    beginEpisodes()
  }

  /// Begins an episode of the present case in every environment.
  func beginEpisodes() {
    restoreCase()
    for i in 0..<environment.count { environment.reset(environment: i, seed: seed()) }
  }

  /// Sets the parameters of the present case for the episodes that begin from now on.
  func restoreCase() {
    guard let present = known.last else { return }
    prepare()
    for value in assignment(present) { set(value) }
  }

  /// Episodes have the parameters that the search sets, and no others.
  private func prepare() { environment.episodeParameters = nil }

  private func set(_ value: ParameterValue) {
    do {
      try environment.setParameter(value.name, to: value.value, of: nil)
    } catch {
      preconditionFailure("a range that was checked: \(error)")
    }
  }

  private func assignment(_ point: [Double]) -> [ParameterValue] {
    zip(parameters, point).map { ParameterValue(name: $0.name, value: $1) }
  }

  /// Returns a seed apart from those of evaluations, as training's are.
  private func seed() -> UInt64 {
    let (high, low) = (random.integer(below: .max), random.integer(below: .max))
    return UInt64(high) << 32 | UInt64(low) | 1 << 63
  }

  /// Looks for the next case within a number of steps.
  ///
  /// - Throws: `TrainingError.notFinite(metric:iteration:)` if an action is not finite.
  package func findNext(
    for policy: WorstCasePolicy, steps: Int, iteration: Int
  ) throws(TrainingError) {
    let count = steps / stepsOfPoint
    let points = candidates(count + known.count)
    let tried = Array(points.filter { !known.contains($0) }.prefix(count))
    guard !tried.isEmpty else { return }
    let returns = try returns(of: policy, in: tried, iteration: iteration)
    let worst = returns.indices.reduce(0) { returns[$1] < returns[$0] ? $1 : $0 }
    (next, worstReturn) = (tried[worst], returns[worst])
  }

  /// Chooses the greatest error with which the policy earns most where it earns least, among the known
  /// cases, the latest first, and the corners; keeps the present one if steps allow no point.
  ///
  /// - Throws: `TrainingError.notFinite(metric:iteration:)` if an action is not finite.
  package func chooseGreatestError(
    of policy: WorstCasePolicy, steps: Int, iteration: Int
  ) throws(TrainingError) {
    let count = steps / (Self.errors.count * stepsOfPoint)
    var points: [[Double]] = []
    for point in known.reversed() + corners() where !points.contains(point) { points.append(point) }
    points = Array(points.prefix(count))
    guard !points.isEmpty else { return }
    var best = (error: policy.greatestError, least: -Double.infinity)
    let beginning = random
    for error in Self.errors {
      // All have the same episodes.
      random = beginning
      policy.greatestError = error
      let returns = try returns(of: policy, in: points, iteration: iteration)
      let worst = returns.indices.reduce(0) { returns[$1] < returns[$0] ? $1 : $0 }
      guard returns[worst] > best.least else { continue }
      best = (error, returns[worst])
      (next, worstReturn) = (points[worst], returns[worst])
    }
    policy.greatestError = best.error
  }

  /// Steps of one point's episodes, if none ends early.
  private var stepsOfPoint: Int {
    configuration.searchEpisodes * environment.specification.episodeSteps
  }

  /// Returns all corners of the ranges; none if there are more than 256.
  private func corners() -> [[Double]] {
    guard parameters.count <= 8 else { return [] }
    return (0..<1 << parameters.count).map { bits in
      parameters.enumerated().map { j, parameter in
        bits >> j & 1 == 0 ? parameter.range.lowerBound : parameter.range.upperBound
      }
    }
  }

  /// Returns the corners, as far as they go, and points drawn uniformly.
  private func candidates(_ count: Int) -> [[Double]] {
    var points = Array(corners().prefix(count))
    while points.count < count {
      points.append(
        parameters.map { parameter in
          let (low, high) = (parameter.range.lowerBound, parameter.range.upperBound)
          return low + Double(random.uniform()) * (high - low)
        })
    }
    return points
  }

  /// Returns the policy's mean returns in some points, all with the same seeds.
  private func returns(
    of policy: WorstCasePolicy, in points: [[Double]], iteration: Int
  ) throws(TrainingError) -> [Double] {
    let episodes = configuration.searchEpisodes
    let seeds = (0..<episodes).map { _ in seed() }
    let reward = environment.trainingReward
    // What counts is the reward as it is.
    environment.trainingReward = TrainingReward()
    prepare()
    let batch = EpisodeBatch(policy, in: environment)
    var sums = Array(repeating: 0.0, count: points.count)
    var begun = 0
    batch.run(mode: .deterministic) {
      guard begun < points.count * episodes else { return nil }
      defer { begun += 1 }
      return EpisodeBatch.Entry(
        number: begun, seed: seeds[begun % episodes],
        parameters: assignment(points[begun / episodes]))
    } didEnd: { number, outcome in
      sums[number / episodes] += outcome.episodeReturn / Double(episodes)
    } shouldStop: { _ in
      false
    }
    environment.trainingReward = reward
    environment.resetsEndedEpisodes = true
    guard sums.allSatisfy(\.isFinite) else {
      throw .notFinite(metric: "action", iteration: iteration)
    }
    return sums
  }

  func save(to archive: inout TensorArchive) {
    archive.set("known", .doubles(Array(known.joined())))
    archive.set("next", .doubles(next))
    archive.set("state", .words([UInt64(known.count), worstReturn.bitPattern]))
    archive.set(random, named: Self.streamName)
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    let width = parameters.count
    let state = try archive.words("state", count: 2)
    guard state[0] < 1 << 20 else { throw .invalid(reason: "its number of cases is impossible") }
    let numbers = try archive.doubles("known", count: Int(state[0]) * width)
    let points = (0..<Int(state[0])).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
    let next = try archive.doubles("next", count: width)
    guard
      (points + [next]).allSatisfy({ point in
        zip(parameters, point).allSatisfy { $0.range.contains($1) }
      })
    else { throw .invalid(reason: "its cases are outside their ranges") }
    (known, self.next, worstReturn) = (points, next, Double(bitPattern: state[1]))
    random = try archive.stream(named: Self.streamName)
  }
}
