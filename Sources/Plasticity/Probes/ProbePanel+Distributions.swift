internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

extension ProbePanel {
  /// The numbers of one layer.
  public struct Distribution: Sendable, Equatable {
    /// Name of network and layer, such as `weights/policy/0` or `features/critic/1`.
    public let name: String
    /// The numbers, in no particular order.
    public let values: [Float]
  }

  /// Weights of the networks that were measured after the last iteration, and the features of their
  /// hidden layers on the inputs that were drawn; empty if nothing was measured.
  ///
  /// They are valid until the next iteration.
  public var distributions: [Distribution] {
    agent.networks.enumerated().flatMap { n, network -> [Distribution] in
      guard let view = views[n], measured.contains(n) else { return [] }
      let layers = network.network.denseLayers
      let weights = layers.enumerated().map { layer, dense in
        Distribution(
          name: "weights/\(network.name)/\(layer)",
          values: Self.numbers(dense.weight.value, rows: dense.weight.value.rows))
      }
      let features = layers.indices.dropLast().map { layer in
        Distribution(
          name: "features/\(network.name)/\(layer)",
          values: Self.numbers(view.workspace.hidden(layer), rows: view.workspace.hiddenRows))
      }
      return weights + features
    }
  }

  private static func numbers(_ matrix: Matrix, rows: Int) -> [Float] {
    (0..<rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }
  }
}
