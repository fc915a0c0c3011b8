internal import Foundation
public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// A policy made of an observation normaliser, a multilayer perceptron and a distribution.
public final class MLPPolicy: DistributionPolicy {
  /// Kind of the policy in policy files.
  public static let kind = "mlp"

  /// The description in a policy file, as JSON in its metadata under "policy".
  private struct Description: Codable {
    /// Kind of the policy; absent in older files, which have only one kind.
    var kind: String?
    var environment: String
    /// Kind of the distribution.
    var head: String
    var inputs: Int
    var hidden: [Int]
    var outputs: Int
    var activation: Activation
    var layerNorm: Bool
    var normalizesObservations: Bool
    var actionLow: [Float]
    var actionHigh: [Float]
    /// Range of the logarithm of the standard deviation; only for a squashed Gaussian.
    var logDeviations: [Float]?
    /// Name of an `MLPPattern`; absent in older files, whose networks are plain.
    var architecture: String?
    /// Number of equal parts of the input that share the weights; absent if it is 1.
    var parts: Int?

    enum CodingKeys: String, CodingKey {
      case kind, environment, head, inputs, hidden, outputs, activation, architecture, parts
      case layerNorm = "layer-norm"
      case normalizesObservations = "normalizes-observations"
      case actionLow = "action-low"
      case actionHigh = "action-high"
      case logDeviations = "log-std-range"
    }
  }

  /// Maximum number of hidden layers of a network in a policy file.
  public static let mostHiddenLayers = 64

  public let environmentIdentifier: String
  /// Network that maps normalised observations [B × O] to the distribution's parameters [B × D],
  /// such as means or logits.
  public let network: MLP
  /// Distribution that turns the network's outputs into actions.
  public let distribution: any ActionDistribution
  /// Normaliser of the network's inputs.
  public let normalizer: ObservationNormalizer

  /// Creates a policy with new weights, whose actions are drawn from the given distribution.
  ///
  /// - Parameters:
  ///   - specification: The specification of the environment.
  ///   - distribution: The distribution that turns the network's outputs into actions.
  ///   - hidden: The widths of the hidden layers.
  ///   - activation: The activation function of the hidden layers.
  ///   - usesLayerNorm: Whether hidden layers have a LayerNorm before the activation function.
  ///   - pattern: The wiring of the layers.
  ///   - initializer: The distribution of initial weights.
  ///   - normalizesObservations: Whether observations are standardised with running statistics.
  ///   - parts: The number of equal parts of the observation that share network and statistics.
  ///   - random: The random stream from which weights are drawn.
  public init(
    specification: EnvironmentSpecification, distribution: any ActionDistribution, hidden: [Int],
    activation: Activation, usesLayerNorm: Bool, pattern: MLPPattern = .plain,
    initializer: WeightInitializer, normalizesObservations: Bool, parts: Int = 1,
    random: inout RandomStream
  ) {
    environmentIdentifier = specification.identifier
    self.distribution = distribution
    network = MLP(
      name: "policy",
      architecture: MLPArchitecture(
        inputs: specification.observationWidth, hidden: hidden,
        outputs: distribution.outputWidth, activation: activation, usesLayerNorm: usesLayerNorm,
        pattern: pattern, parts: parts), initializer: initializer, random: &random)
    normalizer = ObservationNormalizer(
      width: specification.observationWidth, isEnabled: normalizesObservations, parts: parts)
  }

  /// Creates a policy with the given parts.
  private init(
    environmentIdentifier: String, network: MLP, distribution: any ActionDistribution,
    normalizer: ObservationNormalizer
  ) {
    self.environmentIdentifier = environmentIdentifier
    (self.network, self.distribution, self.normalizer) = (network, distribution, normalizer)
  }

  /// Returns a policy with a network of its own, equal at first, and the same distribution and statistics.
  package func twin() -> MLPPolicy {
    MLPPolicy(
      environmentIdentifier: environmentIdentifier, network: network.copy(),
      distribution: distribution, normalizer: normalizer)
  }

  /// Returns a policy with the same weights, distribution and statistics, all its own.
  package func copy() -> MLPPolicy {
    var archive = TensorArchive()
    save(to: &archive)
    do {
      return try MLPPolicy(from: archive)
    } catch {
      preconditionFailure("a policy that was just saved: \(error)")
    }
  }

  /// Creates a policy for on-policy methods: Gaussian for a box of actions, categorical for
  /// choices.
  public convenience init(
    specification: EnvironmentSpecification, hidden: [Int], activation: Activation,
    usesLayerNorm: Bool, initialLogDeviation: Float, normalizesObservations: Bool, parts: Int = 1,
    random: inout RandomStream
  ) {
    let distribution: any ActionDistribution =
      switch specification.actionSpace {
      case .box(let low, let high):
        DiagonalGaussian(low: low, high: high, initialLogDeviation: initialLogDeviation)
      case .discrete(let count): Categorical(choices: count)
      }
    self.init(
      specification: specification, distribution: distribution, hidden: hidden,
      activation: activation, usesLayerNorm: usesLayerNorm,
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: 0.01),
      normalizesObservations: normalizesObservations, parts: parts, random: &random)
  }

  /// Reads a policy from a policy file.
  public init(from archive: TensorArchive) throws(ArchiveError) {
    guard let text = archive.metadata["policy"] else { throw .missing(name: "policy description") }
    let description: Description
    do {
      description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
    } catch {
      throw .invalid(reason: "its policy description can't be read")
    }
    let sizes = [description.inputs, description.outputs] + description.hidden
    guard sizes.allSatisfy({ (1...65536).contains($0) }),
      description.hidden.count <= Self.mostHiddenLayers
    else { throw .invalid(reason: "its policy description has impossible sizes") }
    let distribution = try Self.distribution(description)
    guard distribution.outputWidth == description.outputs,
      distribution.low == description.actionLow, distribution.high == description.actionHigh
    else { throw .invalid(reason: "its policy description has impossible sizes") }
    let architecture = try Self.architecture(description)
    // The weights bound what is allocated by the size of the file.
    try archive.checkWeights(of: architecture, named: "policy")
    environmentIdentifier = description.environment
    self.distribution = distribution
    var random = RandomStream(seed: 0, name: "unused")
    network = MLP(
      name: "policy", architecture: architecture, initializer: .fanInUniform, random: &random)
    normalizer = ObservationNormalizer(
      width: description.inputs, isEnabled: description.normalizesObservations,
      parts: architecture.parts)
    try load(from: archive)
  }

  private static func architecture(
    _ description: Description
  ) throws(ArchiveError) -> MLPArchitecture {
    let patterns = MLPPattern.allCases.map(\.rawValue).joined(separator: ", ")
    guard let pattern = MLPPattern(rawValue: description.architecture ?? "plain") else {
      throw .invalid(reason: "its policy's architecture is none of \(patterns)")
    }
    let architecture = MLPArchitecture(
      inputs: description.inputs, hidden: description.hidden, outputs: description.outputs,
      activation: description.activation, usesLayerNorm: description.layerNorm, pattern: pattern,
      parts: description.parts ?? 1)
    guard architecture.parts == 1 || description.head == DiagonalGaussian.kind else {
      throw .invalid(reason: "its policy has parts, and its distribution can't be cut into any")
    }
    guard architecture.isPossible else {
      throw .invalid(
        reason: architecture.parts == 1
          ? "its \(pattern) policy has blocks of several widths or none"
          : "its policy description has impossible sizes")
    }
    return architecture
  }

  /// Creates the distribution that a description names, with the bounds given there.
  private static func distribution(
    _ description: Description
  ) throws(ArchiveError) -> any ActionDistribution {
    let (low, high) = (description.actionLow, description.actionHigh)
    guard low.count == high.count else {
      throw .invalid(reason: "its policy description has impossible sizes")
    }
    switch description.head {
    case DiagonalGaussian.kind: return DiagonalGaussian(low: low, high: high)
    case Categorical.kind: return Categorical(choices: description.outputs)
    case SquashedGaussian.kind:
      guard let range = description.logDeviations, range.count == 2, range[0] <= range[1],
        (range + low + high).allSatisfy(\.isFinite)
      else { throw .invalid(reason: "its squashed Gaussian has no range") }
      return SquashedGaussian(low: low, high: high, logDeviations: range[0]...range[1])
    default: throw .invalid(reason: "its policy description can't be read")
    }
  }

  /// The distribution as one with log-probabilities of given actions; a squashed Gaussian has none,
  /// and the access is a precondition failure.
  public var likelihood: any LikelihoodDistribution {
    guard let likelihood = distribution as? any LikelihoodDistribution else {
      preconditionFailure("\(type(of: distribution)) has no likelihoods")
    }
    return likelihood
  }

  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    guard network.architecture.inputs == specification.observationWidth else { return false }
    return switch specification.actionSpace {
    case .box(let low, let high):
      distribution.choices == nil && distribution.low == low && distribution.high == high
    case .discrete(let count): distribution.choices == count
    }
  }

  public func makeActor(rows: Int) -> any PolicyActor { MLPPolicyActor(self, rows: rows) }

  public func save(to archive: inout TensorArchive) {
    let architecture = network.architecture
    let range = (distribution as? SquashedGaussian)?.logDeviations
    let description = Description(
      kind: Self.kind, environment: environmentIdentifier, head: type(of: distribution).kind,
      inputs: architecture.inputs,
      hidden: architecture.hidden, outputs: architecture.outputs,
      activation: architecture.activation, layerNorm: architecture.usesLayerNorm,
      normalizesObservations: normalizer.isEnabled, actionLow: distribution.low,
      actionHigh: distribution.high,
      logDeviations: range.map { [$0.lowerBound, $0.upperBound] },
      architecture: architecture.pattern.rawValue,
      parts: architecture.parts == 1 ? nil : architecture.parts)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if let data = try? encoder.encode(description) {
      archive.metadata["policy"] = String(decoding: data, as: UTF8.self)
    }
    archive.set(network.parameters.parameters)
    archive.setFrozenParts(of: network)
    if distribution.parameters.count > 0 { archive.set(distribution.parameters.parameters) }
    normalizer.save(to: &archive)
  }

  /// Restores weights and statistics from a file with the same architecture.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: network.parameters.parameters)
    try archive.readFrozenParts(into: network)
    if distribution.parameters.count > 0 {
      try archive.read(into: distribution.parameters.parameters)
    }
    try normalizer.load(from: archive)
    network.parametersDidChange()
  }
}

/// An actor of the policy for one thread.
private final class MLPPolicyActor: PolicyActor {
  private let policy: MLPPolicy
  private let workspace: MLP.Workspace
  private let normalized: Matrix
  private let sampler: any ActionSampler

  init(_ policy: MLPPolicy, rows: Int) {
    self.policy = policy
    sampler = policy.distribution.makeSampler(rows: rows, drawsPairs: false)
    workspace = policy.network.makeWorkspace(rows: rows)
    normalized = Matrix(rows: rows, columns: policy.network.architecture.inputs)
  }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    precondition(rows <= workspace.capacity && (mode == .deterministic || rows <= streams.count))
    policy.normalizer.normalize(observations, rows: rows, into: normalized)
    let output = policy.network.forward(normalized, rows: rows, in: workspace)
    switch mode {
    case .deterministic: sampler.chooseMode(output, rows: rows)
    case .stochastic: sampler.sample(output, rows: rows, streams: &streams)
    }
    policy.distribution.bound(sampler.actions, rows: rows, into: actions, firstRow: 0)
  }
}
