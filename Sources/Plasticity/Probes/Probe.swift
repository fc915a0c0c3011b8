package import NeuralNetworks

/// One kind of measurement of a network.
public struct Probe: Sendable {
  /// What it is measured of.
  public enum Scope: Sendable, Equatable {
    /// Each hidden layer's features, and all of them together where `hasTotal`.
    case features(hasTotal: Bool)
    /// Each dense layer's parameters, and all of them together where `hasTotal`.
    case parameters(hasTotal: Bool)
    /// The network as a whole.
    case network
    /// The policy's distribution.
    case policy
  }

  /// As it is selected by.
  public let name: String
  /// One phrase.
  public let summary: String
  /// Where the definition comes from.
  public let source: String
  /// Whether it is cheap enough to belong to `basic`.
  public let isBasic: Bool
  /// What it is measured of.
  public let scope: Scope
  /// The names of its values.
  public let columns: [String]
  /// What it takes.
  let work: ProbeWork.Kind
  /// Whether it means anything for a layer with such a function after it.
  let applies: @Sendable (Activation) -> Bool
  /// Measures a layer, or everything where that is nil; one value for each column.
  let measure: @Sendable (ProbeContext, Int?) -> [Double]

  init(
    _ name: String, _ summary: String, source: String, isBasic: Bool = true, scope: Scope,
    columns: [String]? = nil, work: ProbeWork.Kind = .pass,
    applies: @escaping @Sendable (Activation) -> Bool = { _ in true },
    measure: @escaping @Sendable (ProbeContext, Int?) -> [Double]
  ) {
    self.name = name
    self.summary = summary
    self.source = source
    self.isBasic = isBasic
    self.scope = scope
    self.columns = columns ?? [name]
    self.work = work
    self.applies = applies
    self.measure = measure
  }

  /// The layers it can be measured of, and nil for everything together.
  package func parts(of network: MLP) -> [Int?] {
    let layers = network.denseLayers
    switch scope {
    case .features(let hasTotal):
      let parts: [Int?] = layers.indices.dropLast().filter { applies(layers[$0].activation) }
      return parts + (hasTotal && !parts.isEmpty ? [nil] : [])
    case .parameters(let hasTotal):
      let parts: [Int?] = Array(layers.indices)
      return parts + (hasTotal ? [nil] : [])
    case .network, .policy: return [nil]
    }
  }

  /// The probe of this name.
  public static func find(_ name: String) -> Probe? { all.first { $0.name == name } }

  /// Every probe there is, in the order of their columns.
  public static let all: [Probe] = unitProbes + rankProbes + sizeProbes + lossProbes + [churn]

  /// Measured by the panel itself, which remembers the policy of the iteration before.
  static let churn = Probe(
    "policy-churn",
    "mean divergence KL(before ‖ after) of one iteration's policies on the probe batch, in nats",
    source: "Schaul et al. 2022, arXiv:2206.00730", scope: .policy
  ) { _, _ in [.nan] }
}
