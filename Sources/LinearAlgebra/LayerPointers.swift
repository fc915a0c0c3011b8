internal import CKernels

/// A layer as plain pointers, with its calls of kernels.
///
/// All strides follow from the widths, because all matrices are padded in the same way.
struct LayerPointers {
  let inputs: Int
  let outputs: Int
  /// Padded width of the output, and of W.
  let stride: Int
  /// Padded width of the input, and of Wᵀ.
  let inputStride: Int
  let weight: UnsafeMutablePointer<Float>
  let transposed: UnsafeMutablePointer<Float>
  /// Wᵀ, if the forward pass may read it.
  var forwardTransposed: UnsafeMutablePointer<Float>?
  let bias: UnsafeMutablePointer<Float>
  let weightGradient: UnsafeMutablePointer<Float>
  let biasGradient: UnsafeMutablePointer<Float>
  let norm: LayerNormPointers?
  let activation: ActivationKernel
  let output: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>?
  /// Values from which the slope of the activation is computed.
  let saved: UnsafeMutablePointer<Float>
  /// Gradient with respect to the sums.
  var gradient: UnsafeMutablePointer<Float>?

  init(_ layer: LayerMatrices) {
    inputs = layer.weight.rows
    outputs = layer.weight.columns
    stride = layer.weight.stride
    inputStride = layer.transposedWeight.stride
    weight = layer.weight.base
    transposed = layer.transposedWeight.base
    forwardTransposed = transposed
    bias = layer.bias.base
    weightGradient = layer.weightGradient.base
    biasGradient = layer.biasGradient.base
    norm = layer.norm.map(LayerNormPointers.init)
    activation = layer.activation
    output = layer.output.base
    sums = layer.sums?.base
    saved = sums ?? output
  }

  /// Computes Y = act(X · W + b).
  func forward(
    _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, activation: ActivationKernel,
    sums: UnsafeMutablePointer<Float>?
  ) {
    ck_dense_forward(
      rows, outputs, inputs, x, xStride, weight, stride, forwardTransposed, inputStride, bias,
      activation.rawValue, output, stride, sums, stride)
  }

  /// Computes dX = (dY · Wᵀ) ⊙ act'(saved), for the activation that produced this layer's input.
  func backwardInput(
    _ rows: Int, _ dy: UnsafePointer<Float>, _ activation: ActivationKernel,
    saved: UnsafePointer<Float>?, into dx: UnsafeMutablePointer<Float>
  ) {
    ck_dense_backward_input(
      rows, inputs, outputs, dy, stride, transposed, inputStride, activation.rawValue, saved,
      inputStride, dx, inputStride)
  }

  /// Sets or adds to dW = Xᵀ · dY and db = the column sums of dY.
  func backwardWeights(
    _ x: UnsafePointer<Float>, _ rows: Int, _ dy: UnsafePointer<Float>, accumulating: Bool
  ) {
    ck_dense_backward_weights(
      rows, inputs, outputs, x, inputStride, dy, stride, weightGradient, stride, biasGradient,
      accumulating)
  }
}

/// A layer normalisation as plain pointers.
struct LayerNormPointers {
  let scale: UnsafeMutablePointer<Float>
  let shift: UnsafeMutablePointer<Float>
  let scaleGradient: UnsafeMutablePointer<Float>
  let shiftGradient: UnsafeMutablePointer<Float>
  let normalized: UnsafeMutablePointer<Float>
  let inverseDeviations: UnsafeMutablePointer<Float>

  init(_ norm: LayerNormMatrices) {
    scale = norm.scale.base
    shift = norm.shift.base
    scaleGradient = norm.scaleGradient.base
    shiftGradient = norm.shiftGradient.base
    normalized = norm.normalized.base
    inverseDeviations = norm.inverseDeviations.base
  }

  /// Standardises the sums in a layer's output, then scales, shifts and activates.
  func forward(_ layer: LayerPointers, rows: Int, epsilon: Float) {
    ck_layer_norm_forward(
      rows, layer.outputs, layer.output, layer.stride, scale, shift, epsilon, normalized,
      layer.stride, inverseDeviations, layer.saved, layer.stride)
    ck_activate(
      rows * layer.stride, layer.activation.rawValue, layer.saved, layer.output)
  }

  /// Converts the gradient by the scaled sums to the gradient by the raw sums, in place.
  func backward(
    _ layer: LayerPointers, rows: Int, gradient: UnsafeMutablePointer<Float>, accumulating: Bool,
    updatesParameters: Bool
  ) {
    ck_layer_norm_backward(
      rows, layer.outputs, normalized, layer.stride, inverseDeviations, scale, gradient,
      layer.stride, gradient, layer.stride, updatesParameters ? scaleGradient : nil,
      updatesParameters ? shiftGradient : nil, accumulating)
  }
}
