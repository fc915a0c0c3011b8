/// A Markov decision process with finitely many states and actions, whose dynamics are known.
///
/// Both are numbered from 0.
public struct TabularModel: Sendable {
  /// One of the things that may follow an action.
  public struct Outcome: Sendable, Equatable {
    /// Probability, above 0 and at most 1.
    public var probability: Double
    /// Reward of the step.
    public var reward: Double
    /// State that follows; nil if the episode ends.
    public var next: Int?

    /// Creates an outcome.
    public init(probability: Double, reward: Double, next: Int?) {
      (self.probability, self.reward, self.next) = (probability, reward, next)
    }
  }

  /// A reason for which a process can't be made.
  public struct InvalidOutcomes: Error, Equatable, CustomStringConvertible {
    /// State of which the outcomes are wrong.
    public let state: Int
    /// Action of which the outcomes are wrong.
    public let action: Int

    public var description: String {
      "the outcomes of action \(action) in state \(state) need positive probabilities with a sum of 1, "
        + "finite rewards and known states"
    }
  }

  /// Number of states.
  public let states: Int
  /// Number of actions.
  public let actions: Int
  /// Outcomes of each action in each state, at `state * actions + action`.
  private let outcomes: [[Outcome]]

  /// Creates a process.
  ///
  /// - Parameters:
  ///   - states: Number of states, at least 1.
  ///   - actions: Number of actions, at least 1.
  ///   - outcomes: A closure that returns what may follow an action in a state.
  /// - Throws: ``InvalidOutcomes`` if probabilities don't add up to 1 within 1e-9, or a number is
  ///   not finite or no state.
  public init(
    states: Int, actions: Int, outcomes: (_ state: Int, _ action: Int) -> [Outcome]
  ) throws(InvalidOutcomes) {
    precondition(states > 0 && actions > 0, "\(states) states, \(actions) actions")
    (self.states, self.actions) = (states, actions)
    var all: [[Outcome]] = []
    for state in 0..<states {
      for action in 0..<actions {
        let list = outcomes(state, action)
        let sum = list.reduce(0) { $0 + $1.probability }
        guard
          abs(sum - 1) <= 1e-9,
          list.allSatisfy({
            $0.probability > 0 && $0.reward.isFinite
              && (0..<states).contains($0.next ?? 0)
          })
        else { throw InvalidOutcomes(state: state, action: action) }
        all.append(list)
      }
    }
    self.outcomes = all
  }

  /// Computes the optimal values of all actions by value iteration.
  ///
  /// - Parameters:
  ///   - discount: Discount factor, below 1 unless every policy ends its episodes.
  ///   - tolerance: Largest change of a value in the last sweep.
  /// - Returns: The value of each action in each state, at `state * actions + action`.
  public func actionValues(discount: Double, tolerance: Double = 1e-9) -> [Double] {
    var values = [Double](repeating: 0, count: states)
    while true {
      let table = actionValues(after: values, discount)
      var change = 0.0
      for state in 0..<states {
        let best = table[state * actions..<(state + 1) * actions].max() ?? 0
        change = max(change, abs(best - values[state]))
        values[state] = best
      }
      if change <= tolerance { return table }
    }
  }

  /// Computes the values of states under a policy that takes one action in each.
  ///
  /// - Parameters:
  ///   - policy: Action in each state.
  ///   - discount: Discount factor, below 1 unless the policy ends its episodes.
  ///   - tolerance: Largest change of a value in the last sweep.
  /// - Returns: The value of each state.
  public func values(of policy: [Int], discount: Double, tolerance: Double = 1e-9) -> [Double] {
    precondition(policy.count == states && policy.allSatisfy { (0..<actions).contains($0) })
    var values = [Double](repeating: 0, count: states)
    while true {
      let table = actionValues(after: values, discount)
      let next = (0..<states).map { table[$0 * actions + policy[$0]] }
      let change = zip(next, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
      values = next
      if change <= tolerance { return values }
    }
  }

  /// Values of actions that are followed by states with the given values.
  private func actionValues(after values: [Double], _ discount: Double) -> [Double] {
    outcomes.map { list in
      list.reduce(0) {
        $0 + $1.probability * ($1.reward + discount * ($1.next.map { values[$0] } ?? 0))
      }
    }
  }
}
