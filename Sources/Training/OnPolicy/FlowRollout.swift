internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore

extension FlowPolicy: RolloutPolicy {
  /// Name of the rollout column with the times of N loss samples, three values each.
  public static let timesColumn = "flow-times"
  /// Name of the rollout column with the noise ε of N loss samples, [N · A].
  public static let noiseColumn = "flow-noise"
  /// Name of the rollout column with the noise that the action's flow started from, [A].
  public static let startColumn = "flow-start"
  /// Name of the rollout column with the end of the action's flow, without rollout noise, [A].
  public static let endColumn = "flow-end"

  /// Returns the columns of a rollout.
  ///
  /// - Parameters:
  ///   - samples: The number N of samples at which a step's loss is estimated.
  ///   - keepsFlows: Whether start and end of each action's flow are recorded.
  /// - Returns: The columns.
  public func columns(samples: Int, keepsFlows: Bool) -> [RolloutColumn] {
    [
      RolloutColumn(Self.timesColumn, width: FlowTime.storedWidth * samples),
      RolloutColumn(Self.noiseColumn, width: actionWidth * samples),
    ]
      + (keepsFlows
        ? [
          RolloutColumn(Self.startColumn, width: actionWidth),
          RolloutColumn(Self.endColumn, width: actionWidth),
        ] : [])
  }

  /// Creates an actor that stores unbounded actions, draws the loss samples of each step and
  /// records flows if the rollout has columns for them.
  public func makeRolloutActor(rows: Int, rollout: RolloutBuffer) -> any RolloutActor {
    FlowRolloutActor(self, rows: rows, rollout: rollout)
  }
}

/// An actor that gathers rollouts on one thread.
private final class FlowRolloutActor: RolloutActor {
  private let policy: FlowPolicy
  private let integrator: FlowIntegrator
  private let points: Matrix
  private let noise: Matrix
  private let times: Matrix?
  private let lossNoise: Matrix?
  private let starts: Matrix?
  private let ends: Matrix?

  init(_ policy: FlowPolicy, rows: Int, rollout: RolloutBuffer) {
    self.policy = policy
    integrator = FlowIntegrator(policy, rows: rows, steps: policy.shape.steps)
    points = Matrix(rows: rows, columns: policy.actionWidth)
    noise = Matrix(rows: rows, columns: policy.actionWidth)
    times = rollout.column(FlowPolicy.timesColumn)
    lossNoise = rollout.column(FlowPolicy.noiseColumn)
    starts = rollout.column(FlowPolicy.startColumn)
    ends = rollout.column(FlowPolicy.endColumn)
  }

  func act(
    on observations: Matrix, for block: RolloutBlock, streams: inout [RandomStream],
    actions: Matrix
  ) {
    let rows = block.environments.count
    for i in 0..<rows {
      streams[i].fillNormal(points, row: i, inPairs: true)
      starts?.copyRow(block.row(i), from: points, row: i)
    }
    integrator.integrate(policy.network, observations: observations, rows: rows, points: points)
    for i in 0..<rows {
      ends?.copyRow(block.row(i), from: points, row: i)
      if policy.rolloutNoise > 0 { addNoise(to: i, from: &streams[i]) }
      block.rollout.actions.copyRow(block.row(i), from: points, row: i)
      drawLossSamples(for: block.row(i), from: &streams[i])
    }
    policy.bound(points, rows: rows, into: actions, firstRow: block.environments.lowerBound)
  }

  private func addNoise(to row: Int, from stream: inout RandomStream) {
    stream.fillNormal(noise, row: row, inPairs: true)
    for j in 0..<points.columns { points[row, j] += policy.rolloutNoise * noise[row, j] }
  }

  private func drawLossSamples(for row: Int, from stream: inout RandomStream) {
    guard let lossNoise, let times else { return }
    stream.fillNormal(lossNoise, row: row, inPairs: true)
    let (samples, steps) = (times.columns / FlowTime.storedWidth, policy.shape.steps)
    guard policy.pairsLossSamples else {
      for i in 0..<samples {
        policy.lossTimes.time(at: stream.uniform(), steps: steps)
          .store(in: times, row: row, column: i * FlowTime.storedWidth)
      }
      return
    }
    let (pairs, width) = ((samples + 1) / 2, points.columns)
    for pair in 0..<pairs {
      let quantile = (Float(pair) + stream.uniform()) / Float(pairs)
      let time = policy.lossTimes.time(at: min(quantile, Float(1).nextDown), steps: steps)
      for i in 2 * pair..<min(2 * pair + 2, samples) {
        time.store(in: times, row: row, column: i * FlowTime.storedWidth)
      }
      guard 2 * pair + 1 < samples else { continue }
      let first = 2 * pair * width
      for j in first..<first + width { lossNoise[row, j + width] = -lossNoise[row, j] }
    }
  }
}
