public import RLCore
internal import Storage
public import Training

/// A change of everything that a policy observes, within a box around the truth.
///
/// Sizes are in the policy's own standard deviations of the observation if it standardises what it
/// observes, and otherwise in the components' units.
///
/// - Source: Zhang et al. 2020, arXiv:2003.08938, whose critic-free attack looks for the observation
///   with the greatest divergence from the policy's actions at the true one.
/// - Difference from source: the divergence is that of the distribution of actions in the policy
///   file, KL(attacked ‖ true), from a uniform start in the box.
public struct ObservationAttack: Sendable, Equatable {
  /// How a change is found.
  public enum Kind: Sendable, Equatable {
    /// Each component is changed by the size, up or down at random.
    case random
    /// Steps along the sign of the gradient that lead away from the policy's actions.
    case gradient(steps: Int)
  }

  /// How a change is found.
  public let kind: Kind
  /// Largest change of each component.
  public let size: Double

  /// Forms of a specification, for messages.
  static let forms =
    "random:SIZE, gradient:SIZE or gradient:SIZE:STEPS, with SIZE at least 0 and STEPS in 1...100"

  /// Creates an attack.
  public init(_ kind: Kind, size: Double) { (self.kind, self.size) = (kind, size) }

  /// Reads `random:SIZE`, `gradient:SIZE` or `gradient:SIZE:STEPS`.
  ///
  /// - Throws: `ConfigurationError` if the text has none of the forms.
  public init(parsing text: String) throws(ConfigurationError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let steps = parts.count == 3 ? Int(parts[2]) : 1
    let size = parts.count > 1 ? SpecificationText.number(parts[1]) : nil
    guard let size, size >= 0, let steps, (1...100).contains(steps),
      (parts[0] == "random" && parts.count == 2) || (parts[0] == "gradient" && parts.count <= 3)
    else {
      throw ConfigurationError("attack '\(text.printable)' must be \(Self.forms)")
    }
    self.init(parts[0] == "random" ? .random : .gradient(steps: steps), size: size)
  }

  /// Returns why the attack can't change what a policy observes, in one sentence; nil if it can.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - space: Observations of its environment.
  /// - Returns: The reason.
  public func problem(of policy: any Policy, observing space: Space) -> String? {
    guard case .box = space else {
      return "attack \(self): observations that are choices can't be changed"
    }
    guard kind != .random, !(policy is MLPPolicy),
      (policy as? ChangedObservations)?.network == nil
    else { return nil }
    return
      "attack \(self) needs the gradient of a multilayer perceptron, which this policy is not; "
      + "use random:SIZE"
  }
}

extension ObservationAttack: CustomStringConvertible {
  /// Text that ``init(parsing:)`` reads back.
  public var description: String {
    switch kind {
    case .random: "random:\(SpecificationText.text(size))"
    case .gradient(let steps):
      "gradient:\(SpecificationText.text(size))" + (steps == 1 ? "" : ":\(steps)")
    }
  }
}
