internal import NeuralNetworks
internal import Training

/// A value of a probe that drives a decision, written `VALUE[@network[/layer]]`.
///
/// By default the network is the policy for probes of the policy; otherwise the value is the mean
/// over all other networks.  By default the value is that of all layers together or, if there is
/// none, of the last layer that has a value.
struct ProbeValueSelection: Sendable {
  let text: String
  let probe: Probe
  /// Index of the value among the probe's values.
  let column: Int
  private let origin: String
  private let network: String?
  private let layer: String?

  /// Names of all values; most probes have a single value with the probe's name.
  static var allowed: [String] { Probe.all.flatMap(\.columns) }

  init(_ text: String, origin: String) throws(ConfigurationError) {
    self.text = text
    self.origin = origin
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let place = halves.count > 1 ? halves[1].split(separator: "/", maxSplits: 1) : []
    let name = halves.first.map { String($0) } ?? ""
    if let probe = Probe.find(name), !probe.columns.contains(name) {
      throw ConfigurationError(
        "'\(name)' (\(origin)) has several values; choose one of "
          + probe.columns.joined(separator: ", "))
    }
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

  /// Returns the places at which the value is measured in an agent: the index of each network, and
  /// a layer, or nil for all layers together.
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
        "'\(text)' (\(origin)): \(probe.name) is not measured "
          + (layer == nil ? "on the agent's networks" : "layer by layer there"))
    }
    return places
  }
}
