internal import NeuralNetworks
public import Training

/// A choice of interventions and of the networks they act on.
///
/// Each is written `NAME[@NETWORK][:KEY=VALUE,…]`; without a network it acts on all networks.
public struct InterventionSelection: Sendable, Equatable {
  private struct Item: Sendable, Equatable {
    var text: String
    var kind: String
    var network: String?
    var settings: [String: Double]
    /// Triggering probe, `VALUE[@network[/layer]]`, of kinds that take one.
    var probe: String?
  }

  private let items: [Item]

  /// Whether no interventions are selected.
  public var isEmpty: Bool { items.isEmpty }

  /// Parses interventions and their settings.
  ///
  /// - Parameter texts: One text for each intervention.
  /// - Throws: `ConfigurationError` if an intervention, setting or probe does not exist, or if a
  ///   value is out of range or settings contradict each other.
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

  /// Explains why the given settings contradict each other; nil if they don't.
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

  /// An intervention on one network.
  struct Choice {
    let kind: InterventionKind
    let settings: [String: Double]
    let probe: String?
  }

  /// Assigns the interventions to an agent's networks.
  ///
  /// - Parameter networks: The agent's networks.
  /// - Throws: `ConfigurationError` if a network does not exist, an intervention does not suit it,
  ///   or interventions contradict each other.
  /// - Returns: The interventions on each network, in the order in which they act.
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
          throw ConfigurationError("\(kind.name) is given twice for \(named.name)")
        }
        if kind.momentRole != nil,
          let other = choices.first(where: { $0.kind.momentRole != nil })?.kind.name
        {
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

  /// Returns the rank of a kind in the order of interventions.
  ///
  /// Freezing follows changes of weights, so that new weights are left alone.  Pairing comes last:
  /// it combines gradients after all others have added theirs.  (Interventions are created in
  /// reverse order, so that units are paired before others read them.)
  private static func place(_ kind: InterventionKind) -> Int {
    kind.unitRole == .pairs ? 2 : kind.freezes ? 1 : 0
  }

  /// Explains in one sentence why an intervention does not suit a network; nil if it does.
  private static func problem(
    _ kind: InterventionKind, on named: NamedNetwork, beside others: [Choice]
  ) -> String? {
    let architecture = named.network.architecture
    guard !kind.freezes || !architecture.usesBatchNorm else {
      return "\(kind.name) freezes a network, and \(named.name) has batch normalisation; "
        + "leave it out or narrow it with @NETWORK"
    }
    if kind.momentRole == .adjustsAdam {
      guard case .adam = named.optimizer.rule else {
        let canHaveAdam = named.optimizer.rule != .gradientDescent
        return "\(kind.name) is about Adam, and \(named.name) learns by another rule; "
          + (canHaveAdam
            ? "leave it out or set optimizer=adam" : "leave it out or narrow it with @NETWORK")
      }
    }
    guard let role = kind.unitRole else { return nil }
    guard architecture.pattern == .plain, !architecture.usesBatchNorm else {
      return "\(kind.name) follows units from one layer to the next, and \(named.name) has "
        + "residual blocks or batch normalisation; leave it out or narrow it with @NETWORK"
    }
    if let other = others.first(where: { $0.kind.unitRole.map { $0 != role } ?? false })?.kind {
      return "\(other.name) and \(kind.name) can't share \(named.name): one ties units in pairs, "
        + "the other reinitialises single ones"
    }
    guard role == .pairs else { return nil }
    guard architecture.activation == .relu, architecture.hidden.allSatisfy({ $0 % 2 == 0 }) else {
      return "\(kind.name) pairs relu units in layers of even width, and \(named.name) has "
        + "\(architecture.hidden) of \(architecture.activation)"
    }
    return nil
  }
}
