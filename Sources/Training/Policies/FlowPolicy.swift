internal import Foundation
public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// A policy whose actions are noise carried along a learnt velocity field.
///
/// The flow starts at time 1 from noise ε ~ N(0, I) and follows `dx/dt = v(s, x, t)` to time 0 by
/// Euler's method; a deterministic action starts from ε = 0.  The end x₀ of the flow is multiplied
/// by the action scale, bounded to ±1 and mapped linearly to the environment's bounds.
///
/// The network's inputs are the normalised observation [O], the point x [A] and the features of
/// the time [E]; its outputs times the velocity scale are the velocity [A].  With an initial
/// deviation σ, the best velocity for actions of N(0, σ²) is added, so that a network of small
/// outputs has these actions and is at a minimum of the flow-matching loss on them.
///
/// - Source: McAllister et al. 2025, arXiv:2507.21053; time runs as in its code, from 1 (noise) to
///   0 (action).
public final class FlowPolicy: NetworkPolicy {
  /// Kind of the policy in policy files.
  public static let kind = "flow"

  /// The description in a policy file, as JSON in its metadata under "policy".
  private struct Description: Codable {
    var kind: String
    var environment: String
    var observations: Int
    var hidden: [Int]
    var activation: Activation
    var layerNorm: Bool
    var normalizesObservations: Bool
    var hasAverage: Bool
    var flow: FlowShape
    var actionLow: [Float]
    var actionHigh: [Float]

    enum CodingKeys: String, CodingKey {
      case kind, environment, observations, hidden, activation, flow
      case layerNorm = "layer-norm"
      case normalizesObservations = "normalizes-observations"
      case hasAverage = "has-average"
      case actionLow = "action-low"
      case actionHigh = "action-high"
    }
  }

  public let environmentIdentifier: String
  /// Network that maps observation, point and features of the time [B × (O + A + E)] to
  /// velocities [B × A], but for the velocity scale.
  public let network: MLP
  /// Network with running means of the weights, which chooses the actions of evaluations; nil to
  /// use ``network``.
  public let average: MLP?
  /// Normaliser of observations.
  public let normalizer: ObservationNormalizer
  /// Numbers of steps, scales and bounds.
  public let shape: FlowShape
  /// Lower bounds of the action's components, in the environment's units.
  public let low: [Float]
  /// Upper bounds of the action's components, in the environment's units.
  public let high: [Float]
  /// Times at which losses of rollouts are estimated; not part of a policy file.
  public var lossTimes = FlowTimes.grid
  /// Whether samples of a loss come in pairs of one time and opposite noise, with times spread over
  /// their distribution; not part of a policy file.
  public var pairsLossSamples = false
  /// Standard deviation of noise that is added to the end of a rollout's flow, so that losses see
  /// it; not part of a policy file.
  public var rolloutNoise: Float = 0

  /// Number O of observation components.
  public let observationWidth: Int
  /// Number A of action components.
  public var actionWidth: Int { low.count }

  /// Creates a policy with new weights for a finite box of actions.
  ///
  /// - Parameters:
  ///   - specification: The specification of the environment.
  ///   - shape: Numbers of steps, scales and bounds.
  ///   - hidden: The widths of the network's hidden layers.
  ///   - activation: The activation function of the hidden layers.
  ///   - usesLayerNorm: Whether hidden layers have a LayerNorm before the activation function.
  ///   - outputGain: A factor on the initial weights of the output layer.
  ///   - keepsAverage: Whether there is a network of running means.
  ///   - normalizesObservations: Whether observations are standardised with running statistics.
  ///   - random: The random stream from which weights are drawn.
  public convenience init(
    specification: EnvironmentSpecification, shape: FlowShape, hidden: [Int],
    activation: Activation, usesLayerNorm: Bool, outputGain: Float = 1, keepsAverage: Bool,
    normalizesObservations: Bool, random: inout RandomStream
  ) {
    guard case .box(let low, let high) = specification.actionSpace else {
      preconditionFailure("\(specification.identifier) has no box of actions")
    }
    self.init(
      Description(
        kind: Self.kind, environment: specification.identifier,
        observations: specification.observationWidth, hidden: hidden, activation: activation,
        layerNorm: usesLayerNorm, normalizesObservations: normalizesObservations,
        hasAverage: keepsAverage, flow: shape, actionLow: low, actionHigh: high),
      outputGain: outputGain, random: &random)
  }

  private init(
    _ description: Description, outputGain: Float = 1, random: inout RandomStream
  ) {
    environmentIdentifier = description.environment
    observationWidth = description.observations
    shape = description.flow
    (low, high) = (description.actionLow, description.actionHigh)
    let architecture = Self.architecture(description)
    network = MLP(
      name: "policy", architecture: architecture,
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: outputGain),
      random: &random)
    if description.hasAverage {
      var unused = RandomStream(seed: 0, name: "unused")
      let average = MLP(
        name: "policy-average", architecture: architecture, initializer: .lecunUniform(),
        random: &unused)
      average.parameters.copyValues(from: network.parameters)
      average.parametersDidChange()
      self.average = average
    } else {
      average = nil
    }
    normalizer = ObservationNormalizer(
      width: description.observations, isEnabled: description.normalizesObservations)
  }

  private static func architecture(_ description: Description) -> MLPArchitecture {
    MLPArchitecture(
      inputs: description.observations + description.actionLow.count
        + description.flow.timeFeatures,
      hidden: description.hidden, outputs: description.actionLow.count,
      activation: description.activation, usesLayerNorm: description.layerNorm)
  }

  /// Reads a policy from a policy file.
  public convenience init(from archive: TensorArchive) throws(ArchiveError) {
    guard let text = archive.metadata["policy"] else { throw .missing(name: "policy description") }
    let description: Description
    do {
      description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
    } catch {
      throw .invalid(reason: "its policy description can't be read")
    }
    let (low, high) = (description.actionLow, description.actionHigh)
    let sizes = [description.observations, low.count] + description.hidden
    guard sizes.allSatisfy({ (1...65536).contains($0) }), low.count == high.count,
      description.hidden.count <= MLPPolicy.mostHiddenLayers, description.flow.isPossible
    else { throw .invalid(reason: "its policy description has impossible sizes") }
    guard (low + high).allSatisfy(\.isFinite) else {
      throw .invalid(reason: "its policy's bounds are not finite")
    }
    // The weights bound what is allocated by the size of the file.
    let architecture = Self.architecture(description)
    try archive.checkWeights(of: architecture, named: "policy")
    if description.hasAverage {
      try archive.checkWeights(of: architecture, named: "policy-average")
    }
    var random = RandomStream(seed: 0, name: "unused")
    self.init(description, random: &random)
    try load(from: archive)
  }

  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    observationWidth == specification.observationWidth
      && specification.actionSpace == .box(low: low, high: high)
  }

  public func makeActor(rows: Int) -> any PolicyActor { FlowActor(self, rows: rows) }

  public func save(to archive: inout TensorArchive) {
    let architecture = network.architecture
    let description = Description(
      kind: Self.kind, environment: environmentIdentifier, observations: observationWidth,
      hidden: architecture.hidden, activation: architecture.activation,
      layerNorm: architecture.usesLayerNorm, normalizesObservations: normalizer.isEnabled,
      hasAverage: average != nil, flow: shape, actionLow: low, actionHigh: high)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if let data = try? encoder.encode(description) {
      archive.metadata["policy"] = String(decoding: data, as: UTF8.self)
    }
    for network in [network, average].compactMap({ $0 }) {
      archive.set(network.parameters.parameters)
      archive.setFrozenParts(of: network)
    }
    normalizer.save(to: &archive)
  }

  /// Restores weights and statistics from a file with the same architecture.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    for network in [network, average].compactMap({ $0 }) {
      try archive.read(into: network.parameters.parameters)
      try archive.readFrozenParts(into: network)
      network.parametersDidChange()
    }
    try normalizer.load(from: archive)
  }

  /// Maps ends of flows to actions within the environment's bounds; NaN remains NaN.
  ///
  /// - Parameters:
  ///   - ends: Ends x₀ of the flows, [≥ rows × A].
  ///   - rows: The number of rows, from row 0.
  ///   - result: The matrix that receives the actions.
  ///   - firstRow: The row of `result` that receives the first action.
  public func bound(_ ends: Matrix, rows: Int, into result: Matrix, firstRow: Int) {
    for i in 0..<rows {
      for j in low.indices {
        let end = shape.actionScale * ends[i, j]
        let unit = shape.bounds == .tanh ? ScalarMaths.tanh(end) : end
        let value = low[j] + 0.5 * (unit + 1) * (high[j] - low[j])
        result[firstRow + i, j] = value.isNaN ? value : min(max(value, low[j]), high[j])
      }
    }
  }
}

/// An actor of the policy for one thread.
private final class FlowActor: PolicyActor {
  private let policy: FlowPolicy
  private let integrator: FlowIntegrator
  private let normalized: Matrix
  private let points: Matrix

  init(_ policy: FlowPolicy, rows: Int) {
    self.policy = policy
    integrator = FlowIntegrator(policy, rows: rows, steps: policy.shape.evaluationSteps)
    normalized = Matrix(rows: rows, columns: policy.observationWidth)
    points = Matrix(rows: rows, columns: policy.actionWidth)
  }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    precondition(rows <= points.rows && (mode == .deterministic || rows <= streams.count))
    policy.normalizer.normalize(observations, rows: rows, into: normalized)
    switch mode {
    case .deterministic: points.fill(0)
    case .stochastic:
      for i in 0..<rows { streams[i].fillNormal(points, row: i, inPairs: true) }
    }
    integrator.integrate(
      policy.average ?? policy.network, observations: normalized, rows: rows, points: points)
    policy.bound(points, rows: rows, into: actions, firstRow: 0)
  }
}
