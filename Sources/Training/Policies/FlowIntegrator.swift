public import LinearAlgebra
public import NeuralNetworks

/// A batch of flows that Euler's method carries from time 1 to time 0, with memory for one thread.
public final class FlowIntegrator {
  private let velocityScale: Float
  private let timeFeatures: Int
  private let times: [FlowTime]
  private let inputs: Matrix
  private let capacity: Int
  private var scratch: (network: MLP, workspace: MLP.Workspace)?

  /// Allocates memory for up to `rows` flows of a policy, of `steps` Euler steps each.
  public init(_ policy: FlowPolicy, rows: Int, steps: Int) {
    velocityScale = policy.shape.velocityScale
    timeFeatures = policy.shape.timeFeatures
    times = (0..<steps).map { FlowTime(1 - Float($0) / Float(steps)) }
    inputs = Matrix(rows: rows, columns: policy.network.architecture.inputs)
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
    let step = velocityScale / Float(times.count)
    inputs.setColumns(from: 0, to: observations, rows: rows)
    for time in times {
      for i in 0..<rows {
        time.writeFeatures(timeFeatures, to: inputs, row: i, column: first + width)
      }
      inputs.setColumns(from: first, to: points, rows: rows)
      let velocities = network.forward(inputs, rows: rows, in: workspace)
      for i in 0..<rows {
        for j in 0..<width { points[i, j] -= step * velocities[i, j] }
      }
    }
  }

  private func workspace(of network: MLP) -> MLP.Workspace {
    if let scratch, scratch.network === network { return scratch.workspace }
    let workspace = network.makeWorkspace(rows: capacity)
    scratch = (network, workspace)
    return workspace
  }
}
