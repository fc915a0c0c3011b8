internal import LinearAlgebra

/// The wiring of a perceptron's hidden layers.
public enum MLPPattern: String, Codable, Sendable, CaseIterable {
  /// Layers one after another, without skip connections.
  case plain
  /// A linear layer, then residual blocks `x + W₂ · act(W₁ · LN(x))` with an inner width of four
  /// times that of x, and a final LayerNorm.
  ///
  /// - Source: Lee et al. 2024, arXiv:2410.09754.
  case simba
  /// A layer `act(LN(W · x))`, then residual blocks `x + LN(W₂ · act(LN(W₁ · x)))`.
  ///
  /// - Source: Nauman et al. 2024, arXiv:2405.16158.
  case bro
}

/// The shape of a multilayer perceptron.
public struct MLPArchitecture: Codable, Sendable, Equatable {
  /// Number of inputs.
  public var inputs: Int
  /// Widths of the hidden layers, from input to output; an empty list makes a linear map.
  ///
  /// For residual patterns they are the widths of the blocks: at least one, and all equal.
  public var hidden: [Int]
  /// Number of outputs, which have no activation.
  public var outputs: Int
  /// Activation function after each hidden layer, or inside each residual block.
  public var activation: Activation
  /// Whether each hidden layer has a LayerNorm before its activation; residual patterns have their
  /// own norms.
  public var usesLayerNorm: Bool
  /// Wiring of the hidden layers.
  public var pattern: MLPPattern
  /// Whether the input of each layer, including the first, is standardised over the batch.
  public var usesBatchNorm: Bool
  /// Number of equal parts of the input, each of which the layers map to its part of the output with
  /// the same weights; 1 for a network of the whole input.
  public var parts: Int

  /// Creates the description of a network.
  public init(
    inputs: Int, hidden: [Int], outputs: Int, activation: Activation, usesLayerNorm: Bool = false,
    pattern: MLPPattern = .plain, usesBatchNorm: Bool = false, parts: Int = 1
  ) {
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    self.activation = activation
    self.usesLayerNorm = usesLayerNorm
    self.pattern = pattern
    self.usesBatchNorm = usesBatchNorm
    self.parts = parts
  }

  /// Whether all widths are positive, the hidden ones suit the pattern, and input and output have equal
  /// parts.
  public var isPossible: Bool {
    let widths = [inputs, outputs] + hidden
    guard widths.allSatisfy({ $0 > 0 }), parts > 0 else { return false }
    guard inputs.isMultiple(of: parts), outputs.isMultiple(of: parts) else { return false }
    return pattern == .plain || (!hidden.isEmpty && hidden.allSatisfy { $0 == hidden[0] })
  }

  /// Widths of all layers, including those of a part of the input and of the output.
  public var widths: [Int] { [inputs / parts] + layers.map(\.outputs) }

  /// One layer of the network.
  struct Layer {
    var inputs: Int
    var outputs: Int
    var usesLayerNorm: Bool
    var activation: Activation
    var skip: LayerSkip?
    /// Whether a later layer adds this one's sums.
    var keepsSums = false
  }

  /// All layers, from input to output.
  var layers: [Layer] {
    var layers: [Layer] = []
    func add(
      _ width: Int, norm: Bool, _ activation: Activation, skip: LayerSkip? = nil,
      keepsSums: Bool = false
    ) {
      layers.append(
        Layer(
          inputs: layers.last?.outputs ?? inputs / parts, outputs: width, usesLayerNorm: norm,
          activation: activation, skip: skip, keepsSums: keepsSums))
    }
    switch pattern {
    case .plain: for width in hidden { add(width, norm: usesLayerNorm, activation) }
    case .simba:
      // The residual stream is the sums before each norm; norms read it and do not change it.
      add(hidden[0], norm: true, .identity, keepsSums: true)
      for (block, width) in hidden.enumerated() {
        add(4 * width, norm: false, activation)
        add(
          width, norm: true, .identity, skip: .sums(of: 2 * block),
          keepsSums: block < hidden.count - 1)
      }
    case .bro:
      add(hidden[0], norm: true, activation)
      for (block, width) in hidden.enumerated() {
        add(width, norm: true, activation)
        add(width, norm: true, .identity, skip: .output(of: 2 * block))
      }
    }
    add(outputs / parts, norm: false, .identity)
    return layers
  }
}
