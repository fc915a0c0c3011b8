public import LinearAlgebra

extension MLP {
  /// A direction in the space of a network's parameters, with scratch memory for the derivatives
  /// of a batch along it.
  public final class Tangent {
    /// Derivative of the network's output along the direction, [capacity × outputs].
    public let output: Matrix
    private let layers: [LayerTangent]
    private let partedOutput: PartedBatch?
    private let scratch: Matrix
    private let ones: Matrix
    private let network: ObjectIdentifier

    fileprivate init(_ network: MLP, rows: Int, direction: [Matrix]) {
      precondition(direction.count == network.parameters.parameters.count, "\(direction.count)")
      self.network = ObjectIdentifier(network)
      let architecture = network.architecture
      let rowsOfParts = rows * architecture.parts
      var parts = direction.makeIterator()
      var layers: [LayerTangent] = []
      while let weight = parts.next(), let bias = parts.next() {
        var norm: (scale: Matrix, shift: Matrix)?
        if network.layers[layers.count].norm != nil, let scale = parts.next(),
          let shift = parts.next()
        {
          norm = (scale, shift)
        }
        layers.append(
          LayerTangent(
            weight: weight, bias: bias, norm: norm,
            output: Matrix(rows: rowsOfParts, columns: weight.columns)))
      }
      self.layers = layers
      let last = layers[layers.count - 1].output
      let isWhole = architecture.parts == 1
      output = isWhole ? last : Matrix(rows: rows, columns: architecture.outputs)
      partedOutput = isWhole ? nil : PartedBatch(last, parts: architecture.parts)
      let widest = layers.reduce(0) { max($0, $1.output.columns) }
      scratch = Matrix(rows: rowsOfParts, columns: widest)
      ones = Matrix(rows: 1, columns: widest)
      ones.fill(1)
    }

    fileprivate func differentiate(
      _ network: MLP, _ input: Matrix, firstRow: Int, rows: Int, in workspace: Workspace
    ) -> Matrix {
      precondition(self.network == ObjectIdentifier(network), "a tangent of another network")
      let parts = workspace.parts
      workspace.chain.differentiate(
        parts?.input.matrix ?? input, firstRow: parts == nil ? firstRow : 0,
        rows: rows * (parts?.count ?? 1), along: layers, scratch: scratch, ones: ones)
      partedOutput?.join(rows: rows, into: output)
      return output
    }
  }

  /// Allocates memory for derivatives of batches of up to `rows` rows.
  ///
  /// The network must have the plain pattern and no batch normalisation.
  ///
  /// - Parameters:
  ///   - rows: The maximum number of rows in a batch.
  ///   - direction: One matrix for each parameter, whose elements may change between passes.
  /// - Returns: A tangent for this network only.
  public func makeTangent(rows: Int, along direction: [Matrix]) -> Tangent {
    precondition(
      architecture.pattern == .plain && !architecture.usesBatchNorm, "not a plain network")
    return Tangent(self, rows: rows, direction: direction)
  }

  /// Computes the derivatives of the batch that `forward` last ran in a workspace, along a direction
  /// of the parameters that learn.
  ///
  /// Frozen parts do not depend on those parameters, so they add nothing.
  ///
  /// - Parameters:
  ///   - input: The same input.
  ///   - firstRow: The same first row.
  ///   - rows: The same number of rows.
  ///   - workspace: The same workspace, without dropout.
  ///   - tangent: The direction, which also keeps the result.
  /// - Returns: The derivative of the output, whose first `rows` rows are set.
  @discardableResult
  public func differentiate(
    _ input: Matrix, firstRow: Int = 0, rows: Int, in workspace: Workspace, along tangent: Tangent
  ) -> Matrix {
    precondition(workspace.network == ObjectIdentifier(self), "a workspace of another network")
    return tangent.differentiate(self, input, firstRow: firstRow, rows: rows, in: workspace)
  }
}
