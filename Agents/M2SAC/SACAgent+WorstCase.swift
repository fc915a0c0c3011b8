internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Training

extension SACAgent {
  /// Observations with which critics value the policy's actions: those of the worst case if there is
  /// a search.
  var observationsOfPolicyValues: Matrix { search.map { $0.joined[$0.worst] } ?? observations }

  /// Standardises observations of the buffer for the policy, [B × O], and joins them with the physical
  /// parameters behind them for critics, [B × (O + P)], unless both are the same matrix.
  func standardize(_ stored: Matrix, into observations: Matrix, _ joined: Matrix) {
    let normalizer = actor.policy.normalizer
    let rows = observations.rows
    guard joined !== observations else {
      return normalizer.normalize(stored, rows: rows, into: observations)
    }
    // The joined matrix holds the parameters already where they belong.
    joined.copy(from: stored)
    for i in 0..<rows {
      for j in 0..<observations.columns { observations[i, j] = stored[i, j] }
    }
    normalizer.normalize(observations, rows: rows, into: observations)
    joined.setColumns(from: 0, to: observations, rows: rows)
  }

  /// Finds the worst candidate, evaluates the policy's actions under it with their derivatives, and
  /// moves it further.
  func evaluateWorstCase(_ search: WorstCaseSearch, rate: Float) {
    let length = collector.recentEpisodes.meanLength
    search.findWorst(
      configuration.policyCombination,
      length: length.isFinite ? length : Double(environment.specification.episodeSteps))
    let observations = observationsOfPolicyValues
    pool.run(critics.count) { task in
      critics[task].evaluatePolicy(observations: observations, actions: actor.sample.actions)
    }
    search.descend(critics, configuration.policyCombination, rate: rate)
  }

  /// Names of the metrics of the search: the value of the worst case and its parameters.
  static func worstCaseMetricNames(
    _ configuration: SACConfiguration, _ context: AgentContext
  ) -> [String] {
    guard configuration.searchesParameters, !context.uncertainParameters.isEmpty else { return [] }
    return ["worst-case-q", "worst-case-restarts"]
      + context.uncertainParameters.map { "worst-case-\($0.name)" }
  }

  var worstCaseMetrics: [Double] {
    guard let search else { return [] }
    return [
      sums.policyUpdates > 0 ? Double(search.worstValue) : .nan, Double(search.restarts),
    ] + search.worstParameters
  }
}
