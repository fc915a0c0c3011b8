/// The shape of a multilayer perceptron.
public struct MLPArchitecture: Codable, Sendable, Equatable {
  /// Width of the input.
  public var inputs: Int
  /// Widths of the hidden layers, from the input on; none makes a linear map.
  public var hidden: [Int]
  /// Width of the output, which has no activation.
  public var outputs: Int
  /// The function after each hidden layer.
  public var activation: Activation
  /// Whether each hidden layer is normalised before its activation.
  public var usesLayerNorm: Bool

  /// Describes a network.
  public init(
    inputs: Int, hidden: [Int], outputs: Int, activation: Activation, usesLayerNorm: Bool = false
  ) {
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    self.activation = activation
    self.usesLayerNorm = usesLayerNorm
  }

  /// Widths of all layers, input and output included.
  public var widths: [Int] { [inputs] + hidden + [outputs] }
}
