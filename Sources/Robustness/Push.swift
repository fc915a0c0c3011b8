/// A disturbance of the body from outside, as a function of the step in the episode.
///
/// Magnitudes are fractions of the disturbance's bound, in 0...1, and times are numbers of steps.
/// Each but the Ornstein-Uhlenbeck process has one random direction for the episode, uniform on the
/// unit sphere of the disturbance's D components, each measured by its bound.
public enum Push: Sendable, Equatable {
  /// A push that lasts some steps and begins with a step, counted from 1, or with a random one in
  /// which a whole impulse fits into the step limit: `impulse:MAGNITUDE:STEPS` or
  /// `impulse:MAGNITUDE:STEPS:START`.
  case impulse(magnitude: Double, steps: Int, start: Int?)
  /// The same push in every step: `constant:MAGNITUDE`.
  case constant(magnitude: Double)
  /// A sine with a random phase: `periodic:MAGNITUDE:STEPS`, with the steps of a period.
  case periodic(magnitude: Double, period: Int)
  /// A stationary Ornstein-Uhlenbeck process in every component, with a standard deviation and a
  /// time constant: `ou:STD:STEPS`.
  ///
  /// x ← x e^(−1/τ) + σ √(1 − e^(−2/τ)) ε with ε normal, sampled exactly once a step.
  ///
  /// - Source: Uhlenbeck and Ornstein 1930; Gillespie 1996, Physical Review E 54, equation 3.1.
  case ornsteinUhlenbeck(standardDeviation: Double, timeConstant: Double)

  /// Forms of a specification, for messages.
  static let forms = [
    "impulse:MAGNITUDE:STEPS", "impulse:MAGNITUDE:STEPS:START", "constant:MAGNITUDE",
    "periodic:MAGNITUDE:STEPS", "ou:STD:STEPS",
  ]

  /// Parses a specification; nil if it has none of the forms.
  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { SpecificationText.number($0) }
    guard numbers.count == parts.count - 1, let size = numbers.first, (0...1).contains(size) else {
      return nil
    }
    let steps = numbers.map { Int(exactly: $0) ?? 0 }
    switch (parts[0], numbers.count) {
    case ("impulse", 2...3):
      guard steps.dropFirst().allSatisfy({ (1...Perturbations.mostSteps).contains($0) }) else {
        return nil
      }
      self = .impulse(magnitude: size, steps: steps[1], start: steps.count == 3 ? steps[2] : nil)
    case ("constant", 1): self = .constant(magnitude: size)
    case ("periodic", 2):
      guard (2...Perturbations.mostSteps).contains(steps[1]) else { return nil }
      self = .periodic(magnitude: size, period: steps[1])
    case ("ou", 2):
      guard numbers[1] > 0 else { return nil }
      self = .ornsteinUhlenbeck(standardDeviation: size, timeConstant: numbers[1])
    default: return nil
    }
  }

  /// The specification in the form in which it is stored.
  var text: String {
    switch self {
    case .impulse(let magnitude, let steps, let start):
      "impulse:\(SpecificationText.text(magnitude)):\(steps)" + (start.map { ":\($0)" } ?? "")
    case .constant(let magnitude): "constant:\(SpecificationText.text(magnitude))"
    case .periodic(let magnitude, let period):
      "periodic:\(SpecificationText.text(magnitude)):\(period)"
    case .ornsteinUhlenbeck(let deviation, let time):
      "ou:\(SpecificationText.text(deviation)):\(SpecificationText.text(time))"
    }
  }

  /// Last step of the push if it is an impulse at a given or its earliest time; nil for others.
  var lastStep: Int? {
    guard case .impulse(_, let steps, let start) = self else { return nil }
    return (start ?? 1) + steps - 1
  }
}
