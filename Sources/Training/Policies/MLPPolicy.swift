internal import Foundation
public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// How a network's output becomes an action.
public enum PolicyHead: String, Codable, Sendable {
  /// The output is the mean of a Gaussian whose log-deviation is a parameter of its own; the sample
  /// is clipped to the action's bounds only on its way to the environment.
  case gaussian
  /// The output holds one logit per choice.
  case categorical
  /// The output holds A means and A raw deviations of a Gaussian that a hyperbolic tangent squashes
  /// into the action's bounds; see ``NeuralNetworks/SquashedGaussian``.
  case squashedGaussian = "squashed-gaussian"
}

/// A policy made of an observation normaliser, a multilayer perceptron and a head.
public final class MLPPolicy: Policy {
  /// What a policy file says of itself, as JSON in its metadata under "policy".
  struct Description: Codable {
    var environment: String
    var head: PolicyHead
    var inputs: Int
    var hidden: [Int]
    var outputs: Int
    var activation: Activation
    var layerNorm: Bool
    var normalizesObservations: Bool
    var actionLow: [Float]
    var actionHigh: [Float]
    /// The range of the logarithm of the deviation; of a squashed Gaussian only.
    var logDeviations: [Float]?
    /// An ``NeuralNetworks/MLPPattern``; absent in files from before there was a choice.
    var architecture: String?

    enum CodingKeys: String, CodingKey {
      case environment, head, inputs, hidden, outputs, activation, architecture
      case layerNorm = "layer-norm"
      case normalizesObservations = "normalizes-observations"
      case actionLow = "action-low"
      case actionHigh = "action-high"
      case logDeviations = "log-std-range"
    }
  }

  /// The deepest network that is written or read.
  public static let mostHiddenLayers = 64

  public let environmentIdentifier: String
  /// Maps normalised observations [B × O] to means or logits [B × D].
  public let network: MLP
  /// How the output becomes an action.
  public let head: PolicyHead
  /// Stands in front of the network.
  public let normalizer: ObservationNormalizer
  /// [1 × A]: log of the standard deviation; of no columns for a categorical head.
  public let logDeviation: ParameterBlock
  /// Bounds of the action in the environment's units; empty for a categorical head.
  public let actionLow: [Float]
  /// The upper bounds.
  public let actionHigh: [Float]
  /// The range of the logarithm of the deviation; of a squashed Gaussian only.
  public let logDeviations: ClosedRange<Float>?

  /// Makes a policy with new weights for an environment.
  public init(
    specification: EnvironmentSpecification, hidden: [Int], activation: Activation,
    usesLayerNorm: Bool, initialLogDeviation: Float, normalizesObservations: Bool,
    random: inout RandomStream
  ) {
    environmentIdentifier = specification.identifier
    let outputs: Int
    switch specification.actionSpace {
    case .box(let low, let high):
      (head, outputs, actionLow, actionHigh) = (.gaussian, low.count, low, high)
    case .discrete(let count):
      (head, outputs, actionLow, actionHigh) = (.categorical, count, [], [])
    }
    logDeviations = nil
    network = MLP(
      name: "policy",
      architecture: MLPArchitecture(
        inputs: specification.observationWidth, hidden: hidden, outputs: outputs,
        activation: activation, usesLayerNorm: usesLayerNorm),
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: 0.01),
      random: &random)
    normalizer = ObservationNormalizer(
      width: specification.observationWidth, isEnabled: normalizesObservations)
    logDeviation = Self.makeLogDeviation(head, actionLow.count)
    logDeviation.parameters[0].value.fill(initialLogDeviation)
  }

  /// Makes a squashed Gaussian policy with new weights for an environment with a box of actions.
  public init(
    squashedFor specification: EnvironmentSpecification, hidden: [Int], activation: Activation,
    usesLayerNorm: Bool, pattern: MLPPattern = .plain, logDeviations: ClosedRange<Float>,
    normalizesObservations: Bool, random: inout RandomStream
  ) {
    guard case .box(let low, let high) = specification.actionSpace else {
      preconditionFailure("\(specification.identifier) has no box of actions")
    }
    environmentIdentifier = specification.identifier
    (head, actionLow, actionHigh) = (.squashedGaussian, low, high)
    self.logDeviations = logDeviations
    network = MLP(
      name: "policy",
      architecture: MLPArchitecture(
        inputs: specification.observationWidth, hidden: hidden, outputs: 2 * low.count,
        activation: activation, usesLayerNorm: usesLayerNorm, pattern: pattern),
      initializer: pattern == .plain ? .fanInUniform : .heNormal, random: &random)
    normalizer = ObservationNormalizer(
      width: specification.observationWidth, isEnabled: normalizesObservations)
    logDeviation = Self.makeLogDeviation(head, low.count)
  }

  /// Reads a policy file.
  public init(from archive: TensorArchive) throws(ArchiveError) {
    guard let text = archive.metadata["policy"] else { throw .missing(name: "policy description") }
    let description: Description
    do {
      description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
    } catch {
      throw .invalid(reason: "its policy description can't be read")
    }
    let sizes = [description.inputs, description.outputs] + description.hidden
    let actionWidth =
      switch description.head {
      case .gaussian: description.outputs
      case .categorical: 0
      case .squashedGaussian: description.outputs / 2
      }
    guard sizes.allSatisfy({ (1...65536).contains($0) }),
      description.hidden.count <= Self.mostHiddenLayers,
      description.actionLow.count == actionWidth,
      description.actionHigh.count == description.actionLow.count,
      description.head != .squashedGaussian || description.outputs % 2 == 0
    else { throw .invalid(reason: "its policy description has impossible sizes") }
    let architecture = try Self.architecture(description)
    // The weights bound what is allocated by the size of the file.
    let widths = architecture.widths
    for (i, (columns, rows)) in zip(widths, widths.dropFirst()).enumerated() {
      guard archive.tensors["policy.\(i).weight"]?.shape == [rows, columns] else {
        throw .invalid(reason: "policy.\(i).weight does not fit the policy description")
      }
    }
    if description.head == .squashedGaussian {
      guard let range = description.logDeviations, range.count == 2, range[0] <= range[1],
        range.allSatisfy(\.isFinite), description.actionLow.allSatisfy(\.isFinite),
        description.actionHigh.allSatisfy(\.isFinite)
      else { throw .invalid(reason: "its squashed Gaussian has no range") }
      logDeviations = range[0]...range[1]
    } else {
      logDeviations = nil
    }
    environmentIdentifier = description.environment
    head = description.head
    (actionLow, actionHigh) = (description.actionLow, description.actionHigh)
    var random = RandomStream(seed: 0, name: "unused")
    network = MLP(
      name: "policy", architecture: architecture, initializer: .fanInUniform, random: &random)
    normalizer = ObservationNormalizer(
      width: description.inputs, isEnabled: description.normalizesObservations)
    logDeviation = Self.makeLogDeviation(head, actionLow.count)
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
      activation: description.activation, usesLayerNorm: description.layerNorm, pattern: pattern)
    guard architecture.isPossible else {
      throw .invalid(reason: "its \(pattern) policy has blocks of several widths or none")
    }
    return architecture
  }

  private static func makeLogDeviation(_ head: PolicyHead, _ width: Int) -> ParameterBlock {
    let columns = head == .gaussian ? width : 0
    return ParameterBlock([(name: "policy.log-std", rows: 1, columns: columns, isWeight: false)])
  }

  /// Whether the network takes an environment's observations and chooses among its actions.
  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    guard network.architecture.inputs == specification.observationWidth else { return false }
    return switch (head, specification.actionSpace) {
    case (.gaussian, .box(let low, let high)), (.squashedGaussian, .box(let low, let high)):
      actionLow == low && actionHigh == high
    case (.categorical, .discrete(let count)): network.architecture.outputs == count
    default: false
    }
  }

  /// A component of a squashed action, from −1...1 into the environment's bounds; NaN stays NaN.
  public func bounded(_ action: Float, _ j: Int) -> Float {
    let value = actionLow[j] + 0.5 * (action + 1) * (actionHigh[j] - actionLow[j])
    // Rounding may reach beyond the bounds.
    return value.isNaN ? value : min(max(value, actionLow[j]), actionHigh[j])
  }

  public func makeActor(rows: Int) -> any PolicyActor { MLPPolicyActor(self, rows: rows) }

  public func save(to archive: inout TensorArchive) {
    let architecture = network.architecture
    let description = Description(
      environment: environmentIdentifier, head: head, inputs: architecture.inputs,
      hidden: architecture.hidden, outputs: architecture.outputs,
      activation: architecture.activation, layerNorm: architecture.usesLayerNorm,
      normalizesObservations: normalizer.isEnabled, actionLow: actionLow, actionHigh: actionHigh,
      logDeviations: logDeviations.map { [$0.lowerBound, $0.upperBound] },
      architecture: architecture.pattern.rawValue)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if let data = try? encoder.encode(description) {
      archive.metadata["policy"] = String(decoding: data, as: UTF8.self)
    }
    archive.set(network.parameters.parameters)
    archive.setFrozenParts(of: network)
    if head == .gaussian { archive.set(logDeviation.parameters) }
    normalizer.save(to: &archive)
  }

  /// Replaces weights and statistics by those of a file of the same architecture.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: network.parameters.parameters)
    try archive.readFrozenParts(into: network)
    if head == .gaussian { try archive.read(into: logDeviation.parameters) }
    try normalizer.load(from: archive)
    network.parametersDidChange()
  }
}

/// Acts for one thread.
final class MLPPolicyActor: PolicyActor {
  private let policy: MLPPolicy
  private let workspace: MLP.Workspace
  private let normalized: Matrix
  private let squashedGaussian: SquashedGaussian?
  private let noise: Matrix

  init(_ policy: MLPPolicy, rows: Int) {
    self.policy = policy
    let width = policy.actionLow.count
    noise = Matrix(rows: rows, columns: width)
    squashedGaussian = policy.logDeviations.map {
      SquashedGaussian(rows: rows, width: width, logDeviations: $0)
    }
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
    let logDeviation = policy.logDeviation.parameters[0].value
    for i in 0..<rows {
      switch (policy.head, mode) {
      case (.gaussian, .deterministic):
        for j in 0..<actions.columns { actions[i, j] = clip(output[i, j], j) }
      case (.gaussian, .stochastic):
        for j in 0..<actions.columns {
          let noise = streams[i].normalPair().0
          actions[i, j] = clip(output[i, j] + ScalarMaths.exp(logDeviation[0, j]) * noise, j)
        }
      case (.categorical, .deterministic):
        actions[i, 0] =
          isNumeric(output, i) ? Float(Categorical.mode(logits: output, row: i)) : .nan
      case (.categorical, .stochastic):
        let choice = Categorical.sample(logits: output, row: i, using: &streams[i])
        actions[i, 0] = isNumeric(output, i) ? Float(choice) : .nan
      case (.squashedGaussian, _): break
      }
    }
    if policy.head == .squashedGaussian { squash(output, rows, mode, &streams, actions) }
  }

  private func squash(
    _ output: Matrix, _ rows: Int, _ mode: ActionMode, _ streams: inout [RandomStream],
    _ actions: Matrix
  ) {
    guard let squashedGaussian else { return }
    for i in 0..<rows {
      for j in 0..<noise.columns {
        noise[i, j] = mode == .deterministic ? 0 : streams[i].normalPair().0
      }
    }
    // Without noise the sample is the squashed mean.
    squashedGaussian.sample(output, noise: noise, rows: rows)
    for i in 0..<rows {
      for j in 0..<noise.columns {
        actions[i, j] = policy.bounded(squashedGaussian.actions[i, j], j)
      }
    }
  }

  /// Whether a row of logits stands for a distribution.
  private func isNumeric(_ logits: Matrix, _ i: Int) -> Bool {
    (0..<logits.columns).allSatisfy { !logits[i, $0].isNaN }
  }

  private func clip(_ value: Float, _ j: Int) -> Float {
    min(max(value, policy.actionLow[j]), policy.actionHigh[j])
  }
}

extension TensorArchive {
  /// Adds parameters under their names; weights as [out × in], as other tools store them.
  public mutating func set(_ parameters: [Parameter]) {
    for parameter in parameters {
      let matrix = parameter.value
      let (rows, columns) = (matrix.rows, matrix.columns)
      if parameter.isWeight {
        let values = (0..<columns).flatMap { column in (0..<rows).map { matrix[$0, column] } }
        set(parameter.name, .floats(values), shape: [columns, rows])
      } else {
        set(parameter.name, .floats((0..<columns).map { matrix[0, $0] }))
      }
    }
  }

  /// Reads parameters by their names; throws before the first is written if one does not fit.
  public func read(into parameters: [Parameter]) throws(ArchiveError) {
    for parameter in parameters {
      let count = parameter.value.rows * parameter.value.columns
      guard try floats(parameter.name, count: count).allSatisfy(\.isFinite) else {
        throw .invalid(reason: "\(parameter.name) is not finite")
      }
    }
    for parameter in parameters {
      let matrix = parameter.value
      let values = try floats(parameter.name)
      for i in 0..<matrix.rows {
        for j in 0..<matrix.columns {
          matrix[i, j] = values[parameter.isWeight ? j * matrix.rows + i : j]
        }
      }
    }
  }
}
