public import NeuralNetworks
public import RLCore

/// The memory that a part of a run takes, estimated from its settings before anything is allocated.
public struct MemoryNeed: Sendable, Equatable {
  /// Key of the setting that determines the size, and with which it can be lowered.
  public let key: String
  /// Size in bytes, in floating point since products of settings may exceed every integer.
  public let bytes: Double
  /// Whether the part is saved in checkpoints.
  ///
  /// While a checkpoint is written it is in memory three times: the part itself, an array, and the
  /// file's bytes.
  public let isSaved: Bool

  /// Creates the description of a part.
  public init(key: String, bytes: Double, isSaved: Bool) {
    (self.key, self.bytes, self.isSaved) = (key, bytes, isSaved)
  }

  /// Size at the time of a checkpoint, in bytes.
  public var greatestBytes: Double { isSaved ? 3 * bytes : bytes }

  /// Returns the need of a table of single-precision numbers whose rows are padded to 16 numbers.
  ///
  /// - Parameters:
  ///   - key: Key of the setting that determines the size.
  ///   - rows: Factors of the number of rows.
  ///   - columns: Numbers per row, for each of several matrices.
  ///   - isSaved: Whether the table is saved in checkpoints.
  /// - Returns: The need.
  public static func table(
    _ key: String, rows: [Int], columns: [Int], isSaved: Bool
  ) -> MemoryNeed {
    let width = columns.reduce(0.0) { $0 + (Double($1) / 16).rounded(.up) * 16 }
    return MemoryNeed(
      key: key, bytes: rows.reduce(4 * width) { $0 * Double($1) }, isSaved: isSaved)
  }

  /// Returns the need of networks while they learn: weights, their transpose and gradients, two
  /// moments of the optimiser, and the values of a minibatch in every layer.
  ///
  /// - Parameters:
  ///   - key: Key of the widths' setting.
  ///   - architecture: Shape of each network.
  ///   - count: Number of networks.
  ///   - rows: Number of rows in a minibatch.
  ///   - rowsKey: Key of that number's setting.
  /// - Returns: The needs of networks and minibatch.
  public static func networks(
    _ key: String, _ architecture: MLPArchitecture, count: Int = 1, rows: Int, rowsKey: String
  ) -> [MemoryNeed] {
    let widths = architecture.widths
    let weights = zip(widths, widths.dropFirst()).reduce(0.0) {
      $0 + Double($1.0 + 1) * Double($1.1)
    }
    return [
      MemoryNeed(key: key, bytes: 5 * 4 * weights * Double(count), isSaved: true),
      // Outputs, their gradients, and what norms or dropout keep.
      .table(
        rowsKey, rows: [rows, count], columns: [widths, widths, widths].flatMap(\.self),
        isSaved: false),
    ]
  }
}

extension OnPolicySettings {
  /// Returns what rollouts and networks need.
  ///
  /// - Parameters:
  ///   - specification: Specification of the environment.
  ///   - environments: The number N of environments.
  ///   - minibatch: The number of rows in a minibatch.
  ///   - name: The key of the setting that determines these rows.
  /// - Returns: The needs.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int, minibatch: Int, name: String
  ) -> [MemoryNeed] {
    let (inputs, outputs) = (specification.observationWidth, specification.distributionWidth)
    let parts = sharedPolicy ? specification.agents : 1
    func network(_ hidden: [Int], outputs: Int, parts: Int = 1) -> MLPArchitecture {
      MLPArchitecture(
        inputs: inputs, hidden: hidden, outputs: outputs, activation: activation,
        usesLayerNorm: layerNorm, parts: parts)
    }
    return [
      // Two kinds of observations, actions, the policy's columns, and nine single columns.
      .table(
        "steps-per-rollout", rows: [environments, stepsPerRollout],
        columns: [inputs, inputs, specification.actionWidth, outputs, 16], isSaved: false)
    ]
      + MemoryNeed.networks(
        "policy-hidden", network(policyHidden, outputs: outputs, parts: parts),
        rows: minibatch * parts, rowsKey: name)
      + MemoryNeed.networks(
        "critic-hidden", network(criticHidden, outputs: 1), rows: minibatch, rowsKey: name)
  }
}

extension EnvironmentSpecification {
  /// Number of a policy's outputs: one for each choice or component of an action.
  fileprivate var distributionWidth: Int {
    if case .discrete(let count) = actionSpace { count } else { actionWidth }
  }
}
