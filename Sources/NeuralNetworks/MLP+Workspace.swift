public import LinearAlgebra

extension MLP {
  /// Everything a network computes for one batch: outputs of all layers and gradients by them.
  ///
  /// Memory for gradients is allocated by the first `backward`.
  public final class Workspace {
    /// The most rows a batch may have.
    public let capacity: Int
    /// The network's output, [capacity × outputs].
    public let output: Matrix
    let chain: LayerChain
    let network: ObjectIdentifier
    private let outputs: [Matrix]

    init(_ network: MLP, rows: Int) {
      precondition(rows >= 0, "a workspace of \(rows) rows")
      let matrices = network.layers.map { $0.matrices(rows: rows) }
      capacity = rows
      self.network = ObjectIdentifier(network)
      outputs = matrices.map(\.output)
      output = outputs[outputs.count - 1]
      chain = LayerChain(matrices, capacity: rows)
    }

    /// The features of a hidden layer after its activation, [capacity × width].
    public func hidden(_ layer: Int) -> Matrix {
      precondition(layer >= 0 && layer < outputs.count - 1, "hidden layer \(layer)")
      return outputs[layer]
    }
  }
}

extension MLP.Layer {
  /// The layer's parameters, with fresh memory for what a batch leaves.
  func matrices(rows: Int) -> LayerMatrices {
    let width = weight.value.columns
    func batch() -> Matrix { Matrix(rows: rows, columns: width) }
    return LayerMatrices(
      weight: weight.value, transposedWeight: transposed, bias: bias.value,
      weightGradient: weight.gradient, biasGradient: bias.gradient,
      norm: norm.map { norm in
        LayerNormMatrices(
          scale: norm.scale.value, shift: norm.shift.value, scaleGradient: norm.scale.gradient,
          shiftGradient: norm.shift.gradient, normalized: batch(),
          inverseDeviations: Vector(count: rows))
      },
      activation: activation.kernel, output: batch(), sums: activation.savesSums ? batch() : nil)
  }
}
