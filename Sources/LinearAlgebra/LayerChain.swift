internal import CKernels

/// The matrices of one layer of a perceptron, with its results for the last batch.
package struct LayerMatrices {
  package let weight: Matrix
  package let transposedWeight: Matrix
  package let bias: Matrix
  package let weightGradient: Matrix
  package let biasGradient: Matrix
  package let norm: LayerNormMatrices?
  package let activation: ActivationKernel
  /// Output of the layer, after the activation.
  package let output: Matrix
  /// Sums before the activation; needed for SiLU only.
  package let sums: Matrix?
  /// Additional operations of the layer; nil if there are none.
  package let extras: LayerExtras?

  package init(
    weight: Matrix, transposedWeight: Matrix, bias: Matrix, weightGradient: Matrix,
    biasGradient: Matrix, norm: LayerNormMatrices?, activation: ActivationKernel, output: Matrix,
    sums: Matrix?, extras: LayerExtras? = nil
  ) {
    self.weight = weight
    self.transposedWeight = transposedWeight
    self.bias = bias
    self.weightGradient = weightGradient
    self.biasGradient = biasGradient
    self.norm = norm
    self.activation = activation
    self.output = output
    self.sums = sums
    self.extras = extras
  }
}

/// The matrices of a layer normalisation.
package struct LayerNormMatrices {
  package let scale: Matrix
  package let shift: Matrix
  package let scaleGradient: Matrix
  package let shiftGradient: Matrix
  package let normalized: Matrix
  package let inverseDeviations: Vector

  package init(
    scale: Matrix, shift: Matrix, scaleGradient: Matrix, shiftGradient: Matrix,
    normalized: Matrix, inverseDeviations: Vector
  ) {
    self.scale = scale
    self.shift = shift
    self.scaleGradient = scaleGradient
    self.shiftGradient = shiftGradient
    self.normalized = normalized
    self.inverseDeviations = inverseDeviations
  }
}

/// A sequence of dense layers, with forward and backward pass.
///
/// It works on plain pointers: with reference counting of every matrix, a single row would take
/// three times as long.
package final class LayerChain {
  let layers: UnsafeMutablePointer<LayerPointers>
  let count: Int
  let extras: UnsafeMutablePointer<LayerExtraPointers>?
  private let capacity: Int
  private let inputs: Int
  private let outputs: Int
  /// Keeps the memory alive that the pointers refer to.
  private let matrices: [LayerMatrices]
  private var gradients: [Vector] = []

  /// Constant that LayerNorm adds to the variance, as in PyTorch.
  package static let normEpsilon: Float = 1e-5

  /// Returns whether `forward` needs a current Wᵀ for a layer with this number of outputs.
  package static func readsTransposedWeight(outputs: Int) -> Bool { outputs <= Int(CK_NARROW) }

  /// Creates a chain of layers whose outputs have room for `capacity` rows.
  package init(_ matrices: [LayerMatrices], capacity: Int) {
    precondition(!matrices.isEmpty, "a chain of no layers")
    self.matrices = matrices
    self.capacity = capacity
    count = matrices.count
    inputs = matrices[0].weight.rows
    outputs = matrices[count - 1].weight.columns
    layers = .allocate(capacity: count)
    extras = LayerChain.makeExtras(matrices, capacity: capacity)
    for (l, layer) in matrices.enumerated() {
      precondition(
        (l == 0 || matrices[l - 1].weight.columns == layer.weight.rows)
          && capacity <= layer.output.rows && layer.output.columns == layer.weight.columns,
        "layer \(l) is \(layer.weight.rows) × \(layer.weight.columns)")
      (layers + l).initialize(to: LayerPointers(layer))
      // Wᵀ of the first layer is refreshed only for gradients with respect to the input.
      if l == 0 && count > 1 { layers[0].forwardTransposed = nil }
    }
  }

  deinit {
    layers.deallocate()
    extras?.deallocate()
  }

  /// Computes the outputs for `rows` rows of the input, from `firstRow` on.
  package func forward(_ input: Matrix, firstRow: Int, rows: Int) {
    check(input, firstRow, rows)
    var x = UnsafePointer(input.base + firstRow * input.stride)
    if let extras { return forward(x, rows: rows, extras: extras) }
    var stride = input.stride
    for l in 0..<count {
      let layer = layers + l
      if let norm = layer.pointee.norm {
        layer.pointee.forward(x, stride, rows, activation: .identity, sums: nil)
        norm.forward(layer.pointee, rows: rows, epsilon: LayerChain.normEpsilon)
      } else {
        layer.pointee.forward(
          x, stride, rows, activation: layer.pointee.activation, sums: layer.pointee.sums)
      }
      x = UnsafePointer(layer.pointee.output)
      stride = layer.pointee.stride
    }
  }

  /// Computes the gradients for the last batch of `forward`.
  ///
  /// - Parameters:
  ///   - input: The same input as in the forward pass.
  ///   - firstRow: The same first row as in the forward pass.
  ///   - rows: The same number of rows as in the forward pass.
  ///   - outputGradient: Gradient of the loss with respect to the output.
  ///   - inputGradient: Receives the gradient with respect to the input; Wᵀ of the first layer must
  ///     then be current.
  ///   - accumulating: Whether to add to the parameters' gradients rather than set them.
  ///   - updatesParameters: Whether to compute the parameters' gradients at all.
  package func backward(
    _ input: Matrix, firstRow: Int, rows: Int, outputGradient: Matrix, inputGradient: Matrix?,
    accumulating: Bool, updatesParameters: Bool
  ) {
    check(input, firstRow, rows)
    precondition(
      outputGradient.columns == outputs && rows <= outputGradient.rows
        && inputGradient?.columns ?? inputs == inputs && rows <= inputGradient?.rows ?? rows,
      "gradients for \(rows) rows by \(outputGradient.rows) × \(outputGradient.columns)")
    allocateGradients()
    let x = UnsafePointer(input.base + firstRow * input.stride)
    if let extras {
      return backward(
        x, rows: rows, outputGradient: outputGradient.base, inputGradient: inputGradient?.base,
        accumulating: accumulating, updatesParameters: updatesParameters, extras: extras)
    }
    let gradient = backward(
      x, rows: rows, outputGradient: outputGradient.base, accumulating: accumulating,
      updatesParameters: updatesParameters)
    guard let inputGradient else { return }
    layers.pointee.backwardInput(rows, gradient, .identity, saved: nil, into: inputGradient.base)
  }

  /// Runs the backward pass down to the gradient with respect to the first layer's sums.
  private func backward(
    _ input: UnsafePointer<Float>, rows: Int, outputGradient: UnsafePointer<Float>,
    accumulating: Bool, updatesParameters: Bool
  ) -> UnsafePointer<Float> {
    var gradient = outputGradient
    for l in stride(from: count - 1, through: 0, by: -1) {
      let layer = layers + l
      if updatesParameters {
        let x = l > 0 ? UnsafePointer(layers[l - 1].output) : input
        layer.pointee.backwardWeights(x, rows, gradient, accumulating: accumulating)
      }
      guard l > 0 else { break }
      let below = layers + (l - 1)
      guard let next = below.pointee.gradient else { break }
      layer.pointee.backwardInput(
        rows, gradient, below.pointee.activation, saved: below.pointee.saved, into: next)
      below.pointee.norm?.backward(
        below.pointee, rows: rows, gradient: next, accumulating: accumulating,
        updatesParameters: updatesParameters)
      gradient = UnsafePointer(next)
    }
    return gradient
  }

  /// Allocates the gradients with respect to hidden layers.
  ///
  /// Every other layer shares memory, unless the chain has extras, whose skip connections need
  /// earlier gradients.
  private func allocateGradients() {
    guard gradients.isEmpty, count > 1 || extras != nil else { return }
    func allocate(_ width: Int) -> UnsafeMutablePointer<Float> {
      let vector = Vector(count: capacity * width)
      gradients.append(vector)
      return vector.base
    }
    let longest = matrices.dropLast().reduce(0) { max($0, $1.weight.stride) }
    let shared = extras == nil ? 2 : count - 1
    let buffers = (0..<shared).map { _ in allocate(longest) }
    for l in 0..<count - 1 { layers[l].gradient = buffers[l % shared] }
    guard let extras else { return }
    for l in 0..<count {
      if case .output = extras[l].skip { extras[l].outputGradient = allocate(layers[l].stride) }
    }
    if extras.pointee.batchNorm != nil {
      extras.pointee.inputGradient = allocate(layers.pointee.inputStride)
    }
  }

  func check(_ input: Matrix, _ firstRow: Int, _ rows: Int) {
    precondition(
      firstRow >= 0 && rows >= 0 && rows <= capacity && firstRow + rows <= input.rows
        && input.columns == inputs,
      "rows \(firstRow) + \(rows) of \(input.rows) × \(input.columns) for \(inputs) inputs, "
        + "capacity \(capacity)")
  }
}
