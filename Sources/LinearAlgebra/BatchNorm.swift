/// The matrices of a batch normalisation in front of a layer.
package struct BatchNormMatrices {
  package let scale: Matrix
  package let shift: Matrix
  package let scaleGradient: Matrix
  package let shiftGradient: Matrix
  package let runningMean: Matrix
  package let runningVariance: Matrix
  /// Whether a batch is standardised by its own statistics, which also update the running ones,
  /// rather than by the running statistics.
  package let usesBatchStatistics: Bool
  /// The standardised input, and the scaled and shifted input of the layer.
  let normalized: Matrix
  let output: Matrix
  let scratch: Matrix

  /// Wraps parameters and statistics, [1 × inputs], and allocates memory for `rows` rows.
  package init(
    scale: Matrix, shift: Matrix, scaleGradient: Matrix, shiftGradient: Matrix,
    runningMean: Matrix, runningVariance: Matrix, usesBatchStatistics: Bool, rows: Int
  ) {
    self.scale = scale
    self.shift = shift
    self.scaleGradient = scaleGradient
    self.shiftGradient = shiftGradient
    self.runningMean = runningMean
    self.runningVariance = runningVariance
    self.usesBatchStatistics = usesBatchStatistics
    normalized = Matrix(rows: rows, columns: scale.columns)
    output = Matrix(rows: rows, columns: scale.columns)
    scratch = Matrix(rows: 4, columns: scale.columns)
  }
}

/// A batch normalisation as plain pointers.
///
/// `y = scale · (x − mean) / √(variance + 1e-3) + shift` in each column.  Rows are summed in order,
/// so results depend on the batch alone.
///
/// - Source: Ioffe and Szegedy 2015, arXiv:1502.03167; epsilon and momentum of Bhatt et al. 2024,
///   arXiv:1902.05605.
struct BatchNormPointers {
  private static let epsilon: Float = 1e-3
  /// Fraction by which running statistics move towards those of a batch.
  private static let rate: Float = 0.01

  private let stride: Int
  private let scale: UnsafeMutablePointer<Float>
  private let shift: UnsafeMutablePointer<Float>
  private let scaleGradient: UnsafeMutablePointer<Float>
  private let shiftGradient: UnsafeMutablePointer<Float>
  private let runningMean: UnsafeMutablePointer<Float>
  private let runningVariance: UnsafeMutablePointer<Float>
  private let usesBatchStatistics: Bool
  private let normalized: UnsafeMutablePointer<Float>
  let output: UnsafeMutablePointer<Float>
  private let mean: UnsafeMutablePointer<Float>
  private let inverseDeviation: UnsafeMutablePointer<Float>
  private let alongScale: UnsafeMutablePointer<Float>
  private let alongShift: UnsafeMutablePointer<Float>

  init(_ norm: BatchNormMatrices) {
    stride = norm.scale.stride
    scale = norm.scale.base
    shift = norm.shift.base
    scaleGradient = norm.scaleGradient.base
    shiftGradient = norm.shiftGradient.base
    runningMean = norm.runningMean.base
    runningVariance = norm.runningVariance.base
    usesBatchStatistics = norm.usesBatchStatistics
    normalized = norm.normalized.base
    output = norm.output.base
    mean = norm.scratch.base
    inverseDeviation = mean + stride
    alongScale = mean + 2 * stride
    alongShift = mean + 3 * stride
  }

  /// Standardises rows and returns the scaled and shifted input of the layer.
  func forward(_ x: UnsafePointer<Float>, rows: Int) -> UnsafePointer<Float> {
    if usesBatchStatistics && rows > 0 {
      measure(x, rows: rows)
    } else {
      for j in 0..<stride {
        mean[j] = runningMean[j]
        inverseDeviation[j] = 1 / (runningVariance[j] + Self.epsilon).squareRoot()
      }
    }
    for i in 0..<rows {
      let (row, standard, result) = (x + i * stride, normalized + i * stride, output + i * stride)
      for j in 0..<stride {
        standard[j] = (row[j] - mean[j]) * inverseDeviation[j]
        result[j] = standard[j] * scale[j] + shift[j]
      }
    }
    return UnsafePointer(output)
  }

  private func measure(_ x: UnsafePointer<Float>, rows: Int) {
    let variance = inverseDeviation
    for j in 0..<stride { (mean[j], variance[j]) = (0, 0) }
    for i in 0..<rows {
      let row = x + i * stride
      for j in 0..<stride { mean[j] += row[j] }
    }
    let share = 1 / Float(rows)
    for j in 0..<stride { mean[j] *= share }
    for i in 0..<rows {
      let row = x + i * stride
      for j in 0..<stride { variance[j] += (row[j] - mean[j]) * (row[j] - mean[j]) }
    }
    for j in 0..<stride {
      let found = variance[j] * share
      runningMean[j] += Self.rate * (mean[j] - runningMean[j])
      runningVariance[j] += Self.rate * (found - runningVariance[j])
      inverseDeviation[j] = 1 / (found + Self.epsilon).squareRoot()
    }
  }

  /// Converts the gradient by the layer's input to the gradient by the raw input, in place.
  ///
  /// With batch statistics, every row's gradient depends on all rows.
  func backward(
    _ gradient: UnsafeMutablePointer<Float>, rows: Int, accumulating: Bool,
    updatesParameters: Bool
  ) {
    for j in 0..<stride { (alongScale[j], alongShift[j]) = (0, 0) }
    for i in 0..<rows {
      let (row, standard) = (gradient + i * stride, normalized + i * stride)
      for j in 0..<stride {
        alongScale[j] += row[j] * standard[j]
        alongShift[j] += row[j]
      }
    }
    if updatesParameters {
      for j in 0..<stride {
        scaleGradient[j] = alongScale[j] + (accumulating ? scaleGradient[j] : 0)
        shiftGradient[j] = alongShift[j] + (accumulating ? shiftGradient[j] : 0)
      }
    }
    let share = usesBatchStatistics ? 1 / Float(max(rows, 1)) : 0
    for i in 0..<rows {
      let (row, standard) = (gradient + i * stride, normalized + i * stride)
      for j in 0..<stride {
        let common = share * (alongShift[j] + standard[j] * alongScale[j])
        row[j] = scale[j] * inverseDeviation[j] * (row[j] - common)
      }
    }
  }
}
