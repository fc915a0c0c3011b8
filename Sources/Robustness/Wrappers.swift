public import RLCore
internal import Storage
public import Training

/// A kind of wrapper, with the form of its value.
public struct WrapperKind: Sendable {
  /// Name of the kind, to the left of the equals sign.
  public let name: String
  /// Form of the value, to the right of it.
  public let form: String
  /// What it does, in one sentence without a full stop.
  public let summary: String
  /// Whether it changes only what an agent learns from, not its evaluations.
  public let isForTraining: Bool

  init(_ name: String, _ form: String, isForTraining: Bool = false, _ summary: String) {
    (self.name, self.form, self.isForTraining) = (name, form, isForTraining)
    self.summary = summary
  }

  /// All kinds.
  public static let all = [
    WrapperKind(
      "time-limit", "STEPS", "episodes are truncated after this many of the environment's steps"),
    WrapperKind(
      "action-repeat", "STEPS",
      "each action acts for this many of the environment's steps, whose rewards add up"),
    WrapperKind(
      "history", "COUNT", "the last observations are observed together, the newest last"),
    WrapperKind(
      "sticky-actions", "P", "with probability P the last action acts again instead of the new one"),
    WrapperKind(
      "rescale-actions", "LOW..HIGH",
      "continuous actions lie in this range, which is mapped onto their bounds"),
    WrapperKind(
      "time", "true",
      "the part of the time limit that has passed is observed too, as last component"),
    WrapperKind(
      "training-repeat", "STEPS", isForTraining: true, "the same as action-repeat in training only"),
    WrapperKind(
      "terminal-reward", "R", isForTraining: true,
      "reward learnt from in place of that of a step in which the task ended"),
    WrapperKind("reward-floor", "R", isForTraining: true, "least reward learnt from"),
    WrapperKind("reward-cap", "R", isForTraining: true, "greatest reward learnt from"),
    WrapperKind(
      "reward-scale", "FACTOR", isForTraining: true, "factor on the reward learnt from, the last"),
  ]
}

/// Wrappers of an environment: what its agent sees and does, and from which rewards it learns.
public struct Wrappers: Sendable, Equatable {
  /// What lies between agent and environment, in training and wherever the policy acts.
  public var wrapping = EnvironmentWrapping()
  /// Number of steps for which actions act in training only; nil for those of ``wrapping``.
  public var trainingRepeat: Int?
  /// Change of the rewards learnt from.
  public var reward = TrainingReward()

  /// Creates a set without wrappers.
  public init() {}

  /// Parses `NAME=VALUE`, separated by commas; `none` wraps nothing.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - origin: Where it was written, for messages.
  /// - Throws: `ConfigurationError` if a name is unknown or a value is not allowed.
  public init(parsing text: String, origin: String = "text") throws(ConfigurationError) {
    self = try Self.read(.scalar(text: text, isQuoted: true, origin: origin), of: "wrap")
  }

  /// Whether nothing is wrapped.
  public var isEmpty: Bool { self == Wrappers() }

  /// The part that a policy needs wherever it acts.
  public var ofPolicy: Wrappers {
    var part = Wrappers()
    part.wrapping = wrapping
    return part
  }

  /// What lies between agent and environment in training.
  public var ofTraining: Wrappers {
    var part = ofPolicy
    part.wrapping.actionRepeat = trainingRepeat ?? wrapping.actionRepeat
    return part
  }

  /// The wrappers as text; nil if there are none.
  public var text: String? { isEmpty ? nil : description }

  /// Wraps an environment as a policy meets it.
  ///
  /// - Throws: `ConfigurationError` if a wrapper makes no sense there.
  public func wrap(
    _ environment: RegisteredEnvironment
  ) throws(ConfigurationError) -> RegisteredEnvironment {
    try check(in: environment)
    return environment.wrapped(in: wrapping)
  }

  /// Wraps an environment as training meets it, except for ``reward``.
  ///
  /// - Throws: `ConfigurationError` if a wrapper makes no sense there.
  public func wrapForTraining(
    _ environment: RegisteredEnvironment
  ) throws(ConfigurationError) -> RegisteredEnvironment {
    try check(in: environment)
    return environment.wrapped(in: ofTraining.wrapping)
  }

  private func check(in environment: RegisteredEnvironment) throws(ConfigurationError) {
    let limit = wrapping.episodeSteps ?? environment.specification.episodeSteps
    for (name, steps) in [
      ("action-repeat", wrapping.actionRepeat), ("training-repeat", trainingRepeat ?? 1),
    ] where steps > limit {
      throw ConfigurationError(
        "wrap \(name) must be at most the \(limit) steps of an episode and is \(steps)")
    }
    if wrapping.actionRange != nil {
      guard case .box(let low, let high) = environment.specification.actionSpace,
        (low + high).allSatisfy(\.isFinite)
      else {
        throw ConfigurationError(
          "wrap rescale-actions needs continuous actions with bounds, and \(environment.identifier) "
            + "has none")
      }
    }
    if let floor = reward.floor, let ceiling = reward.ceiling, floor > ceiling {
      throw ConfigurationError(
        "wrap reward-floor must be at most reward-cap, \(ceiling), and is \(floor)")
    }
  }

  // MARK: Reading and writing

  static func read(
    _ node: SettingNode, of setting: String
  ) throws(ConfigurationError) -> Wrappers {
    var result = Wrappers()
    var names: Set<String> = []
    for assignment in try Assignment.read(node, of: setting) {
      let (name, spec) = (assignment.name, assignment.spec)
      guard let kind = WrapperKind.all.first(where: { $0.name == name }) else {
        throw .unknown(
          "wrapper", name, allowed: WrapperKind.all.map(\.name), origin: assignment.origin)
      }
      guard names.insert(name).inserted else {
        throw ConfigurationError("\(setting) names \(name) twice (\(assignment.origin))")
      }
      if let demand = result.set(name, to: spec) {
        throw ConfigurationError(
          "\(setting) \(name) must be \(kind.form), \(demand), and is '\(spec.printable)' "
            + "(\(assignment.origin))")
      }
    }
    if result.trainingRepeat != nil && result.wrapping.actionRepeat > 1 {
      throw ConfigurationError(
        "\(setting) has action-repeat, which acts in training too, and training-repeat; leave one out"
      )
    }
    return result
  }

  /// Sets what a specification says.
  ///
  /// - Returns: What it must be if it is not; nil if it is.
  private mutating func set(_ name: String, to spec: String) -> String? {
    let number = SpecificationText.number(spec)
    func whole(_ range: ClosedRange<Int>) -> Int? {
      number.flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
    }
    switch name {
    case "time-limit":
      guard let steps = whole(1...1_000_000) else { return "a whole number in 1...1000000" }
      wrapping.episodeSteps = steps
    case "action-repeat", "training-repeat":
      guard let steps = whole(1...1000) else { return "a whole number in 1...1000" }
      if name == "action-repeat" { wrapping.actionRepeat = steps } else { trainingRepeat = steps }
    case "history":
      guard let count = whole(1...256) else { return "a whole number in 1...256" }
      wrapping.history = count
    case "sticky-actions":
      guard let number, (0..<1).contains(number) else { return "at least 0 and below 1" }
      wrapping.stickyProbability = number
    case "rescale-actions":
      guard let range = SpecificationText.range(spec), range.lowerBound < range.upperBound,
        range.lowerBound >= -1e6, range.upperBound <= 1e6
      else { return "two different numbers in -1e6...1e6" }
      wrapping.actionRange = Float(range.lowerBound)...Float(range.upperBound)
    case "time":
      guard ["true", "false"].contains(spec) else { return "true or false" }
      wrapping.hasTime = spec == "true"
    case "reward-scale":
      guard let number, number > 0 else { return "above 0" }
      reward.scale = Float(number)
    default:
      guard let number else { return "a number" }
      switch name {
      case "terminal-reward": reward.terminal = Float(number)
      case "reward-floor": reward.floor = Float(number)
      default: reward.ceiling = Float(number)
      }
    }
    return nil
  }

  private var assignments: [Assignment] {
    func text(_ number: Float) -> String { SpecificationText.text(Double(number)) }
    var texts: [(String, String)] = []
    if let steps = wrapping.episodeSteps { texts.append(("time-limit", "\(steps)")) }
    if wrapping.actionRepeat > 1 { texts.append(("action-repeat", "\(wrapping.actionRepeat)")) }
    if wrapping.history > 1 { texts.append(("history", "\(wrapping.history)")) }
    if wrapping.stickyProbability > 0 {
      texts.append(("sticky-actions", SpecificationText.text(wrapping.stickyProbability)))
    }
    if let range = wrapping.actionRange {
      texts.append(("rescale-actions", "\(text(range.lowerBound))..\(text(range.upperBound))"))
    }
    if wrapping.hasTime { texts.append(("time", "true")) }
    if let trainingRepeat { texts.append(("training-repeat", "\(trainingRepeat)")) }
    if let terminal = reward.terminal { texts.append(("terminal-reward", text(terminal))) }
    if let floor = reward.floor { texts.append(("reward-floor", text(floor))) }
    if let ceiling = reward.ceiling { texts.append(("reward-cap", text(ceiling))) }
    if reward.scale != 1 { texts.append(("reward-scale", text(reward.scale))) }
    return texts.map { Assignment(name: $0, spec: $1, origin: SettingNode.writtenOrigin) }
  }
}

extension Wrappers: CustomStringConvertible {
  /// Text that ``init(parsing:origin:)`` reads back: `NAME=VALUE`, separated by commas, or `none`.
  public var description: String { Assignment.text(assignments) }
}

extension Wrappers: SettingValue {
  /// Format of the setting: a mapping from names to values; a text or a list of `NAME=VALUE` are read
  /// as well.
  public static let settingFormat = SettingFormat<Wrappers>(
    read: { node, name throws(ConfigurationError) in try Self.read(node, of: name) },
    write: { Assignment.write($0.assignments) })
}
