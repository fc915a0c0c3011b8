public import LinearAlgebra

extension MLP {
  /// Scratch memory for one batch of a network: the outputs of all layers and their gradients.
  ///
  /// Memory for gradients is allocated by the first `backward`.
  public final class Workspace {
    /// Maximum number of rows in a batch.
    public let capacity: Int
    /// The network's output, [capacity × outputs].
    public let output: Matrix
    /// Number of rows in the batch of the last `forward`.
    public internal(set) var rows = 0
    let chain: LayerChain
    /// Input and output part by part; nil if the network maps the whole input at once.
    let parts: Parts?
    let network: ObjectIdentifier
    private let outputs: [Matrix]
    /// Workspaces of the network's frozen parts, without dropout.
    ///
    /// Each part is retained beside its workspace, so that no later object can be mistaken for it.
    var frozenScratch: [(part: MLP, workspace: Workspace)] = []
    var frozenGradient: Matrix?
    private let dropout: Float
    private let masks: [Matrix]

    init(_ network: MLP, rows: Int, dropout: Float, usesBatchStatistics: Bool) {
      precondition(rows >= 0, "a workspace of \(rows) rows")
      precondition(dropout >= 0 && dropout < 1, "a dropout of \(dropout)")
      self.dropout = dropout
      let architecture = network.architecture
      let rowsOfParts = rows * architecture.parts
      masks = network.layers.dropLast(dropout == 0 ? network.layers.count : 1).map {
        Matrix(rows: rowsOfParts, columns: $0.weight.value.columns)
      }
      let masks = self.masks
      let matrices = network.layers.enumerated().map { l, layer in
        layer.matrices(
          rows: rowsOfParts, dropoutMask: l < masks.count ? masks[l] : nil,
          usesBatchStatistics: usesBatchStatistics)
      }
      capacity = rows
      self.network = ObjectIdentifier(network)
      outputs = matrices.map(\.output)
      let last = outputs[outputs.count - 1]
      let isWhole = architecture.parts == 1
      output = isWhole ? last : Matrix(rows: rows, columns: architecture.outputs)
      parts = isWhole ? nil : Parts(architecture, rows: rows, output: last)
      chain = LayerChain(matrices, capacity: rowsOfParts)
    }

    /// Number of rows of ``hidden(_:)`` in the batch of the last `forward`: one for each part of a row.
    public var hiddenRows: Int { rows * (parts?.count ?? 1) }

    /// Returns the features of a hidden layer after its activation, [capacity × width]; those of a
    /// network with P parts are [P · capacity × width], with part p of row i in row P · i + p.
    public func hidden(_ layer: Int) -> Matrix {
      precondition(layer >= 0 && layer < outputs.count - 1, "hidden layer \(layer)")
      return outputs[layer]
    }

    /// Draws new dropout masks for the next batches; without dropout nothing is drawn.
    ///
    /// A dropped sum becomes 0; the others are divided by the probability of being kept.  The masks
    /// last until they are drawn again; before the first draw everything is dropped.
    ///
    /// - Source: Hiraoka et al. 2022, arXiv:2110.02034: `norm(dropout(X · W + b))`.
    public func drawDropout(using random: inout RandomStream) {
      for mask in masks { random.fillDropout(mask, probability: dropout) }
    }
  }
}

extension MLP.Layer {
  /// Returns the layer's parameters with newly allocated memory for the results of a batch.
  func matrices(
    rows: Int, dropoutMask: Matrix?, usesBatchStatistics: Bool
  ) -> LayerMatrices {
    let width = weight.value.columns
    func batch() -> Matrix { Matrix(rows: rows, columns: width) }
    let hasExtras = skip != nil || keepsSums || dropoutMask != nil || batchNorm != nil
    return LayerMatrices(
      weight: weight.value, transposedWeight: transposed, bias: bias.value,
      weightGradient: weight.gradient, biasGradient: bias.gradient,
      norm: norm.map { norm in
        LayerNormMatrices(
          scale: norm.scale.value, shift: norm.shift.value, scaleGradient: norm.scale.gradient,
          shiftGradient: norm.shift.gradient, normalized: batch(),
          inverseDeviations: Vector(count: rows))
      },
      activation: activation.kernel, output: batch(), sums: activation.savesSums ? batch() : nil,
      extras: hasExtras
        ? LayerExtras(
          skip: skip, keptSums: keepsSums ? batch() : nil, dropoutMask: dropoutMask,
          batchNorm: batchNorm?.matrices(rows: rows, usesBatchStatistics: usesBatchStatistics))
        : nil)
  }
}

extension MLP.BatchNorm {
  /// Returns parameters and statistics with newly allocated memory for the results of a batch.
  func matrices(rows: Int, usesBatchStatistics: Bool) -> BatchNormMatrices {
    BatchNormMatrices(
      scale: scale.value, shift: shift.value, scaleGradient: scale.gradient,
      shiftGradient: shift.gradient, runningMean: mean.value, runningVariance: variance.value,
      usesBatchStatistics: usesBatchStatistics, rows: rows)
  }
}
