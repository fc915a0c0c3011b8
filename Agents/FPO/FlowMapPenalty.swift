internal import LinearAlgebra
package import NeuralNetworks
package import Training

/// A penalty on changes of the action that a flow makes of the same noise.
///
/// `c mean(|F(s, ε) − F_old(s, ε)|²)` with the noise ε from which the rollout's action flowed, and the
/// map F of all steps, through which the gradient is propagated back.  If actions have Gaussian
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
  private let stages: [FlowStage]
  private let inputs: [Matrix]
  private let workspaces: [MLP.Workspace]
  private let points: Matrix
  private let middles: Matrix
  /// Derivative with respect to the middle of a step.
  private let middleGradient: Matrix
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
    stages = policy.shape.stages(steps: policy.shape.steps)
    let (width, columns) = (policy.actionWidth, network.architecture.inputs)
    inputs = stages.map { _ in Matrix(rows: rows, columns: columns) }
    workspaces = stages.map { _ in network.makeWorkspace(rows: rows) }
    middles = Matrix(rows: rows, columns: width)
    middleGradient = Matrix(rows: rows, columns: width)
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
    let first = rollout.normalizedObservations.columns
    flow(order, range)
    var sum: Float = 0
    for (k, position) in range.enumerated() {
      for j in 0..<width {
        let distance = points[k, j] - ends[Int(order[position]), j]
        sum += distance * distance
        gradient[k, j] = 2 * weight * distance
      }
    }
    for (s, stage) in stages.enumerated().reversed() {
      // A half step leads to the middle, on which the whole step after it has put a gradient.
      let (source, isFromMiddle) = (
        stage.isHalf ? middleGradient : gradient, s > 0 && stages[s - 1].isHalf
      )
      let (step, linear) = (stage.step * velocityScale, stage.step * stage.linear)
      for k in 0..<rows {
        for j in 0..<width { outputGradient[k, j] = -step * source[k, j] }
      }
      network.backward(
        inputs[s], rows: rows, outputGradient: outputGradient, in: workspaces[s],
        inputGradient: inputGradient, accumulating: true)
      for k in 0..<rows {
        for j in 0..<width {
          let change = inputGradient[k, first + j] - linear * source[k, j]
          if isFromMiddle {
            middleGradient[k, j] = change
          } else {
            gradient[k, j] += change + (stage.isHalf ? source[k, j] : 0)
          }
        }
      }
    }
    return sum
  }

  /// Computes the ends of the flows and keeps every step of them.
  private func flow(_ order: [Int32], _ range: Range<Int>) {
    let (rows, width) = (range.count, points.columns)
    let observations = rollout.normalizedObservations
    let first = observations.columns
    for (k, position) in range.enumerated() {
      let row = Int(order[position])
      points.copyRow(k, from: starts, row: row)
      for input in inputs { input.setColumns(from: 0, ofRow: k, to: observations, row: row) }
    }
    var isAtMiddle = false
    for (s, stage) in stages.enumerated() {
      let positions = isAtMiddle ? middles : points
      for k in 0..<rows {
        stage.time.writeFeatures(timeFeatures, to: inputs[s], row: k, column: first + width)
      }
      inputs[s].setColumns(from: first, to: positions, rows: rows)
      let outputs = network.forward(inputs[s], rows: rows, in: workspaces[s])
      let result = stage.isHalf ? middles : points
      let (step, linear) = (stage.step * velocityScale, stage.step * stage.linear)
      for k in 0..<rows {
        for j in 0..<width {
          result[k, j] = points[k, j] - linear * positions[k, j] - step * outputs[k, j]
        }
      }
      isAtMiddle = stage.isHalf
    }
  }
}
