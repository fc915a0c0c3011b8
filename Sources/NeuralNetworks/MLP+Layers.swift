public import LinearAlgebra

extension MLP {
  /// The parameters of one dense layer.
  public struct DenseLayer {
    /// [inputs × outputs].
    public let weight: Parameter
    /// [1 × outputs].
    public let bias: Parameter
    /// Of a LayerNorm between the sums and the activation, if there is one: [1 × outputs] each.
    public let norm: (scale: Parameter, shift: Parameter)?
    /// Of a BatchNorm in front of the layer, if there is one: [1 × inputs] each.
    public let batchNorm: (scale: Parameter, shift: Parameter)?
    /// The function after it.
    public let activation: Activation

    /// All of them.
    public var parameters: [Parameter] {
      [weight, bias] + [norm, batchNorm].compactMap { $0 }.flatMap { [$0.scale, $0.shift] }
    }
  }

  /// The dense layers from the input on; the last one is the output's.
  public var denseLayers: [DenseLayer] {
    layers.map {
      DenseLayer(
        weight: $0.weight, bias: $0.bias, norm: $0.norm,
        batchNorm: $0.batchNorm.map { ($0.scale, $0.shift) }, activation: $0.activation)
    }
  }

  /// Makes a network with the same values and frozen parts.
  public func copy() -> MLP {
    let copy = fresh(seed: 0, purpose: "unused")
    copy.parameters.copyValues(from: parameters)
    copy.statistics.copyValues(from: statistics)
    copy.copyFrozenParts(of: self)
    copy.parametersDidChange()
    return copy
  }

  /// Makes a network of the same shape with new weights.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - purpose: The name of the random stream.
  ///   - index: Of the stream.
  /// - Returns: The network.
  public func fresh(seed: UInt64, purpose: String, index: Int = 0) -> MLP {
    var random = RandomStream(seed: seed, name: purpose, index: index)
    return MLP(
      name: name, architecture: architecture, initializer: initializer, random: &random)
  }
}

extension ParameterBlock {
  /// Views a buffer that is padded like the values, such as an optimiser's moments, as one matrix for
  /// each parameter.
  public func views(of buffer: Vector) -> [Matrix] {
    precondition(buffer.count == values.count, "\(buffer.count) of \(values.count) floats")
    var offset = 0
    return parameters.map { parameter in
      let (rows, columns) = (parameter.value.rows, parameter.value.columns)
      defer { offset += rows * parameter.value.stride }
      return Matrix(viewing: buffer, offset: offset, rows: rows, columns: columns)
    }
  }
}
