public import LinearAlgebra

/// What a distribution is read from: outputs of a network and parameters of the distribution's own.
public struct DistributionBatch {
  /// [≥ rows × D]: outputs of the network.
  public let outputs: Matrix
  /// [1 × P]: values of the distribution's own parameters; of no columns if it has none.
  public let own: Matrix

  /// Gathers both; nothing is copied.
  public init(outputs: Matrix, own: Matrix) {
    self.outputs = outputs
    self.own = own
  }
}

/// How the outputs of a policy's network become actions.
///
/// Shapes: B rows, D outputs of the network, A components of an action.
public protocol ActionDistribution: AnyObject {
  /// Draws from it, with memory of its own.
  associatedtype Sampler: ActionSampler
  /// Its name in policy files.
  static var kind: String { get }
  /// A.
  var actionWidth: Int { get }
  /// D.
  var outputWidth: Int { get }
  /// Lower bounds of the action's components in the environment's units; empty for choices.
  var low: [Float] { get }
  /// Upper bounds of the action's components; empty for choices.
  var high: [Float] { get }
  /// Number of choices; nil for a box of actions.
  var choices: Int? { get }
  /// Parameters that belong to the distribution rather than to the network; may be empty.
  var parameters: ParameterBlock { get }
  /// Mean standard deviation over the components, as far as its own parameters say; NaN otherwise.
  var meanDeviation: Double { get }

  /// Makes memory to draw actions for up to `rows` rows at a time.
  ///
  /// - Parameters:
  ///   - rows: The most rows of a batch.
  ///   - drawsPairs: Whether a pair of normal numbers serves two components; half the work, and
  ///     other numbers than one by one.
  /// - Returns: The memory.
  func makeSampler(rows: Int, drawsPairs: Bool) -> Sampler
  /// Brings actions as sampled [≥ rows × A] into the environment's bounds; NaN stays NaN.
  ///
  /// - Parameters:
  ///   - actions: As a sampler has drawn them.
  ///   - rows: How many rows, from row 0.
  ///   - result: Receives the actions.
  ///   - firstRow: The row of `result` that receives the first.
  func bound(_ actions: Matrix, rows: Int, into result: Matrix, firstRow: Int)
  /// The mean over the rows of KL(p ‖ q), in nats; either may be the older one.
  func divergence(_ p: DistributionBatch, from q: DistributionBatch, rows: Int) -> Double
  /// Adds the gradient of `weight · Σ KL(p ‖ q)` by p, which has the distribution's present
  /// parameters.
  ///
  /// - Parameters:
  ///   - weight: The derivative of the loss by each row's divergence.
  ///   - outputs: Of p, [≥ rows × D].
  ///   - q: Is held fixed.
  ///   - rows: How many rows.
  ///   - outputGradient: Is added to, [≥ rows × D]; so are the gradients of ``parameters``.
  func addDivergenceGradient(
    weight: Float, outputs: Matrix, from q: DistributionBatch, rows: Int, outputGradient: Matrix)
}

extension ActionDistribution {
  /// The present parameters with a batch of outputs.
  public func batch(_ outputs: Matrix) -> DistributionBatch {
    DistributionBatch(outputs: outputs, own: parameters.parameters[0].value)
  }

  /// Parameters of this many columns, [1 × columns].
  static func makeParameters(columns: Int) -> ParameterBlock {
    ParameterBlock([(name: "policy.log-std", rows: 1, columns: columns, isWeight: false)])
  }
}

/// A distribution that says how likely any given action is, with gradients.
public protocol LikelihoodDistribution: ActionDistribution {
  /// Writes the log-probability or log-density of each row's action, in nats.
  func logProbabilities(of actions: Matrix, outputs: Matrix, rows: Int, into result: Vector)
  /// The mean over the rows of the entropy, in nats.
  ///
  /// - Parameters:
  ///   - outputs: [≥ rows × D].
  ///   - rows: How many rows.
  ///   - scratch: [≥ rows], overwritten.
  /// - Returns: The entropy.
  func meanEntropy(_ outputs: Matrix, rows: Int, scratch: Vector) -> Float
  /// Computes the gradient of `Σ weights[i] · log π(actions[i]) + entropyWeight · mean H`.
  ///
  /// - Parameters:
  ///   - weights: The derivative of the loss by each row's log-probability.
  ///   - entropyWeight: The derivative of the loss by the mean entropy.
  ///   - actions: [≥ rows × A], as sampled.
  ///   - outputs: [≥ rows × D].
  ///   - rows: How many rows.
  ///   - outputGradient: Is set, [≥ rows × D]; so are the gradients of ``parameters``.
  func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, outputs: Matrix, rows: Int,
    outputGradient: Matrix)
  /// Keeps its own parameters in a range that an entropy bonus alone would leave.
  func limitParameters()
}

/// A distribution's memory for drawing actions, for one thread.
public protocol ActionSampler: AnyObject {
  /// [≥ rows × A]: the actions drawn last, before any bounds; NaN if the outputs are not numbers.
  var actions: Matrix { get }
  /// Draws an action of each row.
  ///
  /// - Parameters:
  ///   - outputs: [≥ rows × D].
  ///   - rows: How many rows, from row 0.
  ///   - streams: One random stream for each row.
  func sample(_ outputs: Matrix, rows: Int, streams: inout [RandomStream])
  /// Sets each row's action to the mode: the mean, the squashed mean, or the likeliest choice.
  func chooseMode(_ outputs: Matrix, rows: Int)
}

extension RandomStream {
  /// Fills a row with standard normal numbers.
  ///
  /// - Parameters:
  ///   - matrix: Receives the numbers.
  ///   - row: Which row.
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

/// KL(p ‖ q) of two normal distributions, in nats.
func gaussianDivergence(
  mean: Double, logDeviation: Double, from otherMean: Double, _ otherLogDeviation: Double
) -> Double {
  let variance = ScalarMaths.exp(2 * logDeviation)
  let distance = mean - otherMean
  return otherLogDeviation - logDeviation - 0.5
    + (variance + distance * distance) / (2 * ScalarMaths.exp(2 * otherLogDeviation))
}

/// The derivatives of KL(p ‖ q) of two normal distributions by p's mean and log-deviation.
func gaussianDivergenceGradient(
  mean: Float, logDeviation: Float, from otherMean: Float, _ otherLogDeviation: Float
) -> (mean: Float, logDeviation: Float) {
  let inverse = ScalarMaths.exp(-otherLogDeviation)
  let ratio = ScalarMaths.exp(logDeviation - otherLogDeviation)
  return ((mean - otherMean) * inverse * inverse, ratio * ratio - 1)
}

/// Schulman's k3 estimate of KL(old ‖ new) from one action: `ratio − 1 − log ratio`, never negative.
///
/// - Source: J. Schulman, "Approximating KL divergence", 2020.
public func approximateDivergence(logRatio: Float) -> Float {
  ScalarMaths.expm1(logRatio) - logRatio
}
