public import LinearAlgebra
public import NeuralNetworks

/// The Hessian of a loss with respect to a network's parameters, as products with vectors.
///
/// Products change the network's parameters and gradients; ``restore()`` puts them back.
///
/// - Source: central differences of gradients, `Hv ≈ (∇L(θ + εv) − ∇L(θ − εv)) / 2ε`, with
///   `ε = 2 √u (1 + ‖θ‖) / ‖v‖` and u the rounding unit: Martens 2010, "Deep learning via Hessian-free
///   optimization".
public final class LossCurvature {
  private let network: MLP
  private let computeGradient: () -> Void
  private let values: Vector
  private let gradients: Vector
  private let step: Double

  /// Prepares to differentiate at the network's current parameters.
  ///
  /// - Parameters:
  ///   - network: The network whose parameters are varied.
  ///   - computeGradient: Sets the network's gradients to those of the loss at its parameters.
  public init(_ network: MLP, computeGradient: @escaping () -> Void) {
    self.network = network
    self.computeGradient = computeGradient
    let block = network.parameters
    values = Vector(count: block.values.count)
    values.copy(from: block.values)
    gradients = Vector(count: block.values.count)
    gradients.copy(from: block.gradients)
    var squares = 0.0
    for i in 0..<values.count { squares += Double(values[i]) * Double(values[i]) }
    step = 2 * Double(Float.ulpOfOne).squareRoot() * (1 + squares.squareRoot())
  }

  /// Length of a direction: all parameters and their padding, where directions are zero.
  public var dimension: Int { values.count }

  /// Draws a direction of normally distributed numbers.
  public func randomDirection(using random: inout RandomStream) -> [Double] {
    var direction = [Double](repeating: 0, count: dimension)
    var offset = 0
    for parameter in network.parameters.parameters {
      let matrix = parameter.value
      for i in 0..<matrix.rows {
        for j in 0..<matrix.columns {
          direction[offset + i * matrix.stride + j] = Double(random.normalPair().0)
        }
      }
      offset += matrix.rows * matrix.stride
    }
    return direction
  }

  /// Returns the gradient at the unchanged parameters.
  public func gradient() -> [Double] {
    network.parameters.values.copy(from: values)
    return evaluate()
  }

  /// Returns the product of the matrix of second derivatives and a direction.
  public func product(_ direction: [Double]) -> [Double] {
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0 else { return direction }
    let epsilon = step / length
    let above = gradient(displacedBy: epsilon, direction)
    let below = gradient(displacedBy: -epsilon, direction)
    var result = above
    for i in result.indices { result[i] = (above[i] - below[i]) / (2 * epsilon) }
    return result
  }

  private func gradient(displacedBy factor: Double, _ direction: [Double]) -> [Double] {
    let target = network.parameters.values
    for i in 0..<dimension { target[i] = Float(Double(values[i]) + factor * direction[i]) }
    return evaluate()
  }

  private func evaluate() -> [Double] {
    network.parametersDidChange()
    computeGradient()
    let gradients = network.parameters.gradients
    return (0..<dimension).map { Double(gradients[$0]) }
  }

  /// Restores the network's parameters and gradients, bit for bit.
  public func restore() {
    network.parameters.values.copy(from: values)
    network.parameters.gradients.copy(from: gradients)
    network.parametersDidChange()
  }
}
