internal import NeuralNetworks
public import Training

/// Which interventions are made on which networks.
///
/// Each is written `NAME[@NETWORK][:KEY=VALUE,…]`; without a network it is made on all.
public struct InterventionSelection: Sendable, Equatable {
  private struct Item: Sendable, Equatable {
    var text: String
    var kind: String
    var network: String?
    var settings: [String: Double]
    /// Of kinds that take one: `VALUE[@network[/layer]]`.
    var probe: String?
  }

  private let items: [Item]

  /// Whether there are none.
  public var isEmpty: Bool { items.isEmpty }

  /// Reads interventions.
  ///
  /// - Parameter texts: One each.
  /// - Throws: ``ConfigurationError`` where there is no such intervention or setting.
  public init(_ texts: [String]) throws(ConfigurationError) {
    var items: [Item] = []
    for text in texts { items.append(try Self.item(text)) }
    self.items = items
  }

  private static func item(_ text: String) throws(ConfigurationError) -> Item {
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let place = halves[0].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = InterventionKind.find(String(place[0])) else {
      throw .unknown(
        "intervention", String(place[0]), allowed: InterventionKind.all.map(\.name), origin: text)
    }
    guard place.count == 1 || !place[1].isEmpty else {
      throw ConfigurationError("'\(text)' (interventions) needs the name of a network after '@'")
    }
    var settings: [String: Double] = [:]
    for setting in kind.settings where !setting.standard.isNaN {
      settings[setting.name] = setting.standard
    }
    var given: Set<String> = []
    var probe: String?
    for assignment in halves.count > 1 ? halves[1].split(separator: ",") : [] {
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      given.insert(name)
      if kind.takesProbe, name == "probe" {
        let value = parts.count == 2 ? String(parts[1]) : ""
        _ = try ProbeValueSelection(value, origin: text)
        probe = value
        continue
      }
      guard let setting = kind.settings.first(where: { $0.name == name }) else {
        throw .unknown(
          "setting of \(kind.name)", name,
          allowed: kind.settings.map(\.name) + (kind.takesProbe ? ["probe"] : []), origin: text)
      }
      settings[name] = try setting.value(
        parts.count == 2 ? parts[1] : "", of: kind.name, origin: text)
    }
    if kind.takesProbe, let problem = probeProblem(given) {
      throw ConfigurationError("\(kind.name): \(problem) (\(text))")
    }
    return Item(
      text: text, kind: kind.name, network: place.count > 1 ? String(place[1]) : nil,
      settings: settings, probe: probe)
  }

  /// Why settings do not go together where a probe may decide; nil when they do.
  private static func probeProblem(_ given: Set<String>) -> String? {
    let limits = given.intersection(["above", "below"])
    guard given.contains("probe") else {
      return limits.isEmpty ? nil : "above and below are limits of a probe; add probe=VALUE"
    }
    if let other = given.intersection(["fraction", "threshold"]).min() {
      return "\(other) is about dormant units, and probe=… takes their place; leave one of them out"
    }
    return limits.count == 1 ? nil : "a probe needs either above=NUMBER or below=NUMBER"
  }

  /// One intervention for one network.
  struct Choice {
    let kind: InterventionKind
    let settings: [String: Double]
    let probe: String?
  }

  /// Finds an agent's networks.
  ///
  /// - Parameter networks: Those of the agent.
  /// - Throws: ``ConfigurationError`` where there is no such network or interventions contradict each
  ///   other.
  /// - Returns: For each network, what is made on it.
  func choices(for networks: [NamedNetwork]) throws(ConfigurationError) -> [[Choice]] {
    for item in items {
      if let name = item.network, !networks.contains(where: { $0.name == name }) {
        throw .unknown("network", name, allowed: networks.map(\.name), origin: item.text)
      }
    }
    var all: [[Choice]] = []
    for named in networks {
      var choices: [Choice] = []
      for item in items where item.network == nil || item.network == named.name {
        guard let kind = InterventionKind.find(item.kind) else { continue }
        guard !choices.contains(where: { $0.kind.name == kind.name }) else {
          throw ConfigurationError("\(kind.name) is asked for twice on \(named.name)")
        }
        if kind.ownsMoments, let other = choices.first(where: \.kind.ownsMoments)?.kind.name {
          throw ConfigurationError(
            "\(other) and \(kind.name) both own the optimiser's moments on \(named.name); "
              + "leave one of them out")
        }
        if let problem = Self.problem(kind, on: named, beside: choices) {
          throw ConfigurationError(problem)
        }
        choices.append(Choice(kind: kind, settings: item.settings, probe: item.probe))
      }
      all.append((0...2).flatMap { place in choices.filter { Self.place($0.kind) == place } })
    }
    return all
  }

  /// Where a kind stands among others.
  ///
  /// Who freezes does so after what others did to the weights, which the new ones are spared.  Who
  /// pairs units does so before anyone looks at them, and ties gradients after everyone.
  private static func place(_ kind: InterventionKind) -> Int {
    kind.unitRole == .pairs ? 2 : kind.freezes ? 1 : 0
  }

  /// Why a network is of the wrong kind, in one sentence; nil when it is not.
  private static func problem(
    _ kind: InterventionKind, on named: NamedNetwork, beside others: [Choice]
  ) -> String? {
    let architecture = named.network.architecture
    guard !kind.freezes || !architecture.usesBatchNorm else {
      return "\(kind.name) keeps a network as it is, and \(named.name) has batch normalisation; "
        + "leave it out or narrow it with @NETWORK"
    }
    guard let role = kind.unitRole else { return nil }
    guard architecture.pattern == .plain, !architecture.usesBatchNorm else {
      return "\(kind.name) follows units from one layer to the next, and \(named.name) has "
        + "residual blocks or batch normalisation; leave it out or narrow it with @NETWORK"
    }
    if let other = others.first(where: { $0.kind.unitRole.map { $0 != role } ?? false })?.kind {
      return "\(other.name) and \(kind.name) can't share \(named.name): one ties units in pairs, "
        + "the other makes single ones new"
    }
    guard role == .pairs else { return nil }
    guard architecture.activation == .relu, architecture.hidden.allSatisfy({ $0 % 2 == 0 }) else {
      return "\(kind.name) pairs units of relu in layers of even width, and \(named.name) has "
        + "\(architecture.hidden) of \(architecture.activation)"
    }
    return nil
  }
}
