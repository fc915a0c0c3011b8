import Agents
import CAllocationCounter
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Training

/// A case that measures how fast flow policies choose actions.
enum FlowCases {
  static let all = [
    BenchmarkCase(name: "flow-actions-32") { _ in actions() }
  ]

  /// Measures the choice of actions for 32 walkers with 10 flow steps and two layers of 64 units,
  /// in ms, and its heap allocations.
  private static func actions() -> [Measurement] {
    guard let walker = EnvironmentRegistry.find("walker") else {
      preconditionFailure("no environment walker")
    }
    var random = RandomStream(seed: 1, name: "benchmark")
    let policy = FlowPolicy(
      specification: walker.specification, shape: FlowShape(), hidden: [64, 64], activation: .silu,
      usesLayerNorm: false, keepsAverage: false, normalizesObservations: true, random: &random)
    let rows = 32
    let (observations, actions) = (
      Matrix(rows: rows, columns: walker.specification.observationWidth),
      Matrix(rows: rows, columns: walker.specification.actionWidth)
    )
    for i in 0..<rows { random.fillNormal(observations, row: i, inPairs: true) }
    var streams = (0..<rows).map { RandomStream(seed: 1, name: "noise", index: $0) }
    let actor = policy.makeActor(rows: rows)
    func act() {
      actor.act(
        on: observations, rows: rows, mode: .stochastic, streams: &streams, actions: actions)
    }
    act()
    let repeats = 2000
    let before = cac_allocations()
    for _ in 0..<repeats { act() }
    let allocations = Double(cac_allocations() - before) / Double(repeats)
    let seconds = shortestTime(repeats: 5) { for _ in 0..<repeats { act() } }
    return [
      Measurement(
        name: "flow-actions-32", value: seconds / Double(repeats) * 1e3, unit: "ms",
        parameters: ["flow-steps": 10]),
      Measurement(
        name: "flow-actions-32-allocations", value: allocations, unit: "allocations/call",
        parameters: ["flow-steps": 10]),
    ]
  }
}
