/// One setting of a configuration: its key, where it is stored, what it may be, and a phrase.
///
/// The one table that a configuration keeps of these is what presets, `--set`, `config.yaml`,
/// `describe` and checks go through.
public struct Setting<Root>: Sendable {
  /// Kebab-case key; dots lead into groups.
  public private(set) var key: String
  /// What its values may be, in words; empty where any value of its type will do.
  public let allowed: String
  /// One phrase.
  public let summary: String
  /// What messages call it.
  private var name: String
  private let read: @Sendable (Root) -> SettingNode
  private let write: @Sendable (inout Root, SettingNode, String) throws(ConfigurationError) -> Void
  private let demand: @Sendable (Root) -> String?

  /// Describes a setting; its default is that of the configuration's `init()`.
  ///
  /// - Parameters:
  ///   - key: Kebab-case.
  ///   - keyPath: Where it is stored.
  ///   - allowed: What it may be; nil is always allowed.
  ///   - summary: One phrase.
  public init<Value: SettingValue>(
    _ key: String, _ keyPath: any WritableKeyPath<Root, Value> & Sendable,
    _ allowed: AllowedValues, _ summary: String
  ) {
    let format = Value.settingFormat
    let demand: @Sendable (Value) -> String? = { value in
      let word = format.words.isEmpty ? "" : format.write(value).text
      return allowed.allows(format.numbers(value), word) ? nil : allowed.demand
    }
    self.init(
      key: key, name: key,
      allowed: allowed.description.isEmpty
        ? format.words.joined(separator: ", ") : allowed.description,
      summary: summary,
      read: { format.write($0[keyPath: keyPath]) },
      write: { root, node, name throws(ConfigurationError) in
        let value = try format.read(node, name)
        if let demand = demand(value) {
          throw Self.refusal(name, demand, node.text, origin: node.origin)
        }
        root[keyPath: keyPath] = value
      },
      demand: { demand($0[keyPath: keyPath]) })
  }

  private init(
    key: String, name: String, allowed: String, summary: String,
    read: @escaping @Sendable (Root) -> SettingNode,
    write:
      @escaping @Sendable (inout Root, SettingNode, String) throws(ConfigurationError) -> Void,
    demand: @escaping @Sendable (Root) -> String?
  ) {
    (self.key, self.name, self.allowed, self.summary) = (key, name, allowed, summary)
    (self.read, self.write, self.demand) = (read, write, demand)
  }

  /// The same setting, of a configuration that holds the group.
  ///
  /// - Parameters:
  ///   - keyPath: Where the group is stored.
  ///   - group: The key of the group; nil for settings that stand beside those of the whole.
  /// - Returns: The setting of the whole.
  public func at<Outer>(
    _ keyPath: any WritableKeyPath<Outer, Root> & Sendable, under group: String? = nil
  ) -> Setting<Outer> {
    lifted(under: group, get: { $0[keyPath: keyPath] }) { $0[keyPath: keyPath] = $1 }
  }

  /// The same setting of what holds this configuration.
  package func lifted<Outer>(
    under group: String?, get: @escaping @Sendable (Outer) -> Root,
    set: @escaping @Sendable (inout Outer, Root) -> Void
  ) -> Setting<Outer> {
    let prefix = group.map { "\($0)." } ?? ""
    return Setting<Outer>(
      key: prefix + key, name: prefix + name, allowed: allowed, summary: summary,
      read: { read(get($0)) },
      write: { outer, node, name throws(ConfigurationError) in
        var root = get(outer)
        try write(&root, node, name)
        set(&outer, root)
      }, demand: { demand(get($0)) })
  }

  /// The same setting, which may also be one text with separators.
  package func splitting(at separator: Character) -> Setting {
    Setting(
      key: key, name: name, allowed: allowed, summary: summary, read: read,
      write: { root, node, name throws(ConfigurationError) in
        guard case .scalar(let text, _, let origin) = node else {
          return try write(&root, node, name)
        }
        let parts = text.split(separator: separator).map { $0.filter { $0 != " " } }
        let nodes = parts.filter { !$0.isEmpty }.map {
          SettingNode.scalar(text: $0, isQuoted: true, origin: origin)
        }
        try write(&root, .list(nodes, origin: origin), name)
      }, demand: demand)
  }

  /// The same setting, under a key that messages leave out.
  package func keyed(under group: String) -> Setting {
    var copy = self
    copy.key = "\(group).\(key)"
    return copy
  }

  /// Its value as `config.yaml` holds it.
  public func text(of root: Root) -> String { read(root).text }

  /// Its value as a node of a tree.
  package func node(of root: Root) -> SettingNode { read(root) }

  /// Reads its value and stores it.
  ///
  /// - Throws: When the value is not of its type, or not allowed.
  package func set(_ root: inout Root, to node: SettingNode) throws(ConfigurationError) {
    try write(&root, node, name)
  }

  /// What is wrong with its value, in one sentence; nil when nothing is.
  package func problem(in root: Root) -> String? {
    demand(root).map { Self.refusal(name, $0, read(root).text, origin: nil).description }
  }

  private static func refusal(
    _ name: String, _ demand: String, _ value: String, origin: String?
  ) -> ConfigurationError {
    let place = origin.map { " (\($0))" } ?? ""
    return ConfigurationError(
      "\(name) must \(demand)\(demand.contains(",") ? "," : "") and is \(value)\(place)")
  }
}

/// A configuration, or a part of one, with its table of settings.
public protocol SettingGroup: Sendable, Equatable {
  /// The defaults.
  init()
  /// Its settings, in the order in which they are shown.
  static var table: [Setting<Self>] { get }
}

extension SettingGroup {
  /// The settings of this group for the table of a configuration that holds it.
  ///
  /// - Parameters:
  ///   - keyPath: Where the group is stored.
  ///   - group: A key that leads to it; nil for settings that stand beside those of the whole.
  /// - Returns: The group's settings.
  public static func table<Outer>(
    at keyPath: any WritableKeyPath<Outer, Self> & Sendable, under group: String? = nil
  ) -> [Setting<Outer>] { table.map { $0.at(keyPath, under: group) } }
}

extension Array {
  /// Stores the values of a mapping; keys that are not in the table are refused.
  ///
  /// - Parameters:
  ///   - node: The mapping.
  ///   - root: Where to store them; unchanged settings keep their values.
  ///   - path: The keys that lead to the mapping.
  /// - Throws: What is wrong, and where it was written.
  package func lay<Root>(
    _ node: SettingNode, on root: inout Root, path: [String] = []
  ) throws(ConfigurationError) where Element == Setting<Root> {
    guard case .mapping(let changes, _) = node else {
      let name = path.isEmpty ? "the settings" : path.joined(separator: ".")
      throw ConfigurationError(
        "\(name) (\(node.origin)) must be a mapping and is \(node.kind): \(node.text)")
    }
    for (name, value) in changes {
      let key = (path + [name]).joined(separator: ".")
      if let setting = first(where: { $0.key == key }) {
        try setting.set(&root, to: value)
      } else if contains(where: { $0.key.hasPrefix("\(key).") }) {
        try lay(value, on: &root, path: path + [name])
      } else {
        let kind = path.isEmpty ? "key" : "key of \(path.joined(separator: "."))"
        throw .unknown(kind, name, allowed: names(under: path), origin: value.origin)
      }
    }
  }

  /// The keys of a group, each up to its first dot.
  package func names<Root>(under path: [String] = []) -> [String] where Element == Setting<Root> {
    let prefix = path.map { "\($0)." }.joined()
    var names: [String] = []
    for setting in self where setting.key.hasPrefix(prefix) {
      let name = String(setting.key.dropFirst(prefix.count).prefix { $0 != "." })
      if names.last != name { names.append(name) }
    }
    return names
  }

  /// The mapping of all values; ``lay(_:on:path:)`` reads it back.
  package func tree<Root>(
    of root: Root, under path: [String] = []
  ) -> SettingNode where Element == Setting<Root> {
    let entries = names(under: path).map { name in
      let inner = path + [name]
      let key = inner.joined(separator: ".")
      return (
        key: name,
        value: first { $0.key == key }?.node(of: root) ?? tree(of: root, under: inner)
      )
    }
    return .mapping(entries, origin: SettingNode.writtenOrigin)
  }

  /// What is wrong with the first value that is not allowed; nil when all are.
  package func problem<Root>(in root: Root) -> String? where Element == Setting<Root> {
    for setting in self {
      if let problem = setting.problem(in: root) { return problem }
    }
    return nil
  }
}
