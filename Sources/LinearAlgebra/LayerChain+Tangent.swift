internal import CKernels

/// A direction in the space of one layer's parameters, and the derivative of the layer's output
/// along the direction of all layers.
package struct LayerTangent {
  package let weight: Matrix
  package let bias: Matrix
  package let norm: (scale: Matrix, shift: Matrix)?
  /// Receives the derivative of the layer's output.
  package let output: Matrix

  package init(
    weight: Matrix, bias: Matrix, norm: (scale: Matrix, shift: Matrix)?, output: Matrix
  ) {
    self.weight = weight
    self.bias = bias
    self.norm = norm
    self.output = output
  }
}

extension LayerChain {
  /// Computes the derivatives of the last batch's outputs along a direction of the parameters.
  ///
  /// - Parameters:
  ///   - input: The same input as in the forward pass.
  ///   - firstRow: The same first row as in the forward pass.
  ///   - rows: The same number of rows as in the forward pass.
  ///   - tangents: One for each layer.
  ///   - scratch: Scratch memory, [≥ rows × the widest layer].
  ///   - ones: A row of ones, as wide as the widest layer.
  package func differentiate(
    _ input: Matrix, firstRow: Int, rows: Int, along tangents: [LayerTangent], scratch: Matrix,
    ones: Matrix
  ) {
    check(input, firstRow, rows)
    precondition(
      extras == nil && tangents.count == count && rows <= scratch.rows,
      "derivatives of \(count) plain layers along \(tangents.count)")
    var x = UnsafePointer(input.base + firstRow * input.stride)
    var below: UnsafePointer<Float>?
    for (l, tangent) in tangents.enumerated() {
      let layer = layers[l]
      precondition(
        tangent.weight.rows == layer.inputs && tangent.weight.columns == layer.outputs
          && rows <= tangent.output.rows && tangent.output.columns == layer.outputs
          && layer.outputs <= scratch.columns && layer.outputs <= ones.columns)
      layer.differentiateSums(
        x, below, rows: rows, along: tangent, scratch: scratch.base)
      layer.differentiateNorm(rows: rows, along: tangent, ones: ones.base)
      layer.differentiateActivation(tangent.output.base, rows: rows)
      x = UnsafePointer(layer.output)
      below = UnsafePointer(tangent.output.base)
    }
  }
}

extension LayerPointers {
  /// Computes `X · dW + db + dX · W`, where dX is nil in the first layer.
  fileprivate func differentiateSums(
    _ x: UnsafePointer<Float>, _ dx: UnsafePointer<Float>?, rows: Int,
    along tangent: LayerTangent, scratch: UnsafeMutablePointer<Float>
  ) {
    let result = tangent.output.base
    ck_dense_forward(
      rows, outputs, inputs, x, inputStride, tangent.weight.base, stride, nil, 0,
      tangent.bias.base, ActivationKernel.identity.rawValue, result, stride, nil, 0)
    guard let dx else { return }
    ck_dense_forward(
      rows, outputs, inputs, dx, inputStride, weight, stride, forwardTransposed, inputStride, nil,
      ActivationKernel.identity.rawValue, scratch, stride, nil, 0)
    for i in 0..<rows {
      let (row, terms) = (result + i * stride, scratch + i * stride)
      for j in 0..<outputs { row[j] += terms[j] }
    }
  }

  /// Converts derivatives of the raw sums to those of the scaled sums, in place.
  fileprivate func differentiateNorm(
    rows: Int, along tangent: LayerTangent, ones: UnsafePointer<Float>
  ) {
    guard let norm, let direction = tangent.norm else { return }
    let (result, scale, shift) = (
      tangent.output.base, direction.scale.base, direction.shift.base
    )
    // Standardising has a symmetric matrix of derivatives: the backward pass is the forward one.
    ck_layer_norm_backward(
      rows, outputs, norm.normalized, stride, norm.inverseDeviations, ones, result, stride, result,
      stride, nil, nil, false)
    for i in 0..<rows {
      let (row, standard) = (result + i * stride, norm.normalized + i * stride)
      for j in 0..<outputs {
        row[j] = norm.scale[j] * row[j] + scale[j] * standard[j] + shift[j]
      }
    }
  }
}
