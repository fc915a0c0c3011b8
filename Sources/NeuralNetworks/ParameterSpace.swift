public import LinearAlgebra

/// The parameters of several blocks as one vector space, whose vectors have the padding of each
/// block, which is zero.
public struct ParameterSpace {
  /// Blocks in the order of their elements.
  public let blocks: [ParameterBlock]
  /// Number of elements of a vector, with padding.
  public let dimension: Int

  /// Creates the space of some blocks.
  public init(_ blocks: [ParameterBlock]) {
    self.blocks = blocks
    dimension = blocks.reduce(0) { $0 + $1.values.count }
  }

  /// Returns views of a vector, one matrix for each parameter of each block.
  public func views(of vector: Vector) -> [[Matrix]] {
    precondition(vector.count == dimension, "\(vector.count) of \(dimension) elements")
    var offset = 0
    return blocks.map { block in
      defer { offset += block.values.count }
      return block.views(of: vector, from: offset)
    }
  }

  /// Copies the blocks' values to a vector.
  public func copyValues(to vector: Vector) { gather(\.values, to: vector) }
  /// Copies the blocks' gradients to a vector.
  public func copyGradients(to vector: Vector) { gather(\.gradients, to: vector) }
  /// Sets the blocks' values to those of a vector; call `parametersDidChange()` afterwards.
  public func setValues(to vector: Vector) { scatter(vector, to: \.values) }
  /// Sets the blocks' gradients to those of a vector.
  public func setGradients(to vector: Vector) { scatter(vector, to: \.gradients) }

  /// Sets the blocks' values to `start − distance · direction`, rounded as
  /// ``OptimizerRule/gradientDescent`` does; call `parametersDidChange()` afterwards.
  public func setValues(from start: Vector, distance: Float, against direction: Vector) {
    precondition(start.count == dimension && direction.count == dimension)
    var offset = 0
    for block in blocks {
      let values = block.values
      for i in 0..<values.count {
        values[i] = start[offset + i] - distance * direction[offset + i]
      }
      offset += values.count
    }
  }

  private func gather(_ part: (ParameterBlock) -> Vector, to vector: Vector) {
    precondition(vector.count == dimension, "\(vector.count) of \(dimension) elements")
    var offset = 0
    for block in blocks {
      let source = part(block)
      for i in 0..<source.count { vector[offset + i] = source[i] }
      offset += source.count
    }
  }

  private func scatter(_ vector: Vector, to part: (ParameterBlock) -> Vector) {
    precondition(vector.count == dimension, "\(vector.count) of \(dimension) elements")
    var offset = 0
    for block in blocks {
      let target = part(block)
      for i in 0..<target.count { target[i] = vector[offset + i] }
      offset += target.count
    }
  }
}
