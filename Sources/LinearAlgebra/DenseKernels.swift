internal import CKernels

/// The activation functions the kernels know.
package enum ActivationKernel: Int32, Sendable {
  case identity = 0
  case tanh = 1
  case relu = 2
  case elu = 3
  case silu = 4
}

/// Dense layers on the suite's kernels or on OpenBLAS; shapes are checked once per call.
package enum DenseKernels {
  /// Computes Y = act(X · W + b) for `rows` rows of X that start at `firstRow`.
  ///
  /// - Parameters:
  ///   - input: X, [at least firstRow + rows × inputs].
  ///   - firstRow: The first row of X to use.
  ///   - rows: The number of rows.
  ///   - weight: W, [inputs × outputs].
  ///   - transposedWeight: Wᵀ, [outputs × inputs], which narrow layers read.
  ///   - bias: b, [1 × outputs].
  ///   - activation: What is applied to the sum.
  ///   - output: Y, [at least rows × outputs].
  ///   - sums: Receives X · W + b where it is given.
  package static func forward(
    _ input: Matrix, firstRow: Int, rows: Int, weight: Matrix, transposedWeight: Matrix?,
    bias: Matrix, activation: ActivationKernel, output: Matrix, sums: Matrix?
  ) {
    precondition(
      firstRow >= 0 && rows >= 0 && firstRow + rows <= input.rows && rows <= output.rows
        && input.columns == weight.rows && output.columns == weight.columns
        && bias.columns == weight.columns && rows <= sums?.rows ?? rows
        && output.columns == sums?.columns ?? output.columns,
      "rows \(firstRow) + \(rows) of \(input.rows) × \(input.columns) times "
        + "\(weight.rows) × \(weight.columns) into \(output.rows) × \(output.columns)")
    let x = input.base + firstRow * input.stride
    guard KernelBackend.usesOpenBLAS(inputs: weight.rows, outputs: weight.columns) else {
      ck_dense_forward(
        rows, weight.columns, weight.rows, x, input.stride, weight.base, weight.stride,
        transposedWeight?.base, transposedWeight?.stride ?? 0, bias.base, activation.rawValue,
        output.base, output.stride, sums?.base, sums?.stride ?? 0)
      return
    }
    let target = sums ?? output
    for i in 0..<rows {
      (target.base + i * target.stride).update(from: bias.base, count: bias.stride)
    }
    OpenBLAS.multiply(
      rows: rows, columns: weight.columns, inner: weight.rows, x, stride: input.stride,
      weight.base, stride: weight.stride, beta: 1, into: target.base, stride: target.stride)
    if sums != nil || activation != .identity {
      ck_activate(rows * output.stride, activation.rawValue, target.base, output.base)
    }
  }

  /// Computes dX = (dY · Wᵀ) ⊙ act'(saved).
  ///
  /// - Parameters:
  ///   - rows: The number of rows.
  ///   - outputGradient: dY, [at least rows × outputs].
  ///   - transposedWeight: Wᵀ, [outputs × inputs].
  ///   - activation: The activation that made this layer's input, identity for none.
  ///   - saved: Its sums for SiLU and its values for all others, [at least rows × inputs].
  ///   - firstRow: The first row of dX to write.
  ///   - inputGradient: dX, [at least firstRow + rows × inputs].
  package static func backwardInput(
    rows: Int, outputGradient: Matrix, transposedWeight: Matrix, activation: ActivationKernel,
    saved: Matrix?, firstRow: Int = 0, inputGradient: Matrix
  ) {
    precondition(
      rows <= outputGradient.rows && firstRow >= 0 && firstRow + rows <= inputGradient.rows
        && outputGradient.columns == transposedWeight.rows
        && inputGradient.columns == transposedWeight.columns
        && rows <= saved?.rows ?? rows
        && inputGradient.columns == saved?.columns ?? inputGradient.columns,
      "\(rows) rows of \(outputGradient.rows) × \(outputGradient.columns) times "
        + "\(transposedWeight.rows) × \(transposedWeight.columns) into "
        + "\(inputGradient.rows) × \(inputGradient.columns)")
    let dx = inputGradient.base + firstRow * inputGradient.stride
    let (outputs, inputs) = (transposedWeight.rows, transposedWeight.columns)
    guard KernelBackend.usesOpenBLAS(inputs: inputs, outputs: outputs) else {
      ck_dense_backward_input(
        rows, inputs, outputs, outputGradient.base, outputGradient.stride, transposedWeight.base,
        transposedWeight.stride, activation.rawValue, saved?.base, saved?.stride ?? 0, dx,
        inputGradient.stride)
      return
    }
    OpenBLAS.multiply(
      rows: rows, columns: inputs, inner: outputs, outputGradient.base,
      stride: outputGradient.stride, transposedWeight.base, stride: transposedWeight.stride,
      beta: 0, into: dx, stride: inputGradient.stride)
    if let saved {
      ck_activation_gradient(
        rows * inputGradient.stride, activation.rawValue, saved.base, dx, dx)
    }
  }

  /// Computes dW (+)= Xᵀ · dY and db (+)= the column sums of dY.
  ///
  /// - Parameters:
  ///   - input: X, [at least firstRow + rows × inputs].
  ///   - firstRow: The first row of X to use.
  ///   - rows: The number of rows.
  ///   - outputGradient: dY, [at least rows × outputs].
  ///   - weightGradient: dW, [inputs × outputs].
  ///   - biasGradient: db, [1 × outputs].
  ///   - accumulating: Whether to add to what the gradients hold.
  package static func backwardWeights(
    _ input: Matrix, firstRow: Int, rows: Int, outputGradient: Matrix, weightGradient: Matrix,
    biasGradient: Matrix, accumulating: Bool
  ) {
    precondition(
      firstRow >= 0 && rows >= 0 && firstRow + rows <= input.rows && rows <= outputGradient.rows
        && input.columns == weightGradient.rows
        && outputGradient.columns == weightGradient.columns
        && biasGradient.columns == weightGradient.columns,
      "\(rows) rows of \(input.rows) × \(input.columns) and "
        + "\(outputGradient.rows) × \(outputGradient.columns) into "
        + "\(weightGradient.rows) × \(weightGradient.columns)")
    let x = input.base + firstRow * input.stride
    let (inputs, outputs) = (weightGradient.rows, weightGradient.columns)
    guard KernelBackend.usesOpenBLAS(inputs: inputs, outputs: outputs) else {
      ck_dense_backward_weights(
        rows, inputs, outputs, x, input.stride, outputGradient.base, outputGradient.stride,
        weightGradient.base, weightGradient.stride, biasGradient.base, accumulating)
      return
    }
    OpenBLAS.multiply(
      rows: inputs, columns: outputs, inner: rows, x, stride: input.stride, transposed: true,
      outputGradient.base, stride: outputGradient.stride, beta: accumulating ? 1 : 0,
      into: weightGradient.base, stride: weightGradient.stride)
    ck_column_sums(
      rows, outputs, outputGradient.base, outputGradient.stride, biasGradient.base, accumulating)
  }

  /// Writes the transpose of a matrix into another, padding included.
  package static func transpose(_ source: Matrix, into target: Matrix) {
    precondition(
      source.rows == target.columns && source.columns == target.rows,
      "the transpose of \(source.rows) × \(source.columns) into \(target.rows) × \(target.columns)")
    ck_transpose(
      source.rows, source.columns, source.base, source.stride, target.base, target.stride)
  }
}

/// LayerNorm, and activations that stand apart from a dense layer.
package enum LayerKernels {
  /// Applies an activation to the first rows of a matrix, into another of the same shape.
  package static func activate(
    _ activation: ActivationKernel, _ sums: Matrix, rows: Int, into output: Matrix
  ) {
    precondition(rows <= sums.rows && rows <= output.rows && sums.columns == output.columns)
    ck_activate(rows * sums.stride, activation.rawValue, sums.base, output.base)
  }

  /// Multiplies a gradient by the slope of the activation, in place.
  package static func multiplyBySlope(
    _ activation: ActivationKernel, saved: Matrix, rows: Int, gradient: Matrix
  ) {
    precondition(
      rows <= saved.rows && rows <= gradient.rows && saved.columns == gradient.columns)
    ck_activation_gradient(
      rows * saved.stride, activation.rawValue, saved.base, gradient.base, gradient.base)
  }

  /// Standardises rows and applies scale and shift; `output` may be `sums`.
  package static func normalize(
    _ sums: Matrix, rows: Int, scale: Matrix, shift: Matrix, epsilon: Float, normalized: Matrix,
    inverseDeviations: Vector, output: Matrix
  ) {
    precondition(
      rows <= sums.rows && rows <= normalized.rows && rows <= inverseDeviations.count
        && rows <= output.rows && sums.columns == scale.columns && sums.columns == shift.columns
        && sums.columns == normalized.columns && sums.columns == output.columns)
    ck_layer_norm_forward(
      rows, sums.columns, sums.base, sums.stride, scale.base, shift.base, epsilon,
      normalized.base, normalized.stride, inverseDeviations.base, output.base, output.stride)
  }

  /// Turns the gradient by LayerNorm's output into that by its input, in place, and writes those of
  /// scale and shift where they are wanted.
  package static func normalizeBackward(
    rows: Int, normalized: Matrix, inverseDeviations: Vector, scale: Matrix, gradient: Matrix,
    scaleGradient: Matrix?, shiftGradient: Matrix?, accumulating: Bool
  ) {
    precondition(
      rows <= gradient.rows && rows <= normalized.rows && rows <= inverseDeviations.count
        && gradient.columns == normalized.columns && gradient.columns == scale.columns
        && gradient.columns == scaleGradient?.columns ?? gradient.columns
        && gradient.columns == shiftGradient?.columns ?? gradient.columns)
    ck_layer_norm_backward(
      rows, gradient.columns, normalized.base, normalized.stride, inverseDeviations.base,
      scale.base, gradient.base, gradient.stride, gradient.base, gradient.stride,
      scaleGradient?.base, shiftGradient?.base, accumulating)
  }
}
