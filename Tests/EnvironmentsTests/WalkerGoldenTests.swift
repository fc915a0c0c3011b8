import Environments
import Foundation
import Physics
import RLCore
import TestSupport
import Testing
import Traces

/// One walker episode as recorded from Gymnasium.
struct WalkerEpisode: Decodable {
  let seed: UInt64
  let hardcore: Bool
  let flat: Bool
  let terrain_y: [Double]
  let obstacles: [[Float]]
  let hull_force: Double
  let terrain_draws: [TerrainDraw]?
  let obs0: [Float]
  let bodies0: [[Float]]
  let joint_angle0: [Float]
  let actions: [[Float]]
  let obs: [[Float]]
  let reward: [Float]
  let terminated: [Bool]
  let hull: [[Float]]

  var terrain: BipedalWalkerTerrain {
    BipedalWalkerTerrain(heights: terrain_y, obstacles: obstacles, hullForce: hull_force)
  }

  static let files = [
    "bipedal_walker_flat.jsonl", "bipedal_walker_rough.jsonl", "bipedal_walker_hardcore.jsonl",
  ]
}

/// One random draw: kind, bounds and value.
struct TerrainDraw: Decodable {
  let kind: String
  let low: Double
  let high: Double
  let value: Double

  init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    kind = try row.decode(String.self)
    low = try row.decode(Double.self)
    high = try row.decode(Double.self)
    value = try row.decode(Double.self)
  }
}

/// The walker's bodies, terrain and first observation against what Gymnasium recorded.
@Suite struct WalkerGoldenTests {
  struct RecordedBodies: Decodable {
    struct Part: Decodable {
      let name: String
      let mass: Float
      let inertia_about_origin: Float
      let local_center: [Float]
      let vertices: [[Float]]
    }
    let walker: [Part]
  }

  @Test func bodiesAreTheRecordedOnes() throws {
    let recorded = try JSONDecoder().decode(
      RecordedBodies.self, from: Data(contentsOf: Fixture.url("box2d_bodies.json")))
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: 0)
    let walker = BipedalWalker(parameters: .init(), using: &random, observation: &observation)
    #expect(recorded.walker.count == 5)
    for (i, part) in recorded.walker.enumerated() {
      let body = walker.simulation.bodies[i]
      let mass = walker.simulation.world.mass(of: body)
      let pairs = [
        (mass.mass, part.mass), (mass.inertia, part.inertia_about_origin),
        (mass.center.x, part.local_center[0]), (mass.center.y, part.local_center[1]),
      ]
      for (ours, theirs) in pairs {
        #expect(abs(ours - theirs) <= 1e-6 * max(1, abs(theirs)), "\(part.name)")
      }
      let vertices = walker.simulation.world.polygon(of: body).map { [$0.x, $0.y] }
      #expect(vertices == part.vertices, "\(part.name)")
    }
  }

  @Test(arguments: WalkerEpisode.files)
  func seedsGiveTheRecordedTerrain(file: String) throws {
    let episodes: [WalkerEpisode] = try Fixture.records(file)
    #expect(!episodes.isEmpty)
    for episode in episodes {
      var random = NumPyRandom(seed: episode.seed)
      var parameters = BipedalWalkerParameters()
      parameters.roughness = episode.flat ? 0 : 1
      let terrain = BipedalWalkerTerrain(
        parameters, hasObstacles: episode.hardcore, using: &random)
      #expect(terrain.heights == episode.terrain_y)
      #expect(terrain.hullForce == episode.hull_force)
      #expect(terrain.orderedObstacles == episode.obstacles)
    }
  }

  @Test func drawsAreTheRecordedOnes() throws {
    for file in WalkerEpisode.files.dropFirst() {
      for episode in try Fixture.records(file, as: WalkerEpisode.self) {
        var random = NumPyRandom(seed: episode.seed)
        let draws = try #require(episode.terrain_draws)
        for draw in draws {
          let value =
            switch draw.kind {
            case "u": random.uniform(draw.low, draw.high)
            case "i": Double(random.integers(Int(draw.low), Int(draw.high)))
            default: random.double()
            }
          #expect(value == draw.value)
        }
      }
    }
  }

  @Test(arguments: WalkerEpisode.files)
  func resetObservationAgrees(file: String) throws {
    for episode in try Fixture.records(file, as: WalkerEpisode.self) {
      var values = [Float](repeating: 0, count: 24)
      var observation = values.mutableSpan
      let walker = BipedalWalker(
        parameters: .init(), on: episode.terrain, observation: &observation)
      for j in 0..<24 {
        #expect(abs(observation[j] - episode.obs0[j]) <= 1e-5, "component \(j)")
      }
      #expect(observation[8] == 1 && observation[13] == 1)
      for (i, recorded) in episode.bodies0.enumerated() {
        let state = walker.simulation.world.state(of: walker.simulation.bodies[i])
        let ours = [
          state.x, state.y, state.angle, state.velocityX, state.velocityY, state.angularVelocity,
        ]
        for (a, b) in zip(ours, recorded) { #expect(abs(a - b) <= 2e-5 * max(1, abs(b))) }
      }
      for j in 0..<4 {
        let angle = walker.simulation.world.state(of: walker.simulation.joints[j]).angle
        #expect(abs(angle - episode.joint_angle0[j]) <= 1e-5)
      }
    }
  }
}
