package import NeuralNetworks

/// A kind of measurement of a network.
public struct Probe: Sendable {
  /// The part of a network that a probe measures.
  public enum Scope: Sendable, Equatable {
    /// The features of each hidden layer, and with `hasTotal` also those of all together.
    case features(hasTotal: Bool)
    /// The parameters of each dense layer, and with `hasTotal` also those of all together.
    case parameters(hasTotal: Bool)
    /// The network as a whole.
    case network
    /// The policy's distribution.
    case policy
  }

  /// Name of the probe, as written in a selection.
  public let name: String
  /// Description of the probe in one phrase.
  public let summary: String
  /// Publication that defines the probe.
  public let source: String
  /// Whether the probe is cheap enough to belong to the group `basic`.
  public let isBasic: Bool
  /// The part of a network that is measured.
  public let scope: Scope
  /// Names of the measured values.
  public let columns: [String]
  /// The computation that the probe needs.
  let work: ProbeWork.Kind
  /// Whether the probe is meaningful for layers with an activation.
  let applies: @Sendable (Activation) -> Bool
  /// Measures a layer, or the whole network if the layer is nil; returns one value for each column.
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

  /// Returns the layers the probe can measure, and nil if it can measure the whole network.
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

  /// Returns the probe of this name; nil if there is none.
  public static func find(_ name: String) -> Probe? { all.first { $0.name == name } }

  /// All probes, in the order of their columns.
  public static let all: [Probe] = unitProbes + rankProbes + sizeProbes + lossProbes + [churn]

  /// Policy churn, which the panel measures because it keeps the previous iteration's policy.
  static let churn = Probe(
    "policy-churn",
    "mean KL(before ‖ after) between the policies before and after an iteration, in nats",
    source: "Schaul et al. 2022, arXiv:2206.00730", scope: .policy
  ) { _, _ in [.nan] }
}
