import Agents
import CAllocationCounter
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Training

/// Cases that measure flow policies: choosing actions, and training on `walker`.
enum FlowCases {
  static let all = [
    BenchmarkCase(name: "flow-actions-32") { _ in actions() },
    BenchmarkCase(name: "fpo-walker") { threads in
      [
        Measurement(
          name: "fpo-walker", value: try walkerRate(threads: threads), unit: "steps/s",
          parameters: ["environments": 32])
      ]
    },
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

  /// Measures the steps per second of 6 iterations with the walker's preset, the best of two runs.
  private static func walkerRate(threads: Int) throws -> Double {
    let rates = try (0..<2).map { _ in
      let agent = try PlasticityCases.makeTunedAgent("fpo", "walker", threads: threads)
      let seconds = shortestTime(repeats: 1) { for _ in 0..<6 { _ = try? agent.iterate() } }
      return Double(agent.environmentSteps) / seconds
    }
    return rates.max() ?? .nan
  }
}
