internal import Foundation
package import Storage

/// A rule that sets a replay ratio from repeated measurements of a probe.
package protocol RatioRule: AnyObject {
  /// Current replay ratio, in updates per environment step, within the rule's bounds.
  var ratio: Double { get }

  /// Receives the probe's value from before learning began.
  func begin(_ value: Double)
  /// Receives the probe's value at a check and updates ``ratio``.
  func check(_ value: Double)

  /// Writes everything that the next check depends on.
  func save(to archive: inout TensorArchive, prefix: String)
  /// Restores the state that ``save(to:prefix:)`` wrote.
  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError)
}

/// A rule that switches once from a low to a high ratio when the probe has settled:
/// `|φ_k − φ_{k−1}| ≤ max(threshold, relative |φ_{k−1}|)`.
///
/// - Source: Ma et al. 2024, arXiv:2310.07418, section 5, and the authors' code.
/// - Difference from source: a relative threshold too, 0 by default; not all probes are fractions.
package final class StabilizationRule: RatioRule {
  private let low: Double
  private let high: Double
  private let threshold: Double
  private let relative: Double
  private var previous = Double.nan
  private var hasSwitched = false

  /// Creates a rule that has received no values yet.
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

/// An integral controller of the ratio's logarithm, driven by the probe's distance to a target.
///
/// `e = clamp((φ − τ) / |τ|, −1, 1)` and `ln ρ ← clamp(ln ρ + s g e, ln low, ln high)`, with gain g
/// and with s = 1 if the ratio rises while the probe is above its target, −1 if it falls; for a
/// target of 0, `e = clamp(φ, −1, 1)`.
package final class RatioController: RatioRule {
  /// The direction in which the ratio moves while the probe is above its target.
  package enum Direction: String, CaseIterable, Sendable {
    case raise
    case lower
  }

  package private(set) var ratio: Double
  private let bounds: ClosedRange<Double>
  private let target: Double
  private let gain: Double
  private let sign: Double

  /// Creates a controller with an initial ratio within its bounds.
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
