internal import NeuralNetworks
public import Training

/// A selection of probes to measure, with networks and layers.
///
/// It is written as names separated by commas: `all`, `basic`, `none` or the name of a probe, each
/// optionally followed by `@network` or `@network/layer`.
public struct ProbeSelection: Sendable, Equatable {
  /// Names of the groups of probes.
  public static let groups = ["all", "basic", "none"]

  fileprivate struct Item: Sendable, Equatable {
    var text: String
    var name: String
    var network: String?
    var layer: String?
  }

  /// One probe on one network, or on one of its layers.
  package struct Column: Sendable {
    package let network: Int
    package let probe: Probe
    package let layer: Int?
    /// Names of the probe's values in the run's metrics.
    package let names: [String]
  }

  private let items: [Item]

  /// Parses the names of probes, groups, networks and layers.
  ///
  /// - Parameter names: The names, already split at commas.
  /// - Throws: `ConfigurationError` if a probe does not exist or the network after '@' is missing.
  public init(_ names: [String]) throws(ConfigurationError) {
    var items: [Item] = []
    for text in names {
      let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      let place = halves.count > 1 ? halves[1].split(separator: "/", maxSplits: 1) : []
      let name = String(halves[0])
      let allowed = Self.groups + Probe.all.map(\.name)
      guard allowed.contains(name) else {
        throw .unknown("probe", name, allowed: allowed, origin: "probes")
      }
      guard halves.count == 1 || !place.isEmpty else {
        throw ConfigurationError("'\(text)' (probes) needs the name of a network after '@'")
      }
      items.append(
        Item(
          text: text, name: name, network: place.first.map { String($0) },
          layer: place.count > 1 ? String(place[1]) : nil))
    }
    self.items = items.filter { $0.name != "none" }
  }

  /// Whether the selection is empty.
  public var isEmpty: Bool { items.isEmpty }

  /// Resolves the selection to the networks and layers of an agent.
  ///
  /// - Parameter agent: The agent whose networks are measured.
  /// - Throws: `ConfigurationError` if a network or layer does not exist, or if a probe selected by
  ///   name is not measured there.
  /// - Returns: Each probe, network and layer once, network by network, in the order of
  ///   `Probe.all`.
  package func columns(of agent: any Agent) throws(ConfigurationError) -> [Column] {
    let networks = agent.networks
    // A flow has no distribution whose divergence could be measured.
    let policy = (agent.policy as? any DistributionPolicy)?.network
    var parts: [(network: Int, probe: Int, layer: Int?)] = []
    for item in items {
      if let name = item.network, !networks.contains(where: { $0.name == name }) {
        throw .unknown("network", name, allowed: networks.map(\.name), origin: item.text)
      }
      let isGroup = Self.groups.contains(item.name)
      var (count, layers): (Int, Set<Int>) = (0, [])
      for (n, network) in networks.enumerated()
      where item.network == nil || item.network == network.name {
        for (p, probe) in Probe.all.enumerated() where item.selects(probe) {
          guard probe.scope != .policy || network.network === policy else { continue }
          let all = probe.parts(of: network.network)
          layers.formUnion(all.compactMap { $0 })
          let wanted = all.filter { part in
            item.layer.map { text in part.map { String($0) } == text } ?? true
          }
          parts += wanted.map { (n, p, $0) }
          count += wanted.count
        }
      }
      if let layer = item.layer, count == 0, !layers.isEmpty {
        throw .unknown(
          "layer", layer, allowed: layers.sorted().map { "\($0)" }, origin: item.text)
      }
      guard count > 0 || isGroup && item.layer == nil else {
        throw ConfigurationError(
          item.layer != nil && layers.isEmpty
            ? "'\(item.text)' (probes): \(item.name) is not measured layer by layer there"
            : "'\(item.text)' (probes): \(item.name) is not measured on the agent's networks")
      }
    }
    return Self.sorted(parts).map { part in
      let (network, probe) = (networks[part.network], Probe.all[part.probe])
      let place = ["probes", network.name] + (part.layer.map { ["\($0)"] } ?? [])
      return Column(
        network: part.network, probe: probe, layer: part.layer,
        names: probe.columns.map { (place + [$0]).joined(separator: "/") })
    }
  }

  /// Sorts the parts and removes repetitions, with layers before values of all layers together.
  private static func sorted(
    _ parts: [(network: Int, probe: Int, layer: Int?)]
  ) -> [(network: Int, probe: Int, layer: Int?)] {
    let keys = parts.map { [$0.network, $0.probe, $0.layer ?? .max] }
    let unique = Set(keys).sorted { $0.lexicographicallyPrecedes($1) }
    return unique.map { ($0[0], $0[1], $0[2] == .max ? nil : $0[2]) }
  }
}

extension ProbeSelection.Item {
  fileprivate func selects(_ probe: Probe) -> Bool {
    switch name {
    case "all": true
    case "basic": probe.isBasic
    default: probe.name == name
    }
  }
}
