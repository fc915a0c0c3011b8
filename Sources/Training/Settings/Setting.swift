/// A setting of a configuration, with its key, storage, allowed values and description.
///
/// Presets, `--set`, `config.yaml`, `describe` and checks all use a configuration's single table of
/// settings.
public struct Setting<Root>: Sendable {
  /// Key of the setting in kebab-case, with dots between the names of groups.
  public private(set) var key: String
  /// Description of the allowed values; empty if any value of the type is allowed.
  public let allowed: String
  /// Description of the setting in one phrase.
  public let summary: String
  /// Name of the setting in error messages.
  private var name: String
  private let read: @Sendable (Root) -> SettingNode
  private let write: @Sendable (inout Root, SettingNode, String) throws(ConfigurationError) -> Void
  private let demand: @Sendable (Root) -> String?

  /// Creates a setting, whose default value is that of the configuration's `init()`.
  ///
  /// - Parameters:
  ///   - key: The key in kebab-case.
  ///   - keyPath: The property that stores the value.
  ///   - allowed: The allowed values; nil is always allowed for optional types.
  ///   - summary: A description in one phrase.
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

  /// Returns this setting as one of an outer configuration that contains the group.
  ///
  /// - Parameters:
  ///   - keyPath: The property of the outer configuration that stores the group.
  ///   - group: The key of the group; nil to place the setting among those of the outer
  ///     configuration.
  /// - Returns: The setting of the outer configuration.
  public func at<Outer>(
    _ keyPath: any WritableKeyPath<Outer, Root> & Sendable, under group: String? = nil
  ) -> Setting<Outer> {
    lifted(under: group, get: { $0[keyPath: keyPath] }) { $0[keyPath: keyPath] = $1 }
  }

  /// Returns this setting as one of an outer value, from which the configuration is read and to
  /// which it is written by closures.
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

  /// Returns this list setting in a form that also accepts a single text with separators.
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

  /// Returns this setting under the key of a group, which error messages omit.
  package func keyed(under group: String) -> Setting {
    var copy = self
    copy.key = "\(group).\(key)"
    return copy
  }

  /// Returns the setting's value as written in `config.yaml`.
  public func text(of root: Root) -> String { read(root).text }

  /// Returns the setting's value as a node of a tree.
  package func node(of root: Root) -> SettingNode { read(root) }

  /// Sets the value to the one in a node.
  ///
  /// - Throws: ``ConfigurationError`` if the value has the wrong type or is not allowed.
  package func set(_ root: inout Root, to node: SettingNode) throws(ConfigurationError) {
    try write(&root, node, name)
  }

  /// Returns the problem with the setting's value, in one sentence; nil if there is none.
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

/// A configuration or a part of one, with its table of settings.
public protocol SettingGroup: Sendable, Equatable {
  /// Creates the default settings.
  init()
  /// Table of the settings, in the order in which they are shown.
  static var table: [Setting<Self>] { get }
}

extension SettingGroup {
  /// Returns the settings of this group for the table of an outer configuration that contains it.
  ///
  /// - Parameters:
  ///   - keyPath: The property of the outer configuration that stores the group.
  ///   - group: The key of the group; nil to place its settings among those of the outer
  ///     configuration.
  /// - Returns: The group's settings.
  public static func table<Outer>(
    at keyPath: any WritableKeyPath<Outer, Self> & Sendable, under group: String? = nil
  ) -> [Setting<Outer>] { table.map { $0.at(keyPath, under: group) } }
}

extension Array {
  /// Stores the values of a mapping in a configuration; other settings keep their values.
  ///
  /// - Parameters:
  ///   - node: The mapping.
  ///   - root: The configuration to change.
  ///   - path: The keys that lead to the mapping.
  /// - Throws: ``ConfigurationError`` if a key is not in the table or a value can't be used; it
  ///   tells where that was written.
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

  /// Returns the names of settings and groups within a group, without repetition.
  package func names<Root>(under path: [String] = []) -> [String] where Element == Setting<Root> {
    let prefix = path.map { "\($0)." }.joined()
    var names: [String] = []
    for setting in self where setting.key.hasPrefix(prefix) {
      let name = String(setting.key.dropFirst(prefix.count).prefix { $0 != "." })
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// Returns a mapping of all values, which `lay(_:on:path:)` reads back.
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

  /// Returns the problem with the first value that is not allowed; nil if all values are allowed.
  package func problem<Root>(in root: Root) -> String? where Element == Setting<Root> {
    for setting in self {
      if let problem = setting.problem(in: root) { return problem }
    }
    return nil
  }
}
