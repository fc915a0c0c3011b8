import Environments
import Foundation
import LinearAlgebra
import Physics
import RLCore
import Testing

/// The walker whose body and course are parameters.
@Suite struct WalkerParametricTests {
  /// With nominal values, and with those that both have, it is `walker` bit for bit.
  @Test(arguments: [nil, ("terrain-roughness", 2.5), ("mass", 1.5), ("motor-strength", 0.7)])
  func sharedParametersGiveTheWalker(parameter: (name: String, value: Double)?) throws {
    let values = parameter.map { [ParameterValue(name: $0.name, value: $0.value)] } ?? []
    let vectors = try ["walker", "walker-parametric"].map { identifier in
      try #require(EnvironmentRegistry.find(identifier)).makeVector(4, parameters: values)
    }
    var random = RandomStream(seed: 1, name: "test")
    let actions = Matrix(rows: 4, columns: 4)
    for vector in vectors { vector.reset(seeds: .consecutive(first: 0, environments: 4)) }
    for _ in 0..<150 {
      for i in 0..<4 { for j in 0..<4 { actions[i, j] = random.uniform(from: -1, to: 1) } }
      for vector in vectors { vector.step(actions: actions, in: 0..<4) }
      for i in 0..<4 {
        #expect(vectors[0].stateHash(of: i) == vectors[1].stateHash(of: i))
        #expect(vectors[0].batch.rewards[i] == vectors[1].batch.rewards[i])
      }
    }
  }

  private func terrain(
    seed: UInt64 = 1, _ change: (inout BipedalWalkerParameters) -> Void
  ) -> BipedalWalkerTerrain {
    var parameters = BipedalWalkerParameters()
    change(&parameters)
    var random = NumPyRandom(seed: seed)
    return BipedalWalkerTerrain(parameters, hasObstacles: false, using: &random)
  }

  private func isNear(_ a: Float, _ b: Double) -> Bool { abs(Double(a) - b) < 1e-4 }

  @Test func obstaclesHaveTheirSizes() {
    let spacing = BipedalWalkerTerrain.spacing
    let stumps = terrain { $0.stumpHeight = 0.8 }.obstacles
    #expect(stumps.count > 10)
    #expect(stumps.allSatisfy { isNear($0[2] - $0[0], spacing) && isNear($0[5] - $0[1], 0.8) })

    let walls = terrain { $0.pitWidth = 1.1 }.obstacles
    #expect(walls.count > 10 && walls.count % 2 == 0)
    for k in stride(from: 0, to: walls.count - 1, by: 2) {
      #expect(isNear(walls[k + 1][0] - walls[k][2], 1.1))
      #expect(isNear(walls[k][1] - walls[k][5], 4 * spacing))
    }

    let steps = terrain { $0.stairHeight = 0.2 }.obstacles
    let rises = zip(steps, steps.dropFirst()).filter { isNear($1[0] - $0[2], 0) }
    #expect(rises.count > 10 && rises.allSatisfy { isNear(abs($1[1] - $0[1]), 0.2) })
    #expect(steps.allSatisfy { isNear($0[1] - $0[5], spacing) })

    // What is too small to stand on is left out.
    #expect(terrain { $0.stumpHeight = 0.04 }.obstacles.isEmpty)
    let all = terrain {
      ($0.stumpHeight, $0.pitWidth, $0.stairHeight) = (0.8, 1.1, 0.2)
    }
    #expect(Set(all.obstacles.map { (100 * abs($0[5] - $0[1])).rounded() }).count == 3)
  }

  /// The ground's lanes hold every course that the ranges allow.
  @Test func obstaclesAreApart() {
    func count(_ spacing: Double) -> Int {
      terrain { ($0.pitWidth, $0.obstacleSpacing) = (0.05, spacing) }.obstacles.count
    }
    #expect(count(3) < count(1) && count(1) < count(0.7))
    for seed in 0..<100 as Range<UInt64> {
      let dense = terrain(seed: seed) { ($0.pitWidth, $0.obstacleSpacing) = (0.05, 0.7) }
      #expect(dense.obstacles.count <= LaneWorlds.mostObstacles)
    }
  }

  @Test func legsHaveTheirLength() {
    var parameters = BipedalWalkerParameters()
    parameters.legLength = 0.6
    let flat = terrain { $0.roughness = 0 }
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    var walker = BipedalWalkerSimulation(
      parameters: parameters, on: flat, observation: &observation)
    let rest: [Float] = [0, 0, 0, 0]
    for _ in 0..<40 { _ = walker.step(action: rest.span, observation: &observation) }
    let poses = (0..<2).map { walker.world.state(of: walker.bodies[$0]) }
    // The hip lies below the hull's origin, and half a segment away from the middle of the thigh.
    let (angle, drop) = (Double(poses[0].angle), 8.0 / 30)
    let hip = (Double(poses[0].x) + drop * sin(angle), Double(poses[0].y) - drop * cos(angle))
    let half = hypot(Double(poses[1].x) - hip.0, Double(poses[1].y) - hip.1)
    #expect(abs(half - 0.6 * 17 / 30) < 0.02, "\(half)")
  }

  /// Slots in lanes and slots on Box2D, side by side, have the bits of all on Box2D.
  @Test func lanesAndBox2DStepTheSameWalkers() throws {
    let count = 9
    let simulators: [any Simulator] = [
      ParametricWalkers(count: count), EnvironmentSimulator<WalkerParametric>(count: count),
    ]
    let batches = simulators.map { _ in StepBatch(count: count, observationWidth: 24) }
    var random = RandomStream(seed: 7, name: "test")
    let actions = Matrix(rows: count, columns: 4)
    for slot in 0..<count {
      let values = WalkerParametric.parameterTable.map { entry in
        let range = entry.range
        let part = Double(random.uniform(from: 0, to: 1))
        return entry.name == "leg-length" && slot % 3 != 0
          ? 1 : range.lowerBound + part * (range.upperBound - range.lowerBound)
      }
      for simulator in simulators { simulator.setParameters(values.span, of: slot) }
    }
    for round in 0..<2 {
      let episodes = (0..<count).map {
        EpisodeBeginning(slot: $0, seed: UInt64(10 * round + $0))
      }
      for (simulator, batch) in zip(simulators, batches) {
        simulator.start(episodes.span, observations: batch.observations)
      }
      for _ in 0..<60 {
        for i in 0..<count {
          for j in 0..<4 { actions[i, j] = random.uniform(from: -1, to: 1) }
        }
        for (simulator, batch) in zip(simulators, batches) {
          simulator.step(0..<count, actions: actions, disturbances: nil, batch: batch)
        }
        for slot in 0..<count {
          #expect(hash(simulators[0], slot) == hash(simulators[1], slot), "slot \(slot)")
          #expect(
            batches[0].observations.row(slot).elementsEqual(batches[1].observations.row(slot)))
        }
      }
    }
  }

  private func hash(_ simulator: any Simulator, _ slot: Int) -> UInt64 {
    var hasher = StateHasher()
    simulator.hashState(of: slot, into: &hasher)
    return hasher.value
  }
}
