public import LinearAlgebra

/// A trainable matrix with its gradient.
public struct Parameter {
  /// Name of the parameter, such as `policy.0.weight`, `policy.0.bias` or `policy.0.norm.scale`.
  public let name: String
  /// Current values; weights are stored as [inputs × outputs].
  public let value: Matrix
  /// Derivative of the loss with respect to each value.
  public let gradient: Matrix
  /// Whether the parameter is a weight matrix rather than a bias or a scale.
  public let isWeight: Bool
}

/// The parameters of one network in one flat buffer, so that optimisers and norms need one pass.
///
/// Padding is part of the buffers and always zero, in values and gradients alike.
public final class ParameterBlock {
  /// All values in one buffer, with padding.
  public let values: Vector
  /// All gradients in one buffer, padded in the same way as ``values``.
  public let gradients: Vector
  /// The parameters as views into the flat buffers, in the order of their declaration.
  public let parameters: [Parameter]

  /// Allocates parameters of the given shapes, with values and gradients of zero.
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

  /// Number of trainable values, without padding.
  public var count: Int {
    parameters.reduce(0) { $0 + $1.value.rows * $1.value.columns }
  }

  /// Copies the values of a block with the same shapes.
  public func copyValues(from other: ParameterBlock) { values.copy(from: other.values) }
}
