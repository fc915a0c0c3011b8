internal import LinearAlgebra
internal import NeuralNetworks
public import Training

/// A policy's deterministic actions as plain numbers and arithmetic, from which files for other
/// programs are written.
///
/// Observations are standardised, pass dense layers with activations, and become actions in the
/// environment's units, within its bounds.
public struct ExportedPolicy: Sendable {
  /// The standardisation of observations: `(x − mean) · inverseDeviation`, clipped to ± limit.
  public struct Normalizer: Sendable {
    /// Means, [O].
    public let mean: [Float]
    /// Reciprocals of standard deviations, [O].
    public let inverseDeviation: [Float]
    /// Limit in either direction.
    public let limit: Float
  }

  /// A dense layer.
  public struct Layer: Sendable {
    /// Number of inputs.
    public let inputs: Int
    /// Number of outputs.
    public let outputs: Int
    /// Weights, [outputs × inputs], row by row.
    public let weight: [Float]
    /// Biases, [outputs].
    public let bias: [Float]
    /// Scale and shift of a LayerNorm between sums and activation, [outputs] each; nil if there is
    /// none.
    public let norm: (scale: [Float], shift: [Float])?
    /// Activation function.
    public let activation: Activation
  }

  /// How the last layer's outputs become an action.
  public enum Head: Sendable {
    /// Clipped to bounds.
    case clipped(low: [Float], high: [Float])
    /// `middle + tanh(output) · half`, clipped to bounds.
    case squashed(low: [Float], high: [Float])
    /// The index of the greatest output, the first of several.
    case choice
  }

  /// An elementwise function.
  public enum Activation: String, Sendable {
    /// Nothing.
    case identity
    /// The hyperbolic tangent.
    case tanh
    /// max(x, 0).
    case relu
    /// x above zero, eˣ − 1 below.
    case elu
    /// x / (1 + e⁻ˣ).
    case silu
  }

  /// ε of every LayerNorm, under the root.
  static let normEpsilon = LayerChain.normEpsilon

  /// Standardisation of observations; nil if there is none.
  public let normalizer: Normalizer?
  /// Layers from input to output.
  public let layers: [Layer]
  /// What follows the last layer.
  public let head: Head

  /// Number of observation components.
  public var observationWidth: Int { layers[0].inputs }
  /// Number of numbers in an action.
  public var actionWidth: Int {
    switch head {
    case .clipped(let low, _), .squashed(let low, _): low.count
    case .choice: 1
    }
  }
  /// Number of choices; nil for a box of actions.
  public var choices: Int? {
    if case .choice = head { layers[layers.count - 1].outputs } else { nil }
  }

  /// Half the range of each action's component, by which differences are measured; 1 for a choice and
  /// for components without bounds.
  public var scales: [Float] {
    switch head {
    case .clipped(let low, let high), .squashed(let low, let high):
      zip(low, high).map { ($1 - $0).isFinite && $1 > $0 ? ($1 - $0) / 2 : 1 }
    case .choice: [1]
    }
  }

  /// Takes a policy's numbers.
  ///
  /// - Throws: `ConfigurationError` if its actions are not the output of plain dense layers: flow
  ///   policies, those of several cases, controllers, residual networks, shared ones and networks with
  ///   frozen parts.
  public init(_ policy: any Policy) throws(ConfigurationError) {
    guard let policy = policy as? MLPPolicy else {
      let kind =
        switch policy {
        case is FlowPolicy: "flow"
        case is WorstCasePolicy: "choice among several policies"
        default: "controller or planner"
        }
      throw ConfigurationError(
        "only policies of dense layers can be exported, and this one is a \(kind)")
    }
    let architecture = policy.network.architecture
    guard architecture.pattern == .plain else {
      throw ConfigurationError(
        "a policy with the architecture '\(architecture.pattern.rawValue)' can't be exported; only "
          + "plain layers can")
    }
    guard architecture.parts == 1 else {
      throw ConfigurationError("a policy that several agents share can't be exported")
    }
    guard policy.network.frozenParts.isEmpty, !architecture.usesBatchNorm else {
      throw ConfigurationError(
        "a policy with frozen parts of plasticity injection or with BatchNorm can't be exported")
    }
    if policy.normalizer.isEnabled {
      let statistics = policy.normalizer.standardization
      normalizer = Normalizer(
        mean: statistics.mean, inverseDeviation: statistics.inverseDeviation,
        limit: ObservationNormalizer.clipRange)
    } else {
      normalizer = nil
    }
    let (low, high) = (policy.distribution.low, policy.distribution.high)
    let width: Int
    switch policy.distribution {
    case is SquashedGaussian: (head, width) = (.squashed(low: low, high: high), low.count)
    case is DiagonalGaussian: (head, width) = (.clipped(low: low, high: high), low.count)
    default: (head, width) = (.choice, architecture.outputs)
    }
    let dense = policy.network.denseLayers
    layers = dense.enumerated().map { index, layer in
      // A squashed Gaussian's other outputs are its deviations.
      Layer(layer, outputs: index == dense.count - 1 ? width : layer.bias.value.columns)
    }
  }

  /// Computes the action for an observation, in the order of operations of the exported C code.
  public func act(on observation: [Float]) -> [Float] {
    precondition(observation.count == observationWidth, "\(observation.count) numbers")
    var values = observation
    if let normalizer {
      for j in values.indices {
        let value = (values[j] - normalizer.mean[j]) * normalizer.inverseDeviation[j]
        values[j] = min(max(value, -normalizer.limit), normalizer.limit)
      }
    }
    for layer in layers { values = layer.apply(to: values) }
    switch head {
    case .clipped(let low, let high):
      return values.indices.map { min(max(values[$0], low[$0]), high[$0]) }
    case .squashed(let low, let high):
      return values.indices.map {
        let half = (high[$0] - low[$0]) * 0.5
        return min(max(low[$0] + half + half * ScalarMaths.tanh(values[$0]), low[$0]), high[$0])
      }
    case .choice:
      var best = 0
      for j in values.indices where values[j] > values[best] { best = j }
      return [Float(best)]
    }
  }
}

extension ExportedPolicy.Layer {
  /// Takes the first outputs of a network's layer.
  init(_ layer: MLP.DenseLayer, outputs: Int) {
    let inputs = layer.weight.value.rows
    self.inputs = inputs
    self.outputs = outputs
    weight = (0..<outputs).flatMap { j in (0..<inputs).map { layer.weight.value[$0, j] } }
    func row(_ matrix: Matrix) -> [Float] { (0..<outputs).map { matrix[0, $0] } }
    bias = row(layer.bias.value)
    norm = layer.norm.map { (row($0.scale.value), row($0.shift.value)) }
    activation =
      switch layer.activation {
      case .identity: .identity
      case .tanh: .tanh
      case .relu: .relu
      case .elu: .elu
      case .silu: .silu
      }
  }

  /// Returns the scalar product by eight sums side by side, which rounds less than a single one.
  private static func product(_ weights: ArraySlice<Float>, _ values: [Float]) -> Float {
    var sums = SIMD8<Float>.zero
    let (start, whole) = (weights.startIndex, values.count / 8 * 8)
    for k in Swift.stride(from: 0, to: whole, by: 8) {
      for lane in 0..<8 { sums[lane] += weights[start + k + lane] * values[k + lane] }
    }
    for k in whole..<values.count { sums[0] += weights[start + k] * values[k] }
    let halves = sums.evenHalf + sums.oddHalf
    return (halves[0] + halves[1]) + (halves[2] + halves[3])
  }

  /// Computes the layer's outputs.
  func apply(to values: [Float]) -> [Float] {
    var sums = (0..<outputs).map { j in
      bias[j] + Self.product(weight[j * inputs..<(j + 1) * inputs], values)
    }
    if let norm {
      let mean = sums.reduce(0, +) / Float(outputs)
      let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(outputs)
      let scale = 1 / (variance + ExportedPolicy.normEpsilon).squareRoot()
      for j in sums.indices { sums[j] = (sums[j] - mean) * scale * norm.scale[j] + norm.shift[j] }
    }
    return sums.map(activation.callAsFunction)
  }
}

extension ExportedPolicy.Activation {
  /// Returns the function's value.
  func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .identity: x
    case .tanh: ScalarMaths.tanh(x)
    case .relu: max(x, 0)
    case .elu: x > 0 ? x : ScalarMaths.exp(x) - 1
    case .silu: x / (1 + ScalarMaths.exp(-x))
    }
  }
}
