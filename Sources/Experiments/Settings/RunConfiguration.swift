public import RLCore
public import Training

/// Every setting a run's results depend on; what `config.yaml` holds.
///
/// The number of threads is not among them: results do not depend on it.
public struct RunConfiguration: Sendable {
  /// A physical parameter and its value.
  public struct ParameterValue: Sendable, Equatable {
    /// Its name in the environment's table.
    public let name: String
    /// Its value in the table's unit.
    public let value: Double

    /// Sets a parameter.
    public init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// What is set besides the agent's own settings and the physical parameters.
  public var run: RunSettings
  /// All physical parameters of the environment, in table order.
  public var parameters: [ParameterValue]
  /// The agent's settings.
  public var settings: any AgentConfiguration
  /// How physical parameters change while it trains, as ``RunSettings/drift`` says; nil where they
  /// do not.
  public internal(set) var tasks: TaskSchedule?

  /// The contents of `config.yaml`: `train --config` on it repeats the run.
  public var yaml: String {
    SettingNode.mapping(
      Self.entries(run: run, parameters: parameters, settings: settings), origin: "config.yaml"
    ).yaml()
  }

  /// One setting a line by dotted name, for tables and TensorBoard.
  public var flattened: [(name: String, value: String)] {
    func leaves(_ node: SettingNode, _ path: [String]) -> [(String, String)] {
      guard case .mapping(let entries, _) = node else {
        return [(path.joined(separator: "."), node.text)]
      }
      return entries.flatMap { leaves($0.value, path + [$0.key]) }
    }
    return leaves(
      .mapping(
        Self.entries(run: run, parameters: parameters, settings: settings), origin: ""), [])
  }

  static func entries(
    run: RunSettings, parameters: [ParameterValue], settings: any AgentConfiguration
  ) -> [(key: String, value: SettingNode)] {
    let source = "defaults"
    guard
      case .mapping(let entries, _) = SettingNode(
        encoding: run, order: RunSettings.CodingKeys.allCases.map(\.rawValue), source: source)
    else { preconditionFailure("run settings are a mapping") }
    let parameterEntries = parameters.map {
      (key: $0.name, value: SettingNode(encoding: $0.value, source: source))
    }
    return entries + [
      (key: "parameters", value: .mapping(parameterEntries, origin: source)),
      (key: "settings", value: Self.tree(settings, source: source)),
    ]
  }

  private static func tree<C: AgentConfiguration>(_ settings: C, source: String) -> SettingNode {
    SettingNode(encoding: settings, order: C.summaries.map(\.key), source: source)
  }
}

/// What is set about a run besides its agent.
public struct RunSettings: Codable, Sendable, Equatable {
  /// When and how long to evaluate.
  public struct Evaluation: Codable, Sendable, Equatable {
    /// Environment steps between two evaluations.
    public var every = 100_000
    /// Episodes of each.
    public var episodes = 10
  }

  /// When to write checkpoints and how many to keep.
  public struct Checkpoints: Codable, Sendable, Equatable {
    /// Environment steps between two checkpoints; nil for one at every evaluation.
    public var every: Int?
    /// The newest so many stay, and the best.
    public var keep = 5

    enum CodingKeys: String, CodingKey { case every, keep }

    /// Writes every key, an absent value as null.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(every, forKey: .every)
      try container.encode(keep, forKey: .keep)
    }
  }

  /// Which episodes to record.
  public struct Recordings: Codable, Sendable, Equatable {
    /// Every so many episodes of the first environment; nil for none.
    public var every: Int?

    enum CodingKeys: String, CodingKey { case every }

    /// Writes every key, an absent value as null.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(every, forKey: .every)
    }
  }

  /// What to measure of the agent's networks.
  public struct Probes: Codable, Sendable, Equatable {
    /// Names of probes, `all`, `basic` or `none`; each may be followed by `@network` or
    /// `@network/layer`.
    public var select: [String] = []
    /// Iterations between two measurements; nil for as few as keep their cost small.
    public var every: Int?

    enum CodingKeys: String, CodingKey { case select, every }

    /// Measures nothing.
    public init() {}

    /// Reads a list, or one text with commas.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      select = try container.decode(NameList.self, forKey: .select).names
      every = try container.decodeIfPresent(Int.self, forKey: .every)
    }

    /// Writes every key, an absent value as null.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(select, forKey: .select)
      try container.encode(every, forKey: .every)
    }
  }

  /// Interventions as written: a list, or one text with spaces between them.
  public struct InterventionList: Codable, Sendable, Equatable {
    /// One each.
    public var texts: [String] = []

    /// None.
    public init() {}

    /// Reads a list, or one text with spaces.
    public init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        texts = text.split(separator: " ").map { String($0) }
      } else {
        texts = try [String](from: decoder)
      }
    }

    /// Writes a list.
    public func encode(to encoder: any Encoder) throws { try texts.encode(to: encoder) }
  }

  /// How physical parameters change while training.
  public struct Drift: Codable, Sendable, Equatable {
    /// `NAME=SPEC` for each parameter that does.
    public var change: [String] = []
    /// Environment steps of a task, between two changes.
    public var every = 200_000
    /// Trains on the task of this index only; nil for one after another.
    public var task: Int?

    enum CodingKeys: String, CodingKey { case change, every, task }

    /// Changes nothing.
    public init() {}

    /// Reads a list, or one text with commas.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      change = try container.decode(NameList.self, forKey: .change).names
      every = try container.decode(Int.self, forKey: .every)
      task = try container.decodeIfPresent(Int.self, forKey: .task)
    }

    /// Writes every key, an absent value as null.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(change, forKey: .change)
      try container.encode(every, forKey: .every)
      try container.encode(task, forKey: .task)
    }
  }

  /// Names as a list, or as one text with commas.
  struct NameList: Decodable {
    let names: [String]

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        names = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
      } else {
        names = try [String](from: decoder)
      }
    }
  }

  /// The environment's id.
  public var environment = ""
  /// The agent's id.
  public var agent = ""
  /// What all randomness derives from.
  public var seed: UInt64 = 1
  /// Environment steps to train for, over all environments.
  public var steps = 1_000_000
  /// How many environments run side by side.
  public var environments = 8
  /// When and how long to evaluate.
  public var evaluation = Evaluation()
  /// When to write checkpoints and how many to keep.
  public var checkpoints = Checkpoints()
  /// Which episodes to record.
  public var recordings = Recordings()
  /// What to measure of the agent's networks.
  public var probes = Probes()
  /// What is done to keep networks plastic: `NAME[@NETWORK][:KEY=VALUE,…]` each.
  public var interventions = InterventionList()
  /// What sets the replay ratio: `RULE[:KEY=VALUE,…]`; nil for the agent's setting.
  public var adaptiveRatio: String?
  /// How physical parameters change while training.
  public var drift = Drift()
  /// Training ends early once an evaluation's mean return reaches this.
  public var untilReturn: Double?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case environment, agent, seed, steps, environments, evaluation, checkpoints, recordings
    case probes, interventions
    case adaptiveRatio = "adaptive-ratio"
    case drift
    case untilReturn = "until-return"
  }

  /// Writes every key, absent values as null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(environment, forKey: .environment)
    try container.encode(agent, forKey: .agent)
    try container.encode(seed, forKey: .seed)
    try container.encode(steps, forKey: .steps)
    try container.encode(environments, forKey: .environments)
    try container.encode(evaluation, forKey: .evaluation)
    try container.encode(checkpoints, forKey: .checkpoints)
    try container.encode(recordings, forKey: .recordings)
    try container.encode(probes, forKey: .probes)
    try container.encode(interventions, forKey: .interventions)
    try container.encode(adaptiveRatio, forKey: .adaptiveRatio)
    try container.encode(drift, forKey: .drift)
    try container.encode(untilReturn, forKey: .untilReturn)
  }

  /// What is wrong, in one sentence; nil when nothing is.
  var problem: String? {
    if steps < 1 { return "steps must be at least 1" }
    if steps > 1 << 50 { return "steps must be at most 2^50" }
    if !(1...65536).contains(environments) { return "environments must lie in 1...65536" }
    if evaluation.every < 1 { return "evaluation.every must be at least 1" }
    if !(1...100_000).contains(evaluation.episodes) {
      return "evaluation.episodes must lie in 1...100000"
    }
    if let every = checkpoints.every, every < 1 { return "checkpoints.every must be at least 1" }
    if checkpoints.keep < 1 { return "checkpoints.keep must be at least 1" }
    if let every = recordings.every, every < 1 { return "recordings.every must be at least 1" }
    if let every = probes.every, every < 1 { return "probes.every must be at least 1" }
    if !(1...1 << 50).contains(drift.every) { return "drift.every must lie in 1...2^50" }
    if let untilReturn, !untilReturn.isFinite { return "until-return must be finite" }
    return nil
  }
}
