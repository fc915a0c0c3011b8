/// An alarm for collapses: it watches the return of training and tells once when it has fallen far
/// below its peak and stays there.
///
/// The rule: all of a window of 50 iterations lies 100 or more iterations after the peak, and its
/// mean is below the peak by 30 % of the peak's size.  Peaks of a size below 10 say too little.
/// The return is the mean of the last hundred episodes; it counts from the hundredth episode on, since
/// the mean of a few episodes has peaks of its own.
///
/// - Source: `fpo_training_receipts/cliff.py`, a tool for runs of amazon-far/fpo-control.
/// - Difference from source: returns may be negative; the first ninety-nine episodes don't count.
package struct RewardCliff: Codable, Equatable {
  /// A collapse of the return.
  package struct Alarm: Equatable {
    /// Highest return of an iteration.
    package var peak: Double
    /// Number of the iteration with the highest return.
    package var peakIteration: Int
    /// Mean return of the last iterations.
    package var mean: Double

    /// Description in one sentence.
    package var sentence: String {
      func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
      return "the return of training has collapsed: \(rounded(mean)) in the last "
        + "\(RewardCliff.window) iterations, after \(rounded(peak)) in iteration \(peakIteration); "
        + "training goes on, and the checkpoint `best` is kept"
    }
  }

  /// Number of iterations after the peak that are left out.
  static let distance = 100
  /// Number of iterations whose mean is compared with the peak.
  static let window = 50
  /// Fall that raises the alarm, as a fraction of the peak's size.
  static let fall = 0.3
  /// Least size of a peak that can be fallen from.
  static let leastPeak = 10.0
  /// Number of episodes of training from which on returns count.
  static let leastEpisodes = 100

  private var peak = -Double.greatestFiniteMagnitude
  private var peakIteration = 0
  private var recent: [Double] = []
  /// Whether the alarm was raised.
  private(set) var isRaised = false

  /// Creates an alarm that has seen nothing.
  package init() {}

  /// Watches one iteration.
  ///
  /// - Parameters:
  ///   - value: Mean return of the last hundred episodes; NaN if none has ended.
  ///   - iteration: Number of the iteration.
  ///   - episodes: Number of episodes that have ended so far.
  /// - Returns: The alarm, once in a run; nil otherwise.
  package mutating func watch(_ value: Double, iteration: Int, episodes: Int) -> Alarm? {
    guard !isRaised, value.isFinite, episodes >= Self.leastEpisodes else { return nil }
    if value > peak { (peak, peakIteration, recent) = (value, iteration, []) }
    guard iteration >= peakIteration + Self.distance else { return nil }
    recent = (recent + [value]).suffix(Self.window)
    let mean = recent.reduce(0, +) / Double(recent.count)
    guard recent.count == Self.window, abs(peak) >= Self.leastPeak,
      mean <= peak - Self.fall * abs(peak)
    else { return nil }
    isRaised = true
    return Alarm(peak: peak, peakIteration: peakIteration, mean: mean)
  }
}
