/// Incremental worst-case search (IWOCS) over a finite set of tabular models.
///
/// The worst case is static: one of the models is true, for ever and unknown.  The search keeps a
/// list of models, acts greedily on the least of their optimal action values, and adds the model in
/// which that policy does worst, until the policy's value there is what it had counted on:
///
/// ```
/// Q_i(s, a) = min over j ≤ i of Q*_j(s, a)        π_i(s) = argmax_a Q_i(s, a)
/// next model = the one in which π_i has the least value at the start
/// ```
///
/// - Source: Zouitine, Bertoin, Clavier, Geist and Rachelson 2024, "Robust Reinforcement Learning
///   through Incremental Worst-Case Search", algorithm 1, with value iteration for Q*.
/// - Difference from source: the search also stops, without having converged, if the worst model is
///   in the list already, since the policy would not change any more.  Sets of unrelated models
///   seldom converge; a converged policy has the best worst value of all stationary ones.
public struct IncrementalWorstCaseSearch: Sendable {
  /// One policy on the way.
  public struct Iteration: Sendable {
    /// Models in the list, as places in the set, in order of their arrival.
    public let models: [Int]
    /// Action of the policy in each state.
    public let policy: [Int]
    /// Value at the start that the policy counts on: the greatest of Q_i.
    public let expected: Double
    /// Model in which the policy does worst; the first of equal ones.
    public let worstModel: Int
    /// The policy's value at the start in that model.
    public let worstValue: Double
  }

  /// Policies in order, the last one being the result.
  public let iterations: [Iteration]
  /// Whether the last policy's worst value is what it had counted on, within the tolerance.
  public let hasConverged: Bool

  /// Searches a set of models.
  ///
  /// - Parameters:
  ///   - models: Models with the same numbers of states and actions; at least one.
  ///   - reference: Place of the model with which the search begins.
  ///   - start: State in which episodes start.
  ///   - discount: Discount factor, below 1.
  ///   - tolerance: Largest difference between the value counted on and the worst value at the end.
  public init(
    _ models: [TabularModel], from reference: Int = 0, start: Int, discount: Double,
    tolerance: Double = 1e-6
  ) {
    precondition(models.indices.contains(reference), "no model \(reference)")
    let (states, actions) = (models[reference].states, models[reference].actions)
    precondition(
      models.allSatisfy { $0.states == states && $0.actions == actions }
        && (0..<states).contains(start) && (0..<1).contains(discount))
    var least = [Double](repeating: .infinity, count: states * actions)
    var (known, next) = ([Int](), reference)
    var iterations: [Iteration] = []
    while true {
      known.append(next)
      let values = models[next].actionValues(discount: discount)
      least = zip(least, values).map { min($0, $1) }
      let policy = (0..<states).map { state in
        (0..<actions).reduce(0) {
          least[state * actions + $1] > least[state * actions + $0] ? $1 : $0
        }
      }
      let results = models.map { $0.values(of: policy, discount: discount)[start] }
      let worst = results.indices.reduce(0) { results[$1] < results[$0] ? $1 : $0 }
      let expected = least[start * actions + policy[start]]
      iterations.append(
        Iteration(
          models: known, policy: policy, expected: expected, worstModel: worst,
          worstValue: results[worst]))
      let isDone = abs(results[worst] - expected) <= tolerance
      if isDone || known.contains(worst) {
        (self.iterations, hasConverged) = (iterations, isDone)
        return
      }
      next = worst
    }
  }
}
