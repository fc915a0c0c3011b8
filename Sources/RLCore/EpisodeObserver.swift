/// An observer of one environment in a vector, such as a recorder or a live view.
///
/// Its methods are called on the thread that steps the environment, in the middle of a step: they
/// must be quick and must not change the environment.  An episode that is restored from a snapshot
/// is observed again from its first step.
public protocol EpisodeObserver: AnyObject {
  /// Called after an episode has begun.
  ///
  /// - Parameters:
  ///   - start: Seed, parameters and initial fingerprint of the episode.
  ///   - observation: First observation without distortion, [O].
  func didReset(_ start: EpisodeStart, observation: Span<Float>)

  /// Called after a step, before any reset even if the episode has ended.
  ///
  /// - Parameters:
  ///   - step: Reward, ends and fingerprint of the step.
  ///   - action: Action that was simulated, [A].
  ///   - disturbance: Disturbance during the step, [D]; empty if there are none.
  ///   - observation: Observation after the step without distortion, [O]; the episode's last one if
  ///     it has ended.
  func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>)
}

/// The seed, parameters and initial fingerprint of an episode.
public struct EpisodeStart: Sendable {
  /// Number of the episode in its environment, from 0.
  public var episode: Int
  /// Seed with which the episode was reset.
  public var seed: UInt64
  /// Physical parameters of the episode, in table order.
  public var parameters: [ParameterValue]
  /// Fingerprint of the simulator's state after the reset.
  public var stateHash: UInt64
}

/// The results of one observed step besides the observation.
public struct ObservedStep: Sendable, Equatable {
  /// Reward of the step.
  public var reward: Float
  /// What it means that the task ended with the step; nil if it goes on.
  public var end: TaskEnd?
  /// Whether the time limit truncated the episode.
  public var truncated: Bool
  /// Fingerprint of the simulator's state after the step.
  public var stateHash: UInt64

  /// Whether the task ended with the step.
  public var terminated: Bool { end != nil }
}
