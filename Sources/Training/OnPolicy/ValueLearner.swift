internal import LinearAlgebra
public import NeuralNetworks
public import Storage

/// The critic's part of an update: minibatch, squared error, gradient and step.
public final class ValueLearner {
  /// Mean squared error of the last minibatch, without its coefficient.
  public private(set) var loss: Float = 0
  /// Squared norm of the last gradient.
  public private(set) var squaredNorm: Float = 0
  /// Whether the critic has learnt in this iteration.
  public var isLearning = false
  private let coefficient: Float
  private let clipRange: Float?
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let optimizer: Optimizer
  private let workspace: MLP.Workspace
  private let observations: Matrix
  private let valueGradient: Matrix
  private let returns: Vector
  private let oldValues: Vector

  /// Allocates memory for minibatches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - critic: A network that maps normalised observations to values [B × 1].
  ///   - rollout: The rollout to learn from.
  ///   - rows: The maximum number of rows in a minibatch.
  ///   - coefficient: The weight c of the loss in a joint gradient norm.
  ///   - clipRange: The range ε of the clipped loss; nil for the plain squared error.
  ///   - rule: The rule of the optimiser.
  public init(
    _ critic: MLP, _ rollout: RolloutBuffer, rows: Int, coefficient: Float,
    clipRange: Float? = nil, rule: OptimizerRule
  ) {
    self.critic = critic
    self.rollout = rollout
    self.coefficient = coefficient
    self.clipRange = clipRange
    optimizer = Optimizer(critic.parameters, rule)
    workspace = critic.makeWorkspace(rows: rows)
    observations = Matrix(rows: rows, columns: rollout.observations.columns)
    valueGradient = Matrix(rows: rows, columns: 1)
    returns = Vector(count: rows)
    oldValues = Vector(count: rows)
  }

  /// Gathers the rows of a minibatch and computes the gradient of the value loss.
  ///
  /// The loss is `c mean((V − R)²)`, or `c mean(max((V − R)², (V_old + clip(V − V_old, ±ε) − R)²))`
  /// if values are clipped.
  public func computeGradient(_ order: [Int32], _ rows: Range<Int>) {
    let count = rows.count
    for (k, position) in rows.enumerated() {
      let row = Int(order[position])
      observations.copyRow(k, from: rollout.normalizedObservations, row: row)
      returns[k] = rollout.returns[row]
      oldValues[k] = rollout.values[row]
    }
    computeGradient(count)
  }

  /// Computes the gradient on the gathered rows.
  private func computeGradient(_ count: Int) {
    let values = critic.forward(observations, rows: count, in: workspace)
    let scale = 1 / Float(count)
    loss = 0
    for k in 0..<count {
      var error = values[k, 0] - returns[k]
      var slope: Float = 1
      if let limit = clipRange {
        let change = min(max(values[k, 0] - oldValues[k], -limit), limit)
        let clippedError = oldValues[k] + change - returns[k]
        if clippedError * clippedError > error * error {
          error = clippedError
          slope = abs(values[k, 0] - oldValues[k]) < limit ? 1 : 0
        }
      }
      loss += scale * error * error
      valueGradient[k, 0] = 2 * coefficient * scale * error * slope
    }
    critic.backward(observations, rows: count, outputGradient: valueGradient, in: workspace)
    squaredNorm = sumOfSquares(critic.parameters.gradients)
  }

  /// The critic, with its last minibatch if it has learnt in this iteration.
  public var named: NamedNetwork {
    let minibatch = LearntMinibatch(
      input: observations, outputGradient: valueGradient, rows: workspace.rows,
      meanRows: rollout.meanRows(inMinibatchesOf: workspace.capacity)
    ) { [self] in computeGradient(workspace.rows) }
    return NamedNetwork(
      "critic", critic, optimizer: optimizer, workspace: workspace,
      experience: rollout.experience, minibatch: isLearning ? minibatch : nil)
  }

  /// Takes a step along the last gradient, multiplied by a factor.
  public func step(_ learningRate: Float, gradientScale: Float) {
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    critic.parametersDidChange()
  }

  /// Writes the optimiser's moments.
  public func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "critic.adam")
  }

  /// Restores the optimiser's moments.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "critic.adam")
  }
}
