internal import Foundation
package import Storage

/// Decides a replay ratio from what a probe said, again and again.
package protocol RatioRule: AnyObject {
  /// Updates per environment step as they should be now; in the rule's bounds.
  var ratio: Double { get }

  /// Is told the probe's value before anything was learnt.
  func begin(_ value: Double)
  /// Is told the probe's value at a check; ``ratio`` may be another from then on.
  func check(_ value: Double)

  /// Writes everything that the next check depends on.
  func save(to archive: inout TensorArchive, prefix: String)
  /// Continues from what ``save(to:prefix:)`` wrote.
  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError)
}

/// Starts low and goes high, once and for good, when the probe has come to rest:
/// `|φ_k − φ_{k−1}| ≤ max(threshold, relative |φ_{k−1}|)`.
///
/// - Source: Ma et al. 2024, arXiv:2310.07418, section 5, and the authors' code.
/// - Difference from source: a relative threshold, 0 unless asked for, since not all probes are
///   fractions.
package final class StabilizationRule: RatioRule {
  private let low: Double
  private let high: Double
  private let threshold: Double
  private let relative: Double
  private var previous = Double.nan
  private var hasSwitched = false

  /// Makes a rule that has not been told anything.
  package init(low: Double, high: Double, threshold: Double, relative: Double = 0) {
    self.low = low
    self.high = high
    self.threshold = threshold
    self.relative = relative
  }

  package var ratio: Double { hasSwitched ? high : low }

  package func begin(_ value: Double) { previous = value }

  package func check(_ value: Double) {
    if abs(value - previous) <= max(threshold, relative * abs(previous)) { hasSwitched = true }
    previous = value
  }

  package func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).rule", .words([previous.bitPattern, hasSwitched ? 1 : 0]))
  }

  package func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    let words = try archive.words("\(prefix).rule", count: 2)
    guard words[1] <= 1 else { throw .invalid(reason: "its replay ratio's rule does not fit") }
    (previous, hasSwitched) = (Double(bitPattern: words[0]), words[1] == 1)
  }
}

/// Moves the logarithm of the ratio in proportion to how far the probe is from a target.
///
/// `e = clamp((φ − τ) / |τ|, −1, 1)` and `ln ρ ← clamp(ln ρ + s g e, ln low, ln high)`, with the gain g
/// and the sign s of what happens above the target; for a target of 0 `e = clamp(φ, −1, 1)`.
package final class RatioController: RatioRule {
  /// Where the ratio goes while the probe is above its target.
  package enum Direction: String, CaseIterable, Sendable {
    case raise
    case lower
  }

  package private(set) var ratio: Double
  private let bounds: ClosedRange<Double>
  private let target: Double
  private let gain: Double
  private let sign: Double

  /// Makes a controller that starts at a ratio within its bounds.
  package init(
    start: Double, bounds: ClosedRange<Double>, target: Double, gain: Double, above: Direction
  ) {
    ratio = start
    self.bounds = bounds
    self.target = target
    self.gain = gain
    sign = above == .raise ? 1 : -1
  }

  package func begin(_ value: Double) {}

  package func check(_ value: Double) {
    let distance = (value - target) / (target == 0 ? 1 : abs(target))
    let factor = exp(sign * gain * min(max(distance, -1), 1))
    ratio = min(max(ratio * factor, bounds.lowerBound), bounds.upperBound)
  }

  package func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).rule", .words([ratio.bitPattern]))
  }

  package func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    let value = Double(bitPattern: try archive.words("\(prefix).rule", count: 1)[0])
    guard bounds.contains(value) else {
      throw .invalid(reason: "its replay ratio lies outside the rule's bounds")
    }
    ratio = value
  }
}
