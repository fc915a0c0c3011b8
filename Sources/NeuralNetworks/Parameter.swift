public import LinearAlgebra

/// One trainable matrix, with its gradient.
public struct Parameter {
  /// For example `policy.0.weight`, `policy.0.bias` or `policy.0.norm.scale`.
  public let name: String
  /// The numbers in use; weights are stored [inputs × outputs].
  public let value: Matrix
  /// The derivative of the loss by each of them.
  public let gradient: Matrix
  /// Whether this is a weight matrix rather than a bias or a scale.
  public let isWeight: Bool
}

/// The parameters of one network in one flat buffer, so that optimisers and norms run in one pass.
///
/// Padding belongs to the buffer: it is zero in values and gradients alike and stays so.
public final class ParameterBlock {
  /// All values, padded.
  public let values: Vector
  /// All gradients, padded in the same way.
  public let gradients: Vector
  /// Views into the flat buffers, in the order they were declared.
  public let parameters: [Parameter]

  /// Allocates zeroed parameters.
  public init(_ shapes: [(name: String, rows: Int, columns: Int, isWeight: Bool)]) {
    let total = shapes.reduce(0) { $0 + $1.rows * Matrix.paddedColumns($1.columns) }
    let values = Vector(count: total)
    let gradients = Vector(count: total)
    var offset = 0
    var parameters: [Parameter] = []
    for shape in shapes {
      parameters.append(
        Parameter(
          name: shape.name,
          value: Matrix(
            viewing: values, offset: offset, rows: shape.rows, columns: shape.columns),
          gradient: Matrix(
            viewing: gradients, offset: offset, rows: shape.rows, columns: shape.columns),
          isWeight: shape.isWeight))
      offset += shape.rows * Matrix.paddedColumns(shape.columns)
    }
    self.values = values
    self.gradients = gradients
    self.parameters = parameters
  }

  /// Number of trainable numbers, padding not counted.
  public var count: Int {
    parameters.reduce(0) { $0 + $1.value.rows * $1.value.columns }
  }

  /// Takes over the values of a block of the same shapes.
  public func copyValues(from other: ParameterBlock) { values.copy(from: other.values) }
}
