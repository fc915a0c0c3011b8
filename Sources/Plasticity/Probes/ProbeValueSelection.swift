internal import NeuralNetworks
internal import Training

/// Which value of which probe decides something: `VALUE[@network[/layer]]`.
///
/// Without a network it is the mean over all but the policy, or the policy where the probe is of that;
/// without a layer all layers together, or the last that has a value where there is nothing of all.
struct ProbeValueSelection: Sendable {
  let text: String
  let probe: Probe
  /// The place of the value among the probe's.
  let column: Int
  private let origin: String
  private let network: String?
  private let layer: String?

  /// The values there are; most probes have one that is called as they are.
  static var allowed: [String] { Probe.all.flatMap(\.columns) }

  init(_ text: String, origin: String) throws(ConfigurationError) {
    self.text = text
    self.origin = origin
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let place = halves.count > 1 ? halves[1].split(separator: "/", maxSplits: 1) : []
    let name = halves.first.map { String($0) } ?? ""
    guard let probe = Probe.all.first(where: { $0.columns.contains(name) }),
      let column = probe.columns.firstIndex(of: name)
    else {
      throw .unknown("probe", name, allowed: Self.allowed, origin: origin)
    }
    guard halves.count == 1 || !place.isEmpty else {
      throw ConfigurationError("'\(text)' (\(origin)) needs the name of a network after '@'")
    }
    (self.probe, self.column) = (probe, column)
    network = place.first.map { String($0) }
    layer = place.count > 1 ? String(place[1]) : nil
  }

  /// Where it is measured: indices of networks, and a layer or nil for everything together.
  func places(in agent: any Agent) throws(ConfigurationError) -> [(network: Int, layer: Int?)] {
    let networks = agent.networks
    if let network, !networks.contains(where: { $0.name == network }) {
      throw .unknown("network", network, allowed: networks.map(\.name), origin: text)
    }
    let policy = (agent.policy as? any NetworkPolicy)?.network
    var places: [(network: Int, layer: Int?)] = []
    var layers: Set<Int> = []
    for (n, named) in networks.enumerated() {
      let isPolicy = named.network === policy
      guard network.map({ $0 == named.name }) ?? (isPolicy == (probe.scope == .policy)),
        isPolicy || probe.scope != .policy
      else { continue }
      let all = probe.parts(of: named.network)
      layers.formUnion(all.compactMap { $0 })
      if let layer {
        guard let part = all.first(where: { $0.map { "\($0)" } == layer }) else { continue }
        places.append((n, part))
      } else if let last = all.last {
        places.append((n, last))
      }
    }
    if let layer, places.isEmpty, !layers.isEmpty {
      throw .unknown("layer", layer, allowed: layers.sorted().map { "\($0)" }, origin: text)
    }
    guard !places.isEmpty else {
      throw ConfigurationError(
        "'\(text)' (\(origin)): \(probe.name) has nothing to say "
          + (layer == nil ? "about the agent's networks" : "layer by layer there"))
    }
    return places
  }
}
