public import LinearAlgebra

/// A multilayer perceptron with hand-written gradients.
///
/// Layer l computes `act(norm(X · W + b))`; the last one only `X · W + b`.  A network owns its
/// parameters and their gradients; everything that depends on a batch lives in a ``Workspace``, so
/// `forward` may run on several threads at once, each with a workspace of its own.  `backward`
/// writes the one gradient buffer and must run on one thread at a time.
public final class MLP {
  /// The prefix of the parameters' names.
  public let name: String
  /// The shape.
  public let architecture: MLPArchitecture
  /// Weights, biases and scales.
  public let parameters: ParameterBlock

  /// What one layer needs besides the batch.
  final class Layer {
    let weight: Matrix
    let bias: Matrix
    let weightGradient: Matrix
    let biasGradient: Matrix
    let norm: Norm?
    /// Wᵀ, which the input gradient and narrow outputs read.
    let transposed: Matrix
    let activation: Activation
    let kernel: ActivationKernel

    init(
      weight: Parameter, bias: Parameter, norm: Norm?, activation: Activation
    ) {
      self.weight = weight.value
      self.bias = bias.value
      weightGradient = weight.gradient
      biasGradient = bias.gradient
      self.norm = norm
      transposed = Matrix(rows: weight.value.columns, columns: weight.value.rows)
      self.activation = activation
      kernel = activation.kernel
    }
  }

  /// The parameters of a LayerNorm.
  final class Norm {
    let scale: Parameter
    let shift: Parameter

    init(scale: Parameter, shift: Parameter) {
      self.scale = scale
      self.shift = shift
    }
  }

  let layers: [Layer]
  private var inputTransposeIsCurrent = false

  /// Makes a network with fresh weights.
  ///
  /// - Parameters:
  ///   - name: The prefix of the parameters' names.
  ///   - architecture: The shape.
  ///   - initializer: How weights start; scales of LayerNorm start at one.
  ///   - random: Where they are drawn from, layer by layer.
  public init(
    name: String, architecture: MLPArchitecture, initializer: WeightInitializer,
    random: inout RandomStream
  ) {
    let widths = architecture.widths
    precondition(widths.allSatisfy { $0 > 0 }, "a network of widths \(widths)")
    self.name = name
    self.architecture = architecture
    var shapes: [(name: String, rows: Int, columns: Int, isWeight: Bool)] = []
    for l in 0..<widths.count - 1 {
      shapes.append(("\(name).\(l).weight", widths[l], widths[l + 1], true))
      shapes.append(("\(name).\(l).bias", 1, widths[l + 1], false))
      if architecture.usesLayerNorm && l < widths.count - 2 {
        shapes.append(("\(name).\(l).norm.scale", 1, widths[l + 1], false))
        shapes.append(("\(name).\(l).norm.shift", 1, widths[l + 1], false))
      }
    }
    let block = ParameterBlock(shapes)
    var layers: [Layer] = []
    var next = 0
    for l in 0..<widths.count - 1 {
      let isOutput = l == widths.count - 2
      let (weight, bias) = (block.parameters[next], block.parameters[next + 1])
      next += 2
      var norm: Norm?
      if architecture.usesLayerNorm && !isOutput {
        let pair = Norm(scale: block.parameters[next], shift: block.parameters[next + 1])
        pair.scale.value.fill(1)
        norm = pair
        next += 2
      }
      initializer.fill(
        weight: weight.value, bias: bias.value, isOutput: isOutput, random: &random)
      layers.append(
        Layer(
          weight: weight, bias: bias, norm: norm,
          activation: isOutput ? .identity : architecture.activation))
    }
    parameters = block
    self.layers = layers
    parametersDidChange()
  }

  /// Refreshes what is derived from the weights; call it after an optimiser step or a load.
  public func parametersDidChange() {
    for l in layers.indices where l > 0 || layers.count == 1 {
      DenseKernels.transpose(layers[l].weight, into: layers[l].transposed)
    }
    // Only gradients by the network's input need the first one: PPO never does.
    inputTransposeIsCurrent = layers.count == 1
  }

  /// Allocates the scratch memory for batches of up to `rows` rows.
  public func makeWorkspace(rows: Int) -> Workspace { Workspace(self, rows: rows) }

  /// Computes the outputs of a batch.
  ///
  /// - Parameters:
  ///   - input: [at least firstRow + rows × inputs].
  ///   - firstRow: The first row to use.
  ///   - rows: The number of rows, at most the workspace's capacity.
  ///   - workspace: Where results and what `backward` needs are kept.
  /// - Returns: The workspace's output, whose first `rows` rows are set.
  @discardableResult
  public func forward(
    _ input: Matrix, firstRow: Int = 0, rows: Int, in workspace: Workspace
  ) -> Matrix {
    var (source, first) = (input, firstRow)
    for l in layers.indices {
      let (layer, state) = (layers[l], workspace.states[l])
      if let norm = layer.norm, let normalized = state.normalized,
        let inverseDeviations = state.inverseDeviations
      {
        DenseKernels.forward(
          source, firstRow: first, rows: rows, weight: layer.weight, transposedWeight: nil,
          bias: layer.bias, activation: .identity, output: state.output, sums: nil)
        LayerKernels.normalize(
          state.output, rows: rows, scale: norm.scale.value, shift: norm.shift.value,
          epsilon: MLP.normEpsilon, normalized: normalized, inverseDeviations: inverseDeviations,
          output: state.saved)
        LayerKernels.activate(layer.kernel, state.saved, rows: rows, into: state.output)
      } else {
        DenseKernels.forward(
          source, firstRow: first, rows: rows, weight: layer.weight,
          transposedWeight: l > 0 || layers.count == 1 ? layer.transposed : nil, bias: layer.bias,
          activation: layer.kernel, output: state.output, sums: state.sums)
      }
      (source, first) = (state.output, 0)
    }
    return source
  }

  /// Added to the variance by LayerNorm, as in PyTorch.
  static let normEpsilon: Float = 1e-5

  /// Computes the gradients of the batch that `forward` last ran in this workspace.
  ///
  /// - Parameters:
  ///   - input: The same input.
  ///   - firstRow: The same first row.
  ///   - rows: The same number of rows.
  ///   - outputGradient: The derivative of the loss by the output, [at least rows × outputs].
  ///   - workspace: The same workspace.
  ///   - inputGradient: Receives the derivative by the input, [at least rows × inputs], from row 0.
  ///   - accumulating: Whether to add to the parameters' gradients rather than set them.
  ///   - updatesParameters: Whether to compute the parameters' gradients at all.
  public func backward(
    _ input: Matrix, firstRow: Int = 0, rows: Int, outputGradient: Matrix,
    in workspace: Workspace, inputGradient: Matrix? = nil, accumulating: Bool = false,
    updatesParameters: Bool = true
  ) {
    var gradient = outputGradient
    for l in layers.indices.reversed() {
      let layer = layers[l]
      if updatesParameters {
        DenseKernels.backwardWeights(
          l > 0 ? workspace.states[l - 1].output : input, firstRow: l > 0 ? 0 : firstRow,
          rows: rows, outputGradient: gradient, weightGradient: layer.weightGradient,
          biasGradient: layer.biasGradient, accumulating: accumulating)
      }
      guard l > 0 else { break }
      let (below, state) = (layers[l - 1], workspace.states[l - 1])
      let next = workspace.gradients[l - 1]
      DenseKernels.backwardInput(
        rows: rows, outputGradient: gradient, transposedWeight: layer.transposed,
        activation: below.kernel, saved: state.saved, inputGradient: next)
      if let norm = below.norm, let normalized = state.normalized,
        let inverseDeviations = state.inverseDeviations
      {
        LayerKernels.normalizeBackward(
          rows: rows, normalized: normalized, inverseDeviations: inverseDeviations,
          scale: norm.scale.value, gradient: next,
          scaleGradient: updatesParameters ? norm.scale.gradient : nil,
          shiftGradient: updatesParameters ? norm.shift.gradient : nil, accumulating: accumulating)
      }
      gradient = next
    }
    guard let inputGradient else { return }
    if !inputTransposeIsCurrent {
      DenseKernels.transpose(layers[0].weight, into: layers[0].transposed)
      inputTransposeIsCurrent = true
    }
    DenseKernels.backwardInput(
      rows: rows, outputGradient: gradient, transposedWeight: layers[0].transposed,
      activation: .identity, saved: nil, inputGradient: inputGradient)
  }
}
