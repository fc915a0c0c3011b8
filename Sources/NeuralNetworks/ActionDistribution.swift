public import LinearAlgebra

/// The inputs of an action distribution: a network's outputs and the distribution's own parameters.
public struct DistributionBatch {
  /// Outputs of the network, [≥ rows × D].
  public let outputs: Matrix
  /// Values of the distribution's own parameters, [1 × P]; no columns if it has none.
  public let own: Matrix

  /// Creates a batch that refers to both matrices without copying them.
  public init(outputs: Matrix, own: Matrix) {
    self.outputs = outputs
    self.own = own
  }
}

/// A distribution of actions whose parameters are the outputs of a policy's network.
///
/// Shapes: B rows, D outputs of the network, A components of an action.
public protocol ActionDistribution: AnyObject {
  /// The type that draws actions from the distribution, with its own scratch memory.
  associatedtype Sampler: ActionSampler
  /// Name of the distribution in policy files.
  static var kind: String { get }
  /// A, the number of components of an action.
  var actionWidth: Int { get }
  /// D, the number of network outputs that the distribution needs.
  var outputWidth: Int { get }
  /// Lower bounds of the action's components, in the environment's units; empty for choices.
  var low: [Float] { get }
  /// Upper bounds of the action's components, in the environment's units; empty for choices.
  var high: [Float] { get }
  /// Number of choices; nil for a box of actions.
  var choices: Int? { get }
  /// Parameters that belong to the distribution rather than to the network; may be empty.
  var parameters: ParameterBlock { get }
  /// Mean standard deviation over the components; NaN if it depends on the network's outputs or
  /// does not exist.
  var meanDeviation: Double { get }

  /// Creates a sampler for batches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - rows: The maximum number of rows in a batch.
  ///   - drawsPairs: Whether each pair of normal numbers serves two components; this halves the
  ///     work and yields other numbers than drawing them one by one.
  /// - Returns: The sampler.
  func makeSampler(rows: Int, drawsPairs: Bool) -> Sampler
  /// Maps sampled actions into the environment's bounds; NaN remains NaN.
  ///
  /// - Parameters:
  ///   - actions: Actions as drawn by a sampler, [≥ rows × A].
  ///   - rows: The number of rows, from row 0.
  ///   - result: The matrix that receives the bounded actions.
  ///   - firstRow: The row of `result` that receives the first action.
  func bound(_ actions: Matrix, rows: Int, into result: Matrix, firstRow: Int)
  /// Returns the mean over the rows of KL(p ‖ q), in nats; either may be the older distribution.
  func divergence(_ p: DistributionBatch, from q: DistributionBatch, rows: Int) -> Double
  /// Adds the gradient of `weight · Σ KL(p ‖ q)` with respect to p, which has the distribution's
  /// current parameters.
  ///
  /// - Parameters:
  ///   - weight: The derivative of the loss with respect to each row's divergence.
  ///   - outputs: The network's outputs for p, [≥ rows × D].
  ///   - q: The other distribution, which is held fixed.
  ///   - rows: The number of rows.
  ///   - outputGradient: The gradient to add to, [≥ rows × D]; the gradients of ``parameters`` are
  ///     added to as well.
  /// - Returns: The mean of KL(p ‖ q) over the rows, in nats.
  func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix
  ) -> Double
}

extension ActionDistribution {
  /// Returns a batch of outputs together with the current values of ``parameters``.
  public func batch(_ outputs: Matrix) -> DistributionBatch {
    DistributionBatch(outputs: outputs, own: parameters.parameters[0].value)
  }

  /// Creates parameters of shape [1 × columns].
  static func makeParameters(columns: Int) -> ParameterBlock {
    ParameterBlock([(name: "policy.log-std", rows: 1, columns: columns, isWeight: false)])
  }
}

/// An action distribution with log-probabilities of given actions, and their gradients.
public protocol LikelihoodDistribution: ActionDistribution {
  /// Writes the log-probability or log-density of each row's action, in nats.
  func logProbabilities(of actions: Matrix, outputs: Matrix, rows: Int, into result: Vector)
  /// Returns the mean entropy over the rows, in nats.
  ///
  /// - Parameters:
  ///   - outputs: Outputs of the network, [≥ rows × D].
  ///   - rows: The number of rows.
  ///   - scratch: Scratch memory, [≥ rows], overwritten.
  /// - Returns: The mean entropy.
  func meanEntropy(_ outputs: Matrix, rows: Int, scratch: Vector) -> Float
  /// Computes the gradient of `Σ weights[i] · log π(actions[i]) + entropyWeight · mean H`.
  ///
  /// - Parameters:
  ///   - weights: The derivative of the loss with respect to each row's log-probability.
  ///   - entropyWeight: The derivative of the loss with respect to the mean entropy.
  ///   - actions: Actions as sampled, [≥ rows × A].
  ///   - outputs: Outputs of the network, [≥ rows × D].
  ///   - rows: The number of rows.
  ///   - outputGradient: The gradient to set, [≥ rows × D]; the gradients of
  ///     ``ActionDistribution/parameters`` are set as well.
  func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, outputs: Matrix, rows: Int,
    outputGradient: Matrix)
  /// Number of parts of the divergence that a method may limit apart: 2 for a Gaussian, its means and
  /// its deviations, otherwise 1.
  var divergenceParts: Int { get }
  /// Adds the gradient of `Σ weights[k] · Σ KL_k(q ‖ p)` over the parts k and the rows with respect to
  /// p, which has the distribution's current parameters.
  ///
  /// - Parameters:
  ///   - weights: One factor for each part.
  ///   - q: The other distribution, which is held fixed and is the measure.
  ///   - outputs: The network's outputs for p, [≥ rows × D].
  ///   - rows: The number of rows.
  ///   - outputGradient: The gradient to add to, [≥ rows × D]; the gradients of
  ///     ``ActionDistribution/parameters`` are added to as well.
  /// - Returns: The mean of each part over the rows, in nats.
  func addDivergenceGradient(
    weights: [Float], of q: DistributionBatch, outputs: Matrix, rows: Int, outputGradient: Matrix
  ) -> [Double]
  /// Multiplies a direction by the Fisher information matrix of the distribution.
  ///
  /// The matrix holds the second derivatives of `Σ KL(π ‖ π')` over the rows, with respect to the
  /// outputs and own parameters of either, where both are the same.
  ///
  /// - Parameters:
  ///   - tangents: The direction's outputs, [≥ rows × D].
  ///   - ownTangent: The direction's own parameters, [1 × P].
  ///   - weight: A factor on the product.
  ///   - outputs: Outputs of the network, [≥ rows × D].
  ///   - rows: The number of rows.
  ///   - outputGradient: The matrix to set to the product, [≥ rows × D]; the gradients of
  ///     ``ActionDistribution/parameters`` are set as well.
  func multiplyByFisher(
    _ tangents: Matrix, ownTangent: Matrix, weight: Float, outputs: Matrix, rows: Int,
    outputGradient: Matrix)
  /// Limits the distribution's own parameters to a range that an entropy bonus alone would leave.
  func limitParameters()
}

/// An object that draws actions from a distribution, with scratch memory for one thread.
public protocol ActionSampler: AnyObject {
  /// The actions drawn last, [≥ rows × A], before any bounds; NaN if the outputs are not numbers.
  var actions: Matrix { get }
  /// Draws an action for each row.
  ///
  /// - Parameters:
  ///   - outputs: Outputs of the network, [≥ rows × D].
  ///   - rows: The number of rows, from row 0.
  ///   - streams: One random stream for each row.
  func sample(_ outputs: Matrix, rows: Int, streams: inout [RandomStream])
  /// Sets each row's action to the mode: the mean, the squashed mean or the most likely choice.
  func chooseMode(_ outputs: Matrix, rows: Int)
}

extension RandomStream {
  /// Fills a row of a matrix with standard normal numbers.
  ///
  /// - Parameters:
  ///   - matrix: The matrix that receives the numbers.
  ///   - row: The index of the row.
  ///   - inPairs: Whether each draw serves two columns.
  public mutating func fillNormal(_ matrix: Matrix, row: Int, inPairs: Bool) {
    let columns = matrix.columns
    for j in stride(from: 0, to: columns, by: inPairs ? 2 : 1) {
      if inPairs, j + 1 < columns {
        (matrix[row, j], matrix[row, j + 1]) = normalPair()
      } else {
        matrix[row, j] = firstOfNormalPair()
      }
    }
  }
}

/// Returns KL(p ‖ q) of two normal distributions, in nats.
func gaussianDivergence(
  mean: Double, logDeviation: Double, from otherMean: Double, _ otherLogDeviation: Double
) -> Double {
  let variance = ScalarMaths.exp(2 * logDeviation)
  let distance = mean - otherMean
  return otherLogDeviation - logDeviation - 0.5
    + (variance + distance * distance) / (2 * ScalarMaths.exp(2 * otherLogDeviation))
}

/// Returns Schulman's k3 estimate of KL(old ‖ new) from one action, `ratio − 1 − log ratio`, which
/// is never negative.
///
/// - Source: J. Schulman, "Approximating KL divergence", 2020.
public func approximateDivergence(logRatio: Float) -> Float {
  ScalarMaths.expm1(logRatio) - logRatio
}
