public import RLCore
public import Storage
public import Training

/// Combines settings from defaults, presets, files, `--set` and options; later ones override.
///
/// Each layer is checked when it is added, so that an error can say where the mistake was written.
public struct ConfigurationResolver {
  private let table: [Setting<RunConfiguration>]
  private var resolved: RunConfiguration

  /// Starts with the defaults and presets of an agent for an environment.
  ///
  /// - Parameters:
  ///   - environment: Id of the environment.
  ///   - parameters: Physical parameters of the environment.
  ///   - agent: Agent whose settings are resolved.
  /// - Throws: `ConfigurationError` if the presets are invalid.
  public init(
    environment: String, parameters: [ParameterDescription], agent: RegisteredAgent
  ) throws(ConfigurationError) {
    var run = RunSettings()
    (run.environment, run.agent) = (environment, agent.identifier)
    resolved = RunConfiguration(
      run: run, parameters: parameters.map { .init(name: $0.name, value: $0.nominal) },
      settings: agent.defaults, descriptions: parameters)
    table = resolved.table
    for text in agent.presets {
      let presets = try SettingNode(yaml: text, source: "presets of \(agent.identifier)")
      for name in ["default", environment] {
        if let preset = presets[name] { try table.lay(preset, on: &resolved) }
      }
    }
  }

  /// Adds the settings of a configuration file, which override earlier ones.
  ///
  /// - Parameters:
  ///   - yaml: Contents of the file.
  ///   - source: Name of the file, for messages.
  /// - Throws: `ConfigurationError` if a key is unknown or a value is not allowed.
  public mutating func overlay(yaml: String, source: String) throws(ConfigurationError) {
    var file = try SettingNode(yaml: yaml, source: source)
    // Environment and agent are already decided: an option may have overruled the file.
    if case .mapping(let entries, let origin) = file {
      // An environment without physical parameters may have an empty mapping of them.
      file = .mapping(
        entries.filter {
          !["environment", "agent"].contains($0.key)
            && !($0.key == "parameters" && $0.value.isEmptyMapping)
        }, origin: origin)
    }
    let (keys, settings) = (table.names(), table.names(under: ["settings"]))
    for key in file.keys where !keys.contains(key) {
      // The likeliest mistake is a setting of the agent one level too high.
      guard let near = NearestName.find(key, among: settings),
        NearestName.find(key, among: keys) == nil
      else { continue }
      throw ConfigurationError(
        "unknown key '\(key)' (\(file[key]?.origin ?? source)); did you mean 'settings: "
          + "{\(near): …}'? Allowed in settings: \(settings.joined(separator: ", ")).")
    }
    try table.lay(file, on: &resolved)
  }

  /// Adds one `key=value`, which overrides earlier settings.
  ///
  /// A key is a run setting (`evaluation.every`), `parameters.NAME`, or a setting of the agent, with
  /// or without `settings.` before it.
  public mutating func overlay(assignment: String) throws(ConfigurationError) {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw ConfigurationError("--set needs key=value and got '\(assignment)'")
    }
    let value = try SettingNode(
      yaml: String(assignment[assignment.index(after: equals)...]), source: "--set",
      hasLines: false)
    try set(assignment[..<equals].trimmingSpaces, to: value, origin: "--set")
  }

  /// Sets one setting by its key, as ``overlay(assignment:)`` does.
  ///
  /// - Throws: `ConfigurationError` if the key is unknown or the value is not allowed.
  public mutating func set<Value: SettingValue>(
    _ key: String, to value: Value
  ) throws(ConfigurationError) {
    let yaml = Value.settingFormat.write(value).text
    try set(key, to: try SettingNode(yaml: yaml, source: "set", hasLines: false), origin: "set")
  }

  private mutating func set(
    _ key: String, to value: SettingNode, origin: String
  ) throws(ConfigurationError) {
    var path = key.split(separator: ".").map(String.init)
    let (keys, settings) = (table.names(), table.names(under: ["settings"]))
    if let first = path.first, !keys.contains(first) {
      guard settings.contains(first) else {
        let fixed = ["settings", "parameters", "environment", "agent"]
        let parameters = table.names(under: ["parameters"]).map { "parameters.\($0)" }
        throw .unknown(
          "key", key, allowed: settings + keys.filter { !fixed.contains($0) } + parameters,
          unlisted: RunSettings.table.map(\.key).filter { $0.contains(".") }, origin: origin)
      }
      path.insert("settings", at: 0)
    }
    guard let first = path.first, !["environment", "agent"].contains(first) else {
      throw ConfigurationError("'\(key)' can't be set with --set; use --env and --agent")
    }
    try table.lay(.nested(path, value), on: &resolved)
  }

  /// Adds the value of a command-line option, which overrides earlier settings.
  public mutating func overlay(
    option: String, key: String, value: String
  ) throws(ConfigurationError) {
    let path = key.split(separator: ".").map(String.init)
    try table.lay(
      .nested(path, .scalar(text: value, isQuoted: false, origin: option)), on: &resolved)
  }

  /// Adds the values of a command-line option that can have several, which override earlier settings.
  public mutating func overlay(
    option: String, key: String, values: [String]
  ) throws(ConfigurationError) {
    let nodes = values.map { SettingNode.scalar(text: $0, isQuoted: true, origin: option) }
    try table.lay(
      .nested(key.split(separator: ".").map(String.init), .list(nodes, origin: option)),
      on: &resolved)
  }

  /// Configuration so far, not yet checked as a whole.
  public var unchecked: RunConfiguration { resolved }

  /// Returns the configuration so far, checked as a whole.
  public func resolve() throws(ConfigurationError) -> RunConfiguration {
    if let problem = resolved.problem { throw ConfigurationError(problem) }
    var resolved = resolved
    resolved.tasks = try DriftPlan(resolved, resolved.descriptions)?.schedule
    return resolved
  }

  /// Reads a configuration file: a file, pipe or device in UTF-8 of at most 256 KiB.
  ///
  /// - Throws: `FileError` if it is missing, can't be read, is too large or is not UTF-8.
  public static func read(_ path: String) throws(FileError) -> String {
    try FileSystem.readText(path, atMost: SettingNode.mostBytes)
  }

  /// Reads the ids of environment and agent from a configuration file.
  ///
  /// - Parameters:
  ///   - yaml: Contents of the file.
  ///   - source: Name of the file, for messages.
  /// - Throws: `ConfigurationError` if the file is not YAML or not a mapping.
  /// - Returns: The two ids, each nil if the file has none.
  public static func identifiers(
    yaml: String, source: String
  ) throws(ConfigurationError) -> (environment: String?, agent: String?) {
    let file = try SettingNode(yaml: yaml, source: source)
    guard case .mapping = file else {
      throw ConfigurationError("\(source) must hold a mapping and is \(file.kind)")
    }
    func identifier(_ key: String) throws(ConfigurationError) -> String? {
      guard let node = file[key] else { return nil }
      guard case .scalar(let text, _, _) = node else {
        throw ConfigurationError("\(key) must be a word and is \(node.text) (\(node.origin))")
      }
      return text
    }
    return (try identifier("environment"), try identifier("agent"))
  }

  /// Reads from a configuration file how physical parameters change, without any other setting.
  ///
  /// - Throws: `ConfigurationError` if the file is not YAML or these settings are not valid.
  static func drift(yaml: String, source: String) throws(ConfigurationError) -> RunSettings.Drift {
    var run = RunSettings()
    if let drift = try SettingNode(yaml: yaml, source: source)["drift"] {
      try RunSettings.table.lay(.nested(["drift"], drift), on: &run)
    }
    return run.drift
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
