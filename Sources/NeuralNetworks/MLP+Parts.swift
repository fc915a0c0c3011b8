internal import LinearAlgebra

/// A batch whose rows are cut into the equal parts that a network maps one by one.
final class PartedBatch {
  /// Part p of row i in row i · parts + p, [capacity · parts × width / parts].
  let matrix: Matrix
  private let parts: Int

  /// Uses the memory of a matrix, whose number of rows is a multiple of the number of parts.
  init(_ matrix: Matrix, parts: Int) { (self.matrix, self.parts) = (matrix, parts) }

  /// Allocates memory for a number of whole rows.
  convenience init(rows: Int, columns: Int, parts: Int) {
    self.init(Matrix(rows: rows * parts, columns: columns / parts), parts: parts)
  }

  /// Copies whole rows here.
  func split(_ whole: Matrix, firstRow: Int = 0, rows: Int) {
    let width = matrix.columns
    precondition(whole.columns == width * parts && firstRow + rows <= whole.rows)
    for i in 0..<rows {
      for p in 0..<parts {
        for j in 0..<width { matrix[i * parts + p, j] = whole[firstRow + i, p * width + j] }
      }
    }
  }

  /// Copies whole rows from here.
  func join(rows: Int, into whole: Matrix) {
    let width = matrix.columns
    precondition(whole.columns == width * parts && rows <= whole.rows)
    for i in 0..<rows {
      for p in 0..<parts {
        for j in 0..<width { whole[i, p * width + j] = matrix[i * parts + p, j] }
      }
    }
  }
}

extension MLP.Workspace {
  /// The parts of a batch of a network that maps them one by one.
  final class Parts {
    let count: Int
    let input: PartedBatch
    let output: PartedBatch
    private(set) lazy var outputGradient = PartedBatch(
      rows: capacity, columns: outputs, parts: count)
    private(set) lazy var inputGradient = PartedBatch(rows: capacity, columns: inputs, parts: count)
    private let (capacity, inputs, outputs): (Int, Int, Int)

    init(_ architecture: MLPArchitecture, rows: Int, output: Matrix) {
      count = architecture.parts
      (capacity, inputs, outputs) = (rows, architecture.inputs, architecture.outputs)
      input = PartedBatch(rows: rows, columns: inputs, parts: count)
      self.output = PartedBatch(output, parts: count)
    }
  }

  /// Computes the output of a batch, part by part if the network has several.
  func forward(_ input: Matrix, firstRow: Int, rows: Int) {
    guard let parts else {
      chain.forward(input, firstRow: firstRow, rows: rows)
      return
    }
    parts.input.split(input, firstRow: firstRow, rows: rows)
    chain.forward(parts.input.matrix, firstRow: 0, rows: rows * parts.count)
    parts.output.join(rows: rows, into: output)
  }

  /// Computes the gradients of the batch of the last ``forward(_:firstRow:rows:)``.
  func backward(
    _ input: Matrix, firstRow: Int, rows: Int, outputGradient: Matrix, inputGradient: Matrix?,
    accumulating: Bool, updatesParameters: Bool
  ) {
    guard let parts else {
      chain.backward(
        input, firstRow: firstRow, rows: rows, outputGradient: outputGradient,
        inputGradient: inputGradient, accumulating: accumulating,
        updatesParameters: updatesParameters)
      return
    }
    parts.outputGradient.split(outputGradient, rows: rows)
    chain.backward(
      parts.input.matrix, firstRow: 0, rows: rows * parts.count,
      outputGradient: parts.outputGradient.matrix,
      inputGradient: inputGradient == nil ? nil : parts.inputGradient.matrix,
      accumulating: accumulating, updatesParameters: updatesParameters)
    if let inputGradient { parts.inputGradient.join(rows: rows, into: inputGradient) }
  }
}
