internal import LinearAlgebra
internal import NeuralNetworks

/// A single pass of a critic over present and next actions, 2 B rows with common statistics.
///
/// Present and next rows alternate, so that any contiguous part of the batch has a balanced mix.
///
/// - Source: Bhatt et al. 2024, arXiv:1902.05605.
final class SACJointPass {
  /// The values of the present actions [B × K].
  let values: Matrix
  /// Alternating rows of present and next inputs [2 B × (O + A)].
  let input: Matrix
  /// Derivative of the loss by the outputs [2 B × K]; 0 for next actions, which make targets.
  let outputGradient: Matrix
  let workspace: MLP.Workspace
  private let statistics: Vector

  init(_ network: MLP, rows: Int, dropout: Float) {
    let architecture = network.architecture
    values = Matrix(rows: rows, columns: architecture.outputs)
    input = Matrix(rows: 2 * rows, columns: architecture.inputs)
    workspace = network.makeWorkspace(
      rows: 2 * rows, dropout: dropout, usesBatchStatistics: true)
    outputGradient = Matrix(rows: 2 * rows, columns: architecture.outputs)
    statistics = Vector(count: network.statistics.values.count)
  }

  /// Evaluates present and next inputs [B × (O + A)] with a new dropout mask.
  func forward(
    _ network: MLP, present: Matrix, next: Matrix, nextValues: Matrix,
    dropoutStream: inout RandomStream
  ) {
    for i in 0..<values.rows {
      input.copyRow(2 * i, from: present, row: i)
      input.copyRow(2 * i + 1, from: next, row: i)
    }
    workspace.drawDropout(using: &dropoutStream)
    let output = forward(network)
    for i in 0..<values.rows { nextValues.copyRow(i, from: output, row: 2 * i + 1) }
  }

  /// Evaluates the same rows again with the same dropout mask, without changing running statistics.
  func forwardAgain(_ network: MLP) {
    statistics.copy(from: network.statistics.values)
    _ = forward(network)
    network.statistics.values.copy(from: statistics)
  }

  private func forward(_ network: MLP) -> Matrix {
    let output = network.forward(input, rows: input.rows, in: workspace)
    for i in 0..<values.rows { values.copyRow(i, from: output, row: 2 * i) }
    return output
  }

  /// Computes the parameters' gradients; next rows have no loss of their own but affect them
  /// through the common batch statistics.
  func backward(_ network: MLP, _ valueGradient: Matrix) {
    for i in 0..<values.rows { outputGradient.copyRow(2 * i, from: valueGradient, row: i) }
    network.backward(input, rows: input.rows, outputGradient: outputGradient, in: workspace)
  }
}
