/// Somebody who watches one environment of a vector, step by step: a recorder, a live view.
///
/// Called on the thread that steps the environment, in the middle of a step: it must be quick and
/// must not touch the environment.  An episode that is restored from a snapshot is seen from its
/// first step again.
public protocol EpisodeObserver: AnyObject {
  /// An episode has begun.
  ///
  /// - Parameters:
  ///   - start: What the episode was made from.
  ///   - observation: [O], the first one.
  func didReset(_ start: EpisodeStart, observation: Span<Float>)

  /// A step is done; nothing has been reset yet, even where the episode has ended.
  ///
  /// - Parameters:
  ///   - step: What came of it.
  ///   - action: [A], as it was given to the environment.
  ///   - disturbance: [D] during the step; empty where disturbances are off.
  ///   - observation: [O] after the step, the episode's last one where it ended.
  func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>)
}

/// What an episode was made from.
public struct EpisodeStart: Sendable {
  /// Which episode of its environment it is, from 0.
  public var episode: Int
  /// The seed it was reset with.
  public var seed: UInt64
  /// The physical parameters of the episode, in table order.
  public var parameters: [ParameterValue]
  /// Fingerprint of the simulator after the reset.
  public var stateHash: UInt64
}

/// What came of one step of an episode.
public struct ObservedStep: Sendable, Equatable {
  /// The reward.
  public var reward: Float
  /// Whether the task ended.
  public var terminated: Bool
  /// Whether the time limit struck.
  public var truncated: Bool
  /// Fingerprint of the simulator after the step.
  public var stateHash: UInt64
}
