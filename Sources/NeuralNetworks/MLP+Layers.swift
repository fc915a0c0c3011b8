public import LinearAlgebra

extension MLP {
  /// The parameters of one dense layer.
  public struct DenseLayer {
    /// Weight matrix, [inputs × outputs].
    public let weight: Parameter
    /// Bias, [1 × outputs].
    public let bias: Parameter
    /// Scale and shift of a LayerNorm between sums and activation, [1 × outputs] each; nil if there
    /// is none.
    public let norm: (scale: Parameter, shift: Parameter)?
    /// Scale and shift of a BatchNorm of the layer's input, [1 × inputs] each; nil if there is
    /// none.
    public let batchNorm: (scale: Parameter, shift: Parameter)?
    /// Activation function after the layer.
    public let activation: Activation

    /// All parameters of the layer.
    public var parameters: [Parameter] {
      [weight, bias] + [norm, batchNorm].compactMap { $0 }.flatMap { [$0.scale, $0.shift] }
    }
  }

  /// The dense layers from input to output; the last is the output layer.
  public var denseLayers: [DenseLayer] {
    layers.map {
      DenseLayer(
        weight: $0.weight, bias: $0.bias, norm: $0.norm,
        batchNorm: $0.batchNorm.map { ($0.scale, $0.shift) }, activation: $0.activation)
    }
  }

  /// Creates a network with the same parameters, statistics and frozen parts.
  ///
  /// - Parameter name: The prefix of its parameters' names; nil for this network's.
  /// - Returns: The network.
  public func copy(named name: String? = nil) -> MLP {
    var unused = RandomStream(seed: 0, name: "unused")
    let copy = MLP(
      name: name ?? self.name, architecture: architecture, initializer: initializer,
      random: &unused)
    copy.copyState(of: self)
    return copy
  }

  /// Copies the parameters, statistics and frozen parts of a network of the same shape.
  public func copyState(of other: MLP) {
    parameters.copyValues(from: other.parameters)
    statistics.copyValues(from: other.statistics)
    copyFrozenParts(of: other)
    parametersDidChange()
  }

  /// Creates a network of the same shape with new weights.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - purpose: The name of the random stream.
  ///   - index: The index of the random stream.
  /// - Returns: The network.
  public func fresh(seed: UInt64, purpose: String, index: Int = 0) -> MLP {
    var random = RandomStream(seed: seed, name: purpose, index: index)
    return MLP(
      name: name, architecture: architecture, initializer: initializer, random: &random)
  }
}

extension ParameterBlock {
  /// Returns views of a buffer that is padded like the values, such as an optimiser's moments, with
  /// one matrix for each parameter.
  public func views(of buffer: Vector) -> [Matrix] {
    precondition(buffer.count == values.count, "\(buffer.count) of \(values.count) floats")
    return views(of: buffer, from: 0)
  }

  /// Returns views of the part of a buffer that begins at an offset and is padded like the values.
  func views(of buffer: Vector, from start: Int) -> [Matrix] {
    var offset = start
    return parameters.map { parameter in
      let (rows, columns) = (parameter.value.rows, parameter.value.columns)
      defer { offset += rows * parameter.value.stride }
      return Matrix(viewing: buffer, offset: offset, rows: rows, columns: columns)
    }
  }
}
