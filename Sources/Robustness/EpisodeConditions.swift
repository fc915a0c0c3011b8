internal import LinearAlgebra
public import RLCore
public import Training

/// Conditions under which episodes run besides their physical parameters, checked for an environment.
public struct EpisodeConditions: Sendable {
  /// Parameters that every episode draws for itself.
  public let randomization: Randomization
  /// Perturbations of actions, bodies and observations.
  public let perturbations: Perturbations
  /// What is drawn, with what the draw needs to know of each parameter.
  private let parameters: [DrawnParameter]

  /// Creates conditions and checks that the environment allows them.
  ///
  /// - Parameters:
  ///   - randomization: Parameters that every episode draws for itself.
  ///   - perturbations: Perturbations of actions, bodies and observations.
  ///   - environment: Environment in which episodes run.
  ///   - values: Physical parameters that differ from their nominal values; ranges that grow do so
  ///     from these.
  ///   - fixed: Names of the parameters that were set for all episodes; drawing them as well is a
  ///     contradiction, unless their range grows from what was set.
  /// - Throws: `ConfigurationError` if there is no such parameter, a value could be drawn that is not
  ///   allowed, a draw would replace what was set, or a perturbation makes no sense there.
  public init(
    _ randomization: Randomization = Randomization(),
    _ perturbations: Perturbations = Perturbations(), in environment: RegisteredEnvironment,
    parameters values: [ParameterValue] = [], fixed: Set<String> = []
  ) throws(ConfigurationError) {
    self.randomization = randomization
    self.perturbations = perturbations
    try perturbations.check(in: environment)
    var parameters: [DrawnParameter] = []
    for draw in randomization.draws {
      let description = try environment.parameters.find(draw.name, for: "randomize")
      let base = values.first { $0.name == draw.name }?.value ?? description.nominal
      guard !fixed.contains(draw.name) || draw.growth != nil else {
        throw ConfigurationError(
          "parameters.\(draw.name) is set to \(base) and randomize would draw another value for "
            + "every episode; leave one of them out")
      }
      parameters.append(try DrawnParameter(draw, description, base: base))
    }
    self.parameters = parameters
  }

  /// Whether episodes run as if there were no conditions.
  public var isEmpty: Bool { randomization.isEmpty && perturbations.isEmpty }

  /// The conditions in words, such as "randomize mass=0.5..2"; nil if there are none.
  public var text: String? {
    let words =
      (randomization.isEmpty ? [] : ["randomize \(randomization)"])
      + (perturbations.isEmpty ? [] : ["perturb \(perturbations)"])
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  /// Whether bodies are pushed, so that recordings hold disturbances.
  public var disturbs: Bool { !perturbations.pushes.isEmpty }

  /// Returns what the episode of a seed draws, in the order of the draws, at their full range.
  func draw(seed: UInt64) -> [ParameterValue] {
    let episode = EpisodeParameters.Episode(environment: 0, number: 0, seed: seed)
    return parameters.map { $0.value(in: episode, isGrowing: false) }
  }

  /// Makes all episodes of a vector that begin from now on run under these conditions.
  ///
  /// - Parameters:
  ///   - vector: Environments of the type for which the conditions were checked.
  ///   - isGrowing: Whether ranges that grow do so with the vector's count of steps, as in training;
  ///     if not, they have their full width.
  public func apply(to vector: any BatchedEnvironment, isGrowing: Bool = false) {
    let parameters = parameters
    vector.episodeParameters =
      parameters.isEmpty
      ? nil
      : EpisodeParameters { episode in
        parameters.map { $0.value(in: episode, isGrowing: isGrowing) }
      }
    vector.perturber =
      perturbations.isEmpty
      ? nil
      : Perturber(
        perturbations, vector.specification, vector.disturbanceComponents, count: vector.count)
  }
}

/// A parameter that is drawn, with its own value and its limits.
private struct DrawnParameter: Sendable {
  let draw: Randomization.Draw
  let base: Double
  let limits: ClosedRange<Double>

  init(
    _ draw: Randomization.Draw, _ description: ParameterDescription, base: Double
  ) throws(ConfigurationError) {
    (self.draw, self.base) = (draw, base)
    let interval = draw.distribution.interval
    limits = description.side(of: interval.lowerBound)
    let text = "randomize \(Randomization([draw]))"
    let isAllowed =
      if case .choice(let values) = draw.distribution {
        values.allSatisfy(description.allows)
      } else {
        description.allows(interval)
      }
    guard isAllowed else {
      throw ConfigurationError(
        "\(text): \(draw.name) must lie in \(description.span) and could be drawn beyond")
    }
    guard draw.growth != nil else { return }
    let (low, high) = (min(base, interval.lowerBound), max(base, interval.upperBound))
    guard description.allows(low...high) else {
      throw ConfigurationError(
        "\(text): the range grows from \(base) and would pass values outside \(description.span); "
          + "leave out @ or set parameters.\(draw.name) to a value beside the range")
    }
    if case .logUniform = draw.distribution, base <= 0 {
      throw ConfigurationError(
        "\(text): the range grows from \(base), which has no logarithm; leave out log")
    }
  }

  func value(in episode: EpisodeParameters.Episode, isGrowing: Bool) -> ParameterValue {
    var distribution = draw.distribution
    if isGrowing, let growth = draw.growth {
      distribution = distribution.grown(
        to: Double(episode.stepsBefore) / Double(growth), from: base)
    }
    var stream = RandomStream(seed: episode.seed, name: "randomize.\(draw.name)")
    return ParameterValue(
      name: draw.name, value: distribution.draw(from: &stream, clippedTo: limits))
  }
}
