internal import LinearAlgebra
package import NeuralNetworks
package import Training

/// A penalty on changes of the action that a flow makes of the same noise.
///
/// `c mean(|F(s, ε) − F_old(s, ε)|²)` with the noise ε from which the rollout's action flowed, and the
/// map F of all Euler steps, through which the gradient is propagated back.  If actions have Gaussian
/// noise of deviation σ beside it, the mean is 2σ² KL(old ‖ new) of noise and action together.
///
/// - Source: the penalty of the public code `fpo-control-saa` on flows of a single step.
package final class FlowMapPenalty {
  private let network: MLP
  private let rollout: RolloutBuffer
  private let starts: Matrix
  private let ends: Matrix
  private let velocityScale: Float
  private let timeFeatures: Int
  private let times: [FlowTime]
  private let inputs: [Matrix]
  private let workspaces: [MLP.Workspace]
  private let points: Matrix
  private let gradient: Matrix
  private let outputGradient: Matrix
  private let inputGradient: Matrix

  /// Allocates memory for up to `rows` transitions.
  package init(_ network: MLP, policy: FlowPolicy, rollout: RolloutBuffer, rows: Int) {
    guard let starts = rollout.column(FlowPolicy.startColumn),
      let ends = rollout.column(FlowPolicy.endColumn)
    else { preconditionFailure("a rollout without flows") }
    self.network = network
    self.rollout = rollout
    (self.starts, self.ends) = (starts, ends)
    velocityScale = policy.shape.velocityScale
    timeFeatures = policy.shape.timeFeatures
    let steps = policy.shape.steps
    times = (0..<steps).map { FlowTime(1 - Float($0) / Float(steps)) }
    let (width, columns) = (policy.actionWidth, network.architecture.inputs)
    inputs = (0..<steps).map { _ in Matrix(rows: rows, columns: columns) }
    workspaces = (0..<steps).map { _ in network.makeWorkspace(rows: rows) }
    points = Matrix(rows: rows, columns: width)
    gradient = Matrix(rows: rows, columns: width)
    outputGradient = Matrix(rows: rows, columns: width)
    inputGradient = Matrix(rows: rows, columns: columns)
  }

  /// Adds the gradient of the penalty on some transitions to the network's gradients.
  ///
  /// - Parameters:
  ///   - order: Rows of the rollout.
  ///   - range: The range of the transitions in `order`.
  ///   - weight: The derivative of the objective with respect to each squared distance.
  /// - Returns: The sum of the squared distances.
  package func addGradient(_ order: [Int32], _ range: Range<Int>, weight: Float) -> Float {
    let (rows, width) = (range.count, points.columns)
    let (first, step) = (rollout.normalizedObservations.columns, velocityScale / Float(times.count))
    flow(order, range)
    var sum: Float = 0
    for (k, position) in range.enumerated() {
      for j in 0..<width {
        let distance = points[k, j] - ends[Int(order[position]), j]
        sum += distance * distance
        gradient[k, j] = 2 * weight * distance
      }
    }
    for s in times.indices.reversed() {
      for k in 0..<rows {
        for j in 0..<width { outputGradient[k, j] = -step * gradient[k, j] }
      }
      network.backward(
        inputs[s], rows: rows, outputGradient: outputGradient, in: workspaces[s],
        inputGradient: inputGradient, accumulating: true)
      for k in 0..<rows {
        for j in 0..<width { gradient[k, j] += inputGradient[k, first + j] }
      }
    }
    return sum
  }

  /// Computes the ends of the flows and keeps every step of them.
  private func flow(_ order: [Int32], _ range: Range<Int>) {
    let (rows, width) = (range.count, points.columns)
    let observations = rollout.normalizedObservations
    let (first, step) = (observations.columns, velocityScale / Float(times.count))
    for (k, position) in range.enumerated() {
      let row = Int(order[position])
      points.copyRow(k, from: starts, row: row)
      for input in inputs { input.setColumns(from: 0, ofRow: k, to: observations, row: row) }
    }
    for (s, time) in times.enumerated() {
      for k in 0..<rows {
        time.writeFeatures(timeFeatures, to: inputs[s], row: k, column: first + width)
      }
      inputs[s].setColumns(from: first, to: points, rows: rows)
      let outputs = network.forward(inputs[s], rows: rows, in: workspaces[s])
      for k in 0..<rows {
        for j in 0..<width { points[k, j] -= step * outputs[k, j] }
      }
    }
  }
}
