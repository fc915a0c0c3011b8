public import LinearAlgebra

/// A multilayer perceptron with hand-written gradients.
///
/// Layer l computes `act(norm(X · W + b))`, and the last one only `X · W + b`; residual patterns
/// add earlier layers.  A network owns its parameters and their gradients; everything that depends
/// on a batch, dropout included, is in a ``Workspace``, so `forward` may run on several threads at
/// once, each with its own workspace.  `backward` writes the network's single gradient buffer and
/// must run on one thread at a time.
public final class MLP {
  /// Prefix of the parameters' names.
  public let name: String
  /// Shape of the network.
  public let architecture: MLPArchitecture
  /// Distribution from which initial weights are drawn.
  public let initializer: WeightInitializer
  /// Weights, biases, and scales and shifts of normalisation layers.
  public let parameters: ParameterBlock
  /// Running means and variances of batch normalisation, which optimisers do not change.
  public let statistics: ParameterBlock
  /// Frozen networks whose outputs are added to or subtracted from this one's, the latest injection
  /// first; initially empty.
  public internal(set) var frozenParts: [FrozenPart] {
    get { parts }
    set { parts = newValue }
  }
  // Private, so that a pass without frozen parts costs one comparison and no exclusivity check.
  private var parts: [FrozenPart] = []

  /// One layer's parameters and wiring.
  struct Layer {
    let weight: Parameter
    let bias: Parameter
    let norm: (scale: Parameter, shift: Parameter)?
    /// Wᵀ, which is read for the input gradient and for narrow outputs.
    let transposed: Matrix
    let activation: Activation
    let skip: LayerSkip?
    let keepsSums: Bool
    let batchNorm: BatchNorm?
  }

  /// Batch normalisation of a layer's input.
  struct BatchNorm {
    let scale: Parameter
    let shift: Parameter
    let mean: Parameter
    let variance: Parameter
  }

  let layers: [Layer]
  private var inputTransposeIsCurrent = false
  private var hiddenTransposesAreCurrent = false

  /// Creates a network with new weights.
  ///
  /// - Parameters:
  ///   - name: The prefix of the parameters' names.
  ///   - architecture: The shape of the network.
  ///   - initializer: The distribution of initial weights; scales of LayerNorm start at 1.
  ///   - random: The random stream from which weights are drawn, layer by layer.
  public init(
    name: String, architecture: MLPArchitecture, initializer: WeightInitializer,
    random: inout RandomStream
  ) {
    precondition(architecture.isPossible, "a network of widths \(architecture.hidden)")
    self.name = name
    self.architecture = architecture
    self.initializer = initializer
    let shapes = architecture.layers
    let hasBatchNorm = architecture.usesBatchNorm
    parameters = ParameterBlock(
      Self.parameterShapes(of: shapes, hasBatchNorm: hasBatchNorm, name: name))
    statistics = ParameterBlock(
      hasBatchNorm ? Self.statisticShapes(of: shapes, name: name) : [])
    var next = parameters.parameters.makeIterator()
    var nextStatistic = statistics.parameters.makeIterator()
    var layers: [Layer] = []
    while let weight = next.next(), let bias = next.next() {
      let shape = shapes[layers.count]
      var norm: (scale: Parameter, shift: Parameter)?
      if shape.usesLayerNorm, let scale = next.next(), let shift = next.next() {
        norm = (scale, shift)
      }
      var batchNorm: BatchNorm?
      if hasBatchNorm, let scale = next.next(), let shift = next.next(),
        let mean = nextStatistic.next(), let variance = nextStatistic.next()
      {
        batchNorm = BatchNorm(scale: scale, shift: shift, mean: mean, variance: variance)
      }
      layers.append(
        Layer(
          weight: weight, bias: bias, norm: norm,
          transposed: Matrix(rows: shape.outputs, columns: shape.inputs),
          activation: shape.activation, skip: shape.skip, keepsSums: shape.keepsSums,
          batchNorm: batchNorm))
    }
    self.layers = layers
    reinitialize(random: &random)
  }

  private static func parameterShapes(
    of layers: [MLPArchitecture.Layer], hasBatchNorm: Bool, name: String
  ) -> [(name: String, rows: Int, columns: Int, isWeight: Bool)] {
    var shapes: [(name: String, rows: Int, columns: Int, isWeight: Bool)] = []
    for (l, layer) in layers.enumerated() {
      shapes.append(("\(name).\(l).weight", layer.inputs, layer.outputs, true))
      shapes.append(("\(name).\(l).bias", 1, layer.outputs, false))
      if layer.usesLayerNorm {
        shapes.append(("\(name).\(l).norm.scale", 1, layer.outputs, false))
        shapes.append(("\(name).\(l).norm.shift", 1, layer.outputs, false))
      }
      if hasBatchNorm {
        shapes.append(("\(name).\(l).batch-norm.scale", 1, layer.inputs, false))
        shapes.append(("\(name).\(l).batch-norm.shift", 1, layer.inputs, false))
      }
    }
    return shapes
  }

  private static func statisticShapes(
    of layers: [MLPArchitecture.Layer], name: String
  ) -> [(name: String, rows: Int, columns: Int, isWeight: Bool)] {
    layers.enumerated().flatMap { l, layer in
      ["mean", "variance"].map { ("\(name).\(l).batch-norm.\($0)", 1, layer.inputs, false) }
    }
  }

  /// Reinitialises the network with new weights and removes its frozen parts.
  public func reinitialize(random: inout RandomStream) {
    removeFrozenParts()
    for (l, layer) in layers.enumerated() {
      initializer.fill(
        weight: layer.weight.value, bias: layer.bias.value, isOutput: l == layers.count - 1,
        random: &random)
      layer.norm?.scale.value.fill(1)
      layer.norm?.shift.value.fill(0)
      layer.batchNorm?.scale.value.fill(1)
      layer.batchNorm?.shift.value.fill(0)
      layer.batchNorm?.mean.value.fill(0)
      layer.batchNorm?.variance.value.fill(1)
    }
    parametersDidChange()
  }

  /// Updates everything derived from the weights; call it after an optimiser's step or a load.
  public func parametersDidChange() {
    for l in layers.indices where isReadForward(l) { transpose(l) }
    // The rest waits until gradients are needed: targets have none, and PPO needs no input
    // gradient.
    hiddenTransposesAreCurrent = false
    inputTransposeIsCurrent = isReadForward(0)
  }

  private func isReadForward(_ l: Int) -> Bool {
    (l > 0 || layers.count == 1)
      && LayerChain.readsTransposedWeight(outputs: layers[l].weight.value.columns)
  }

  private func transpose(_ l: Int) {
    layers[l].transposed.setToTranspose(of: layers[l].weight.value)
  }

  /// Allocates scratch memory for batches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - rows: The maximum number of rows in a batch.
  ///   - dropout: The probability, below 1, of dropping a hidden layer's sum; 0 for no dropout.
  ///   - usesBatchStatistics: Whether batch normalisation, if the network has it, uses the
  ///     statistics of each batch and updates the running ones, instead of using the running ones;
  ///     only one such workspace may be in use at a time.
  /// - Returns: A workspace for this network only.
  public func makeWorkspace(
    rows: Int, dropout: Float = 0, usesBatchStatistics: Bool = false
  ) -> Workspace {
    Workspace(self, rows: rows, dropout: dropout, usesBatchStatistics: usesBatchStatistics)
  }

  /// Computes the outputs of a batch.
  ///
  /// - Parameters:
  ///   - input: The network's inputs, [at least firstRow + rows × inputs].
  ///   - firstRow: The first row to use.
  ///   - rows: The number of rows, at most the workspace's capacity.
  ///   - workspace: The workspace that keeps the results and everything that `backward` needs.
  /// - Returns: The workspace's output, whose first `rows` rows are set.
  @discardableResult
  public func forward(
    _ input: Matrix, firstRow: Int = 0, rows: Int, in workspace: Workspace
  ) -> Matrix {
    precondition(workspace.network == ObjectIdentifier(self), "a workspace of another network")
    workspace.rows = rows
    workspace.forward(input, firstRow: firstRow, rows: rows)
    if !parts.isEmpty {
      addFrozenOutputs(input, firstRow: firstRow, rows: rows, in: workspace)
    }
    return workspace.output
  }

  /// Computes the gradients of the batch that `forward` last ran in this workspace.
  ///
  /// - Parameters:
  ///   - input: The same input.
  ///   - firstRow: The same first row.
  ///   - rows: The same number of rows.
  ///   - outputGradient: The derivative of the loss with respect to the output,
  ///     [at least rows × outputs].
  ///   - workspace: The same workspace.
  ///   - inputGradient: The matrix that receives the derivative with respect to the input,
  ///     [at least rows × inputs], from row 0; nil if it is not needed.
  ///   - accumulating: Whether to add to the parameters' gradients rather than set them.
  ///   - updatesParameters: Whether to compute the parameters' gradients at all.
  public func backward(
    _ input: Matrix, firstRow: Int = 0, rows: Int, outputGradient: Matrix,
    in workspace: Workspace, inputGradient: Matrix? = nil, accumulating: Bool = false,
    updatesParameters: Bool = true
  ) {
    precondition(workspace.network == ObjectIdentifier(self), "a workspace of another network")
    if !hiddenTransposesAreCurrent {
      for l in layers.indices where l > 0 && !isReadForward(l) { transpose(l) }
      hiddenTransposesAreCurrent = true
    }
    let reachesInput =
      inputGradient != nil || (updatesParameters && architecture.usesBatchNorm)
    if reachesInput && !inputTransposeIsCurrent {
      transpose(0)
      inputTransposeIsCurrent = true
    }
    workspace.backward(
      input, firstRow: firstRow, rows: rows, outputGradient: outputGradient,
      inputGradient: inputGradient, accumulating: accumulating,
      updatesParameters: updatesParameters)
    if let inputGradient, !parts.isEmpty {
      addFrozenInputGradients(
        input, firstRow: firstRow, rows: rows, outputGradient: outputGradient, in: workspace,
        to: inputGradient)
    }
  }
}
