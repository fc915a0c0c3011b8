public import Training

/// How far a run has come.
public struct TrainingProgress: Sendable {
  /// Environment steps taken.
  public var steps: Int
  /// Environment steps to take.
  public var totalSteps: Int
  /// Iterations done.
  public var iterations: Int
  /// Seconds since the run (or its resumption) began.
  public var elapsed: Double
  /// Environment steps per second since then, evaluations included.
  public var stepsPerSecond: Double
  /// Fractions of the time in environments, policy and update since then.
  public var shares: (environment: Double, policy: Double, update: Double)
  /// The last iteration's metrics.
  public var metrics: [(name: String, value: Double)]
  /// Mean return of the last evaluation.
  public var lastReturn: Double?
  /// Mean return of the best evaluation.
  public var bestReturn: Double?

  /// Fraction of the steps taken.
  public var fraction: Double { min(1, Double(steps) / Double(max(1, totalSteps))) }
  /// Seconds until the end at this pace.
  public var remaining: Double { Double(max(0, totalSteps - steps)) / max(stepsPerSecond, 1e-9) }

  /// The value of a metric by its name; nil where there is none.
  public func metric(_ name: String) -> Double? {
    metrics.first { $0.name == name && $0.value.isFinite }?.value
  }
}

/// Somebody who watches a run; must not change it.
public protocol TrainingObserver: AnyObject {
  /// An iteration is done.
  func didIterate(_ progress: TrainingProgress)
  /// An evaluation is done.
  func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress)
  /// A checkpoint has been written.
  func didWriteCheckpoint(_ path: String, _ progress: TrainingProgress)
}

extension TrainingObserver {
  /// Does nothing.
  public func didIterate(_ progress: TrainingProgress) {}
  /// Does nothing.
  public func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress) {}
  /// Does nothing.
  public func didWriteCheckpoint(_ path: String, _ progress: TrainingProgress) {}
}

/// Why a run ended.
public enum TrainingOutcome: String, Sendable, Equatable {
  /// All steps were taken.
  case finished
  /// An evaluation reached the return that was asked for.
  case reachedReturn = "reached-return"
  /// It was asked to stop; `--resume` goes on.
  case interrupted
}
