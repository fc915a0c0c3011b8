import Environments
import Experiments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Robustness
import Storage
import Training

/// Cases that measure stress tests.
enum StressCases {
  static let all = [
    BenchmarkCase(name: "stress-swingup") { threads in
      let policy = try makePolicy("cartpole-swingup")
      return try measure(
        "stress-swingup", policy, ["cart-mass=0.5..1.5:21", "pole-mass=0.05..0.2:21"], threads)
    },
    BenchmarkCase(name: "stress-walker") { threads in
      let policy = try StoredPolicy("walker-heuristic")
      return try measure(
        "stress-walker", policy, ["mass=0.5..1.5:21", "friction=log:0.2..2:21"], threads)
    },
  ]

  /// Measures the steps per second of a grid, with two episodes in each of its cells.
  private static func measure(
    _ name: String, _ policy: StoredPolicy, _ axes: [String], _ threads: Int
  ) throws -> [Measurement] {
    let grid = try ConditionGrid(parsing: axes, in: policy.environment)
    let test = try StressTest(policy, over: grid, episodes: 2)
    var result: StressResult?
    let seconds = shortestTime(repeats: 1) { result = try? test.run(threads: threads) }
    guard let result else { return [] }
    let steps = (result.cells + [result.nominal]).reduce(0) { $0 + $1.lengths.reduce(0, +) }
    return [
      Measurement(
        name: name, value: Double(steps) / seconds, unit: "steps/s",
        parameters: ["cells": grid.count]),
      Measurement(
        name: "\(name)-whole", value: seconds * 25 / 2, unit: "s", parameters: ["episodes": 25]),
    ]
  }

  /// Makes a policy with new weights, of the shape that PPO trains.
  private static func makePolicy(_ identifier: String) throws -> StoredPolicy {
    let environment = try Registry.standard.environment(identifier)
    var random = RandomStream(seed: 1, name: "weights")
    let policy = MLPPolicy(
      specification: environment.specification, hidden: [64, 64], activation: .tanh,
      usesLayerNorm: false, initialLogDeviation: 0, normalizesObservations: true,
      random: &random)
    var archive = TensorArchive()
    policy.save(to: &archive)
    let path = FileManager.default.temporaryDirectory
      .appending(path: "rlsuite-bench-\(getpid()).safetensors").path
    try FileSystem.write(archive.safetensors, to: path, waitsForDisk: false)
    defer { try? FileSystem.remove(path) }
    return try StoredPolicy(path)
  }
}
