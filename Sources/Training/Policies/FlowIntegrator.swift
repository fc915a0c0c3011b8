public import LinearAlgebra
public import NeuralNetworks

/// A batch of flows that a policy's method carries from time 1 to time 0, with memory for one thread.
public final class FlowIntegrator {
  private let velocityScale: Float
  private let timeFeatures: Int
  private let stages: [FlowStage]
  private let inputs: Matrix
  private let middles: Matrix
  private let capacity: Int
  private var scratch: (network: MLP, workspace: MLP.Workspace)?

  /// Allocates memory for up to `rows` flows of a policy, of `steps` steps each.
  public init(_ policy: FlowPolicy, rows: Int, steps: Int) {
    velocityScale = policy.shape.velocityScale
    timeFeatures = policy.shape.timeFeatures
    stages = policy.shape.stages(steps: steps)
    inputs = Matrix(rows: rows, columns: policy.network.architecture.inputs)
    middles = Matrix(rows: rows, columns: policy.actionWidth)
    capacity = rows
  }

  /// Moves points from the start to the end of their flows.
  ///
  /// - Parameters:
  ///   - network: The policy's network or its average.
  ///   - observations: Normalised observations, [≥ rows × O].
  ///   - rows: The number of flows.
  ///   - points: The points, [≥ rows × A].
  public func integrate(_ network: MLP, observations: Matrix, rows: Int, points: Matrix) {
    let workspace = workspace(of: network)
    let (first, width) = (observations.columns, points.columns)
    inputs.setColumns(from: 0, to: observations, rows: rows)
    var isAtMiddle = false
    for stage in stages {
      let positions = isAtMiddle ? middles : points
      for i in 0..<rows {
        stage.time.writeFeatures(timeFeatures, to: inputs, row: i, column: first + width)
      }
      inputs.setColumns(from: first, to: positions, rows: rows)
      let outputs = network.forward(inputs, rows: rows, in: workspace)
      let result = stage.isHalf ? middles : points
      let (step, linear) = (stage.step * velocityScale, stage.step * stage.linear)
      for i in 0..<rows {
        for j in 0..<width {
          result[i, j] = points[i, j] - linear * positions[i, j] - step * outputs[i, j]
        }
      }
      isAtMiddle = stage.isHalf
    }
  }

  private func workspace(of network: MLP) -> MLP.Workspace {
    if let scratch, scratch.network === network { return scratch.workspace }
    let workspace = network.makeWorkspace(rows: capacity)
    scratch = (network, workspace)
    return workspace
  }
}

/// One evaluation of the velocity in a flow, and the move along it.
public struct FlowStage: Sendable {
  /// Time of the evaluation.
  public let time: FlowTime
  /// Distance in time of the move.
  public let step: Float
  /// Factor on the point in the linear part of the velocity.
  public let linear: Float
  /// Whether the move only leads to the middle of a step, where the next stage evaluates the
  /// velocity of the whole step.
  public let isHalf: Bool
}

extension FlowShape {
  /// Returns the stages of a flow of the given number of steps.
  public func stages(steps: Int) -> [FlowStage] {
    let step = 1 / Float(steps)
    return (0..<steps).flatMap { i in
      let start = 1 - Float(i) / Float(steps)
      func stage(_ time: Float, _ step: Float, isHalf: Bool = false) -> FlowStage {
        let time = FlowTime(time)
        return FlowStage(
          time: time, step: step, linear: time.linearVelocity(deviation: initialDeviation),
          isHalf: isHalf)
      }
      return method == .midpoint
        ? [stage(start, 0.5 * step, isHalf: true), stage(start - 0.5 * step, step)]
        : [stage(start, step)]
    }
  }
}
