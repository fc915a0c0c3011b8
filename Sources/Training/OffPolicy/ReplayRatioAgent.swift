public import LinearAlgebra

/// An agent that learns from replayed experience as often as it is told.
///
/// What adapts the ratio needs nothing else of it.  Its setting of the initial ratio and its metric of
/// the ratio that was measured are both called ``replayRatioName``.
public protocol ReplayRatioAgent: Agent {
  /// The most updates per environment step that it can be told to do.
  static var greatestReplayRatio: Double { get }
  /// Updates per environment step, above 0 and kept on average; a new one holds from the next
  /// iteration on.
  ///
  /// It is not saved with the agent: whoever changes it sets it again.
  var replayRatio: Double { get set }

  /// Draws transitions from experience and makes of them what one of its networks is given.
  ///
  /// - Parameters:
  ///   - network: An index into `networks`.
  ///   - inputs: One row for each transition, all of them filled.
  ///   - random: What chooses them; the agent's own streams stay.
  /// - Returns: Whether there was anything to draw from.
  func drawInputs(
    of network: Int, into inputs: Matrix, using random: inout RandomStream
  ) -> Bool
}

/// The key of the setting and the metric of every ``ReplayRatioAgent``.
public let replayRatioName = "replay-ratio"

extension RegisteredAgent {
  /// Whether its agent is a ``ReplayRatioAgent``.
  public var hasReplayRatio: Bool {
    func hasRatio<C: AgentConfiguration>(_ settings: C) -> Bool {
      C.table.contains { $0.key == replayRatioName }
    }
    return hasRatio(defaults)
  }
}
