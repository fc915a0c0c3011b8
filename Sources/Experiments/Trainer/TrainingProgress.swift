public import Foundation
public import RLCore
public import Training

/// The progress of a run.
public struct TrainingProgress: Sendable {
  /// Environment steps taken so far.
  public var steps: Int
  /// Environment steps of the whole run.
  public var totalSteps: Int
  /// Number of iterations so far.
  public var iterations: Int
  /// Seconds since the run began or was resumed.
  public var elapsed: Double
  /// Environment steps per second since the run began or was resumed, evaluations included.
  public var stepsPerSecond: Double
  /// Fractions of the time spent in environments, policy and update.
  public var shares: (environment: Double, policy: Double, update: Double)
  /// Names and values of the last iteration's metrics.
  public var metrics: [(name: String, value: Double)]
  /// Mean return of the last evaluation; nil before the first one.
  public var lastReturn: Double?
  /// Mean return of the best evaluation; nil before the first one, and if tasks change.
  public var bestReturn: Double?

  /// Fraction of the run's steps that have been taken, in 0...1.
  public var fraction: Double { min(1, Double(steps) / Double(max(1, totalSteps))) }
  /// Estimated seconds until the end, at the pace so far.
  public var remaining: Double { Double(max(0, totalSteps - steps)) / max(stepsPerSecond, 1e-9) }

  /// Returns the value of a metric; nil if there is none or it is not finite.
  public func metric(_ name: String) -> Double? {
    metrics.first { $0.name == name && $0.value.isFinite }?.value
  }
}

/// An observer of a run, which must not change the run.
public protocol TrainingObserver: AnyObject {
  /// Called after each iteration.
  func didIterate(_ progress: TrainingProgress)
  /// Called before each evaluation.
  func willEvaluate(episodes: Int, _ progress: TrainingProgress)
  /// Called after each episode of an evaluation, on any thread but never twice at once, with the
  /// number of episodes finished so far.
  func didEvaluateEpisode(_ finished: Int, of episodes: Int)
  /// Called after each evaluation.
  func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress)
  /// Called after each evaluation with the last state of one of its episodes, in an environment that
  /// can be drawn.
  ///
  /// - Returns: A picture for TensorBoard as the contents of a PNG file with its size; nil for none.
  func picture(of scene: Scene) -> (png: Data, width: Int, height: Int)?
  /// Called at most once in a run, when the return of training has fallen far below its peak, with
  /// a sentence that says so.
  func didCollapse(_ sentence: String, _ progress: TrainingProgress)
  /// Called after each checkpoint, with the path of its folder.
  func didWriteCheckpoint(_ path: String, _ progress: TrainingProgress)
}

extension TrainingObserver {
  /// Does nothing.
  public func didIterate(_ progress: TrainingProgress) {}
  /// Does nothing.
  public func willEvaluate(episodes: Int, _ progress: TrainingProgress) {}
  /// Does nothing.
  public func didEvaluateEpisode(_ finished: Int, of episodes: Int) {}
  /// Does nothing.
  public func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress) {}
  /// Draws nothing.
  public func picture(of scene: Scene) -> (png: Data, width: Int, height: Int)? { nil }
  /// Does nothing.
  public func didCollapse(_ sentence: String, _ progress: TrainingProgress) {}
  /// Does nothing.
  public func didWriteCheckpoint(_ path: String, _ progress: TrainingProgress) {}
}

/// The reason for which training ended.
public enum TrainingOutcome: String, Sendable, Equatable {
  /// All steps were taken.
  case finished
  /// An evaluation reached the wanted return.
  case reachedReturn = "reached-return"
  /// The run was asked to stop; `--resume` continues it.
  case interrupted
}
