public import RLCore
public import Training

/// Lays settings over one another: defaults, presets, files, `--set`, flags; later ones win.
///
/// Each layer is checked as it comes, so that a message can say where the mistake was written.
public struct ConfigurationResolver {
  private let agent: RegisteredAgent
  private let descriptions: [ParameterDescription]
  private var tree: SettingNode
  private var resolved: RunConfiguration

  /// Starts from the defaults and presets of an agent for an environment.
  ///
  /// - Parameters:
  ///   - environment: The environment's id.
  ///   - parameters: The environment's physical parameters.
  ///   - agent: The agent.
  /// - Throws: When the presets are not what they should be.
  public init(
    environment: String, parameters: [ParameterDescription], agent: RegisteredAgent
  ) throws(ConfigurationError) {
    self.agent = agent
    descriptions = parameters
    var run = RunSettings()
    (run.environment, run.agent) = (environment, agent.identifier)
    resolved = RunConfiguration(
      run: run, parameters: parameters.map { .init(name: $0.name, value: $0.nominal) },
      settings: agent.defaults)
    tree = .mapping(
      RunConfiguration.entries(
        run: run, parameters: resolved.parameters, settings: resolved.settings),
      origin: "defaults")
    let presets = try SettingNode(yaml: agent.presets, source: "presets of \(agent.identifier)")
    for name in ["default", environment] {
      if let preset = presets[name] { try lay(preset) }
    }
  }

  /// Lays a configuration file over what is there.
  ///
  /// - Parameters:
  ///   - yaml: Its contents.
  ///   - source: Its name, for messages.
  /// - Throws: When a key or value is refused.
  public mutating func overlay(yaml: String, source: String) throws(ConfigurationError) {
    var file = try SettingNode(yaml: yaml, source: source)
    // Which environment and agent was decided before: a flag may have overruled the file.
    if case .mapping(let entries, let origin) = file {
      file = .mapping(
        entries.filter { !["environment", "agent"].contains($0.key) }, origin: origin)
    }
    let settings = tree["settings"]?.keys ?? []
    for key in file.keys where !tree.keys.contains(key) {
      // A setting of the agent one level too high is the likeliest slip.
      guard let near = NearestName.find(key, among: settings),
        NearestName.find(key, among: tree.keys) == nil
      else { continue }
      throw ConfigurationError(
        "unknown key '\(key)' (\(file[key]?.origin ?? source)); did you mean 'settings: "
          + "{\(near): …}'? Allowed in settings: \(settings.joined(separator: ", ")).")
    }
    try lay(file)
  }

  /// Lays one `key=value` over what is there.
  ///
  /// A key is a run setting (`evaluation.every`), `parameters.NAME`, or a setting of the agent, with
  /// or without `settings.` before it.
  public mutating func overlay(assignment: String) throws(ConfigurationError) {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw ConfigurationError("--set needs key=value and got '\(assignment)'")
    }
    let key = assignment[..<equals].trimmingSpaces
    let text = String(assignment[assignment.index(after: equals)...])
    var path = key.split(separator: ".").map(String.init)
    let settings = tree["settings"]?.keys ?? []
    if let first = path.first, !tree.keys.contains(first) {
      guard settings.contains(first) else {
        let runKeys = tree.keys.filter {
          !["settings", "parameters", "environment", "agent"].contains($0)
        }
        let parameters = (tree["parameters"]?.keys ?? []).map { "parameters.\($0)" }
        throw .unknown("key", key, allowed: settings + runKeys + parameters, origin: "--set")
      }
      path.insert("settings", at: 0)
    }
    guard let first = path.first, !["environment", "agent"].contains(first) else {
      throw ConfigurationError("'\(key)' can't be set with --set; use --env and --agent")
    }
    let value = try SettingNode(yaml: text, source: "--set", hasLines: false)
    try lay(.nested(path, value))
  }

  /// Lays the value of a command-line option over what is there.
  public mutating func overlay(
    option: String, path: [String], value: String
  ) throws(ConfigurationError) {
    try lay(.nested(path, .scalar(text: value, isQuoted: false, origin: option)))
  }

  /// The configuration as it stands; its parts may not fit each other.
  public var unchecked: RunConfiguration { resolved }

  /// The configuration as it stands, checked as a whole.
  public func resolve() throws(ConfigurationError) -> RunConfiguration {
    if let problem = resolved.run.problem { throw ConfigurationError(problem) }
    if let problem = resolved.settings.problem(
      environments: resolved.run.environments, totalSteps: resolved.run.steps)
    {
      throw ConfigurationError(problem)
    }
    var resolved = resolved
    resolved.tasks = try DriftPlan(resolved, descriptions)?.schedule
    return resolved
  }

  private mutating func lay(_ layer: SettingNode) throws(ConfigurationError) {
    var tree = tree
    try tree.overlay(layer)
    resolved = RunConfiguration(
      run: try SettingDecoder.decode(RunSettings.self, from: tree),
      parameters: try parameterValues(tree["parameters"]),
      settings: try decodeSettings(agent.defaults, from: tree["settings"]))
    self.tree = tree
  }

  private func decodeSettings<C: AgentConfiguration>(
    _ defaults: C, from node: SettingNode?
  ) throws(ConfigurationError) -> any AgentConfiguration {
    guard let node else { return defaults }
    return try SettingDecoder.decode(C.self, from: node)
  }

  private func parameterValues(
    _ node: SettingNode?
  ) throws(ConfigurationError) -> [RunConfiguration.ParameterValue] {
    var values: [RunConfiguration.ParameterValue] = []
    for description in descriptions {
      guard let node = node?[description.name] else { continue }
      let value = try SettingDecoder.decode(
        Double.self, from: node, path: ["parameters", description.name])
      guard description.allows(value) || value == description.nominal else {
        throw ConfigurationError(
          "parameters.\(description.name) must lie in "
            + "\(description.range.lowerBound)...\(description.range.upperBound) "
            + "\(description.unit) and is \(node.text) (\(node.origin))")
      }
      values.append(.init(name: description.name, value: value))
    }
    return values
  }

  /// Reads which environment and agent a configuration file is for.
  ///
  /// - Parameters:
  ///   - yaml: Its contents.
  ///   - source: Its name, for messages.
  /// - Throws: When it is not a mapping, or not YAML.
  /// - Returns: The two ids, each nil where the file has none.
  public static func identifiers(
    yaml: String, source: String
  ) throws(ConfigurationError) -> (environment: String?, agent: String?) {
    let file = try SettingNode(yaml: yaml, source: source)
    guard case .mapping = file else {
      throw ConfigurationError("\(source) must hold a mapping and is \(file.kind)")
    }
    return (
      try file["environment"].map { node throws(ConfigurationError) in
        try SettingDecoder.decode(String.self, from: node, path: ["environment"])
      },
      try file["agent"].map { node throws(ConfigurationError) in
        try SettingDecoder.decode(String.self, from: node, path: ["agent"])
      }
    )
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
