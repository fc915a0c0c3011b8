/// An agent that learns from replayed experience at an adjustable replay ratio.
///
/// This is all that a controller of the ratio requires.  The agent's setting of the initial ratio
/// and its metric of the measured ratio are both called ``replayRatioName``.
public protocol ReplayRatioAgent: Agent {
  /// The upper limit of ``replayRatio``, in updates per environment step.
  static var greatestReplayRatio: Double { get }
  /// Mean number of updates per environment step, above 0; a new value takes effect from the next
  /// iteration.
  ///
  /// The ratio is not saved with the agent; code that changes it must set it again after loading.
  var replayRatio: Double { get set }
}

/// The key of the setting and the metric of every ``ReplayRatioAgent``.
public let replayRatioName = "replay-ratio"

extension RegisteredAgent {
  /// Whether the registered agent is a ``ReplayRatioAgent``.
  public var hasReplayRatio: Bool {
    func hasRatio<C: AgentConfiguration>(_ settings: C) -> Bool {
      C.table.contains { $0.key == replayRatioName }
    }
    return hasRatio(defaults)
  }
}
