public import LinearAlgebra

/// Products of a policy's Fisher information matrix with vectors, without the matrix.
///
/// With J the derivatives of the network's outputs with respect to its parameters, and F the Fisher
/// matrix of the distribution that the outputs describe, the product is the mean over the rows of
/// `Jᵀ F J v`: a tangent pass, a product per row, and a backward pass.  It is the matrix of second
/// derivatives of `mean KL(π_old ‖ π)` at π = π_old.
///
/// - Source: Schulman et al. 2015, arXiv:1502.05477, appendix C.1.
public final class FisherProduct {
  /// The network's parameters, then the distribution's own.
  public let space: ParameterSpace
  private let network: MLP
  private let distribution: any LikelihoodDistribution
  private let workspace: MLP.Workspace
  private let tangent: MLP.Tangent
  private let direction: Vector
  private let ownDirection: Matrix
  private let outputGradient: Matrix
  private var inputs: Matrix?

  /// Allocates memory for batches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - network: A plain network without batch normalisation.
  ///   - distribution: The distribution of actions that its outputs describe.
  ///   - rows: The maximum number of rows in a batch.
  public init(_ network: MLP, _ distribution: any LikelihoodDistribution, rows: Int) {
    self.network = network
    self.distribution = distribution
    space = ParameterSpace([network.parameters, distribution.parameters])
    workspace = network.makeWorkspace(rows: rows)
    direction = Vector(count: space.dimension)
    let views = space.views(of: direction)
    tangent = network.makeTangent(rows: rows, along: views[0])
    ownDirection = views[1][0]
    outputGradient = Matrix(rows: rows, columns: distribution.outputWidth)
  }

  /// Prepares products at the current parameters with the rows of a batch.
  ///
  /// - Parameter inputs: Inputs of the network, [B × O], which must not change until the last
  ///   product.
  public func prepare(_ inputs: Matrix) {
    self.inputs = inputs
    network.forward(inputs, rows: inputs.rows, in: workspace)
  }

  /// Multiplies a vector by the matrix; the gradients of network and distribution are overwritten.
  ///
  /// - Parameters:
  ///   - vector: The vector v, in the layout of ``space``.
  ///   - result: The vector that receives the product; not `vector`.
  public func multiply(_ vector: Vector, into result: Vector) {
    guard let inputs else { preconditionFailure("a product before there are rows") }
    direction.copy(from: vector)
    let rows = inputs.rows
    network.differentiate(inputs, rows: rows, in: workspace, along: tangent)
    distribution.multiplyByFisher(
      tangent.output, ownTangent: ownDirection, weight: 1 / Float(rows), outputs: workspace.output,
      rows: rows, outputGradient: outputGradient)
    network.backward(inputs, rows: rows, outputGradient: outputGradient, in: workspace)
    space.copyGradients(to: result)
  }
}
