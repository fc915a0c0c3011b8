internal import CKernels

/// Replaces the first `count` elements of a vector by their exponentials.
public func exponential(_ vector: Vector, count: Int) {
  vector.apply(CK_EXPONENTIAL, count)
}

/// Returns e to the power of x.
public func exponential(_ x: Float) -> Float { ScalarMaths.exp(x) }

/// Replaces the first `count` elements of a vector by their natural logarithms.
public func logarithm(_ vector: Vector, count: Int) {
  vector.apply(CK_LOGARITHM, count)
}

/// Replaces the first `count` elements by their hyperbolic tangents; absolute error below 3e-7.
public func hyperbolicTangent(_ vector: Vector, count: Int) {
  vector.apply(CK_HYPERBOLIC_TANGENT, count)
}

/// Replaces the first `count` elements x of a vector by 1 / (1 + e⁻ˣ).
public func logisticSigmoid(_ vector: Vector, count: Int) {
  vector.apply(CK_SIGMOID, count)
}

extension Vector {
  fileprivate func apply(_ function: Int, _ count: Int) {
    precondition(count >= 0 && count <= self.count, "\(count) of \(self.count) elements")
    ck_apply(count, Int32(function), base)
  }
}

/// Moves a target towards a source: `target += rate · (source − target)`.
///
/// After n calls, the distance to a constant source is (1 − rate)ⁿ of the initial distance.
public func softUpdate(_ target: Vector, towards source: Vector, rate: Float) {
  precondition(target.count == source.count, "\(target.count) and \(source.count) elements")
  ck_soft_update(target.count, rate, source.base, target.base)
}

/// Copies rows by index: row i of the target becomes row `indices[first + i]` of the source.
///
/// - Parameters:
///   - source: Matrix to copy from.
///   - indices: Row numbers of the source, for example in shuffled order.
///   - first: Position of the first index to use.
///   - count: Number of rows to copy.
///   - target: Matrix to copy to, from its first row on.
public func gatherRows(
  of source: Matrix, at indices: [Int32], from first: Int, count: Int, into target: Matrix
) {
  precondition(
    source.columns == target.columns && first >= 0 && count >= 0 && first + count <= indices.count
      && count <= target.rows,
    "\(count) of \(indices.count) indices from \(first) into \(target.rows) × \(target.columns)")
  indices.withUnsafeBufferPointer { indices in
    guard let start = indices.baseAddress else { return }
    for i in first..<first + count {
      precondition(indices[i] >= 0 && indices[i] < source.rows, "row \(indices[i])")
    }
    ck_gather_rows(count, source.stride, source.base, start + first, target.base)
  }
}

/// Copies elements by index: element i of the target becomes `source[indices[first + i]]`.
///
/// - Parameters:
///   - source: Vector to copy from.
///   - indices: Element numbers of the source.
///   - first: Position of the first index to use.
///   - count: Number of elements to copy.
///   - target: Vector to copy to, from its first element on.
public func gatherElements(
  of source: Vector, at indices: [Int32], from first: Int, count: Int, into target: Vector
) {
  precondition(
    first >= 0 && count >= 0 && first + count <= indices.count && count <= target.count,
    "\(count) of \(indices.count) indices from \(first) into \(target.count)")
  indices.withUnsafeBufferPointer { indices in
    for i in 0..<count {
      let j = Int(indices[first + i])
      precondition(j >= 0 && j < source.count, "element \(j) of \(source.count)")
      target.base[i] = source.base[j]
    }
  }
}

/// The constants of one Adam step, with bias corrections and the learning rate folded in.
package struct AdamConstants {
  package var gradientScale: Float
  package var beta1: Float
  package var beta2: Float
  package var stepSize: Float
  package var inverseRootBias2: Float
  package var epsilon: Float
  package var decay: Float

  package init(
    gradientScale: Float, beta1: Float, beta2: Float, stepSize: Float, inverseRootBias2: Float,
    epsilon: Float, decay: Float
  ) {
    self.gradientScale = gradientScale
    self.beta1 = beta1
    self.beta2 = beta2
    self.stepSize = stepSize
    self.inverseRootBias2 = inverseRootBias2
    self.epsilon = epsilon
    self.decay = decay
  }
}

/// Takes one Adam step over flat parameters.
package func adamStep(
  _ constants: AdamConstants, gradients: Vector, values: Vector, firstMoment: Vector,
  secondMoment: Vector
) {
  precondition(
    gradients.count == values.count && firstMoment.count == values.count
      && secondMoment.count == values.count)
  var c = ck_adam_constants(
    gradient_scale: constants.gradientScale, beta1: constants.beta1, beta2: constants.beta2,
    step_size: constants.stepSize, inverse_root_bias2: constants.inverseRootBias2,
    epsilon: constants.epsilon, decay: constants.decay)
  ck_adam(
    values.count, &c, gradients.base, values.base, firstMoment.base, secondMoment.base)
}
