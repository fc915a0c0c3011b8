/// A change of the rewards from which an agent learns, which returns and evaluations never see.
public struct TrainingReward: Sendable, Equatable {
  /// Reward in place of that of a step in which the task ended; nil to keep it.
  public var terminal: Float?
  /// Least reward of a step; nil for none.
  public var floor: Float?
  /// Greatest reward of a step; nil for none.
  public var ceiling: Float?
  /// Factor on what is left.
  public var scale: Float = 1

  /// Creates a change that keeps every reward.
  public init() {}

  /// Whether every reward is kept.
  public var isEmpty: Bool { self == TrainingReward() }

  /// Changes the reward of a step.
  ///
  /// - Parameters:
  ///   - reward: The reward of the task.
  ///   - hasEnded: Whether the task ended in this step.
  /// - Returns: The reward from which an agent learns.
  public func callAsFunction(_ reward: Float, hasEnded: Bool) -> Float {
    var reward = reward
    if hasEnded, let terminal { reward = terminal }
    if let floor { reward = max(reward, floor) }
    if let ceiling { reward = min(reward, ceiling) }
    return scale * reward
  }
}
