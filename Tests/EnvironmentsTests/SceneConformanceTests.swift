import Conformance
import Environments
import LinearAlgebra
import Physics
import RLCore
import Testing

/// What the suite asks of its own pictures beyond the checks of every environment.
@Suite struct SceneConformanceTests {
  static let identifiers = EnvironmentRegistry.all.filter(\.hasPicture).map(\.identifier)

  private func entry(_ identifier: String) throws -> RegisteredEnvironment {
    try #require(EnvironmentRegistry.find(identifier))
  }

  /// The scenes of an episode of random actions, at most 2000 steps long.
  private func episode(_ entry: RegisteredEnvironment, seed: UInt64) -> [Scene] {
    let player = Player(entry, seed: seed) { $0.resetsEndedEpisodes = false }
    var scenes = [player.vector.scene(of: 0)]
    while scenes.count <= 2000 {
      let hasEnded = player.play(1)[0].hasEnded
      scenes.append(player.vector.scene(of: 0))
      if hasEnded { break }
    }
    return scenes
  }

  @Test(arguments: identifiers) func nothingIsSeenBeforeTheFirstReset(identifier: String) throws {
    #expect(try entry(identifier).construct(1).scene(of: 0).isEmpty)
  }

  @Test(arguments: identifiers) func differentStatesLookDifferent(identifier: String) throws {
    let entry = try entry(identifier)
    let one = episode(entry, seed: 3)
    // Tasks with few starts may begin alike with two seeds, but not with all.
    let others = (4..<12).map { Player(entry, seed: $0).vector.scene(of: 0) }
    #expect(others.contains { $0 != one[0] })
    for step in 1..<one.count { #expect(one[step] != one[step - 1], "step \(step)") }
  }

  /// Pictures wider than the camera show no edge of the world.
  @Test(arguments: identifiers) func theGroundGoesOnBesideTheCamera(identifier: String) throws {
    for scene in episode(try entry(identifier), seed: 5) {
      let camera = scene.camera
      let isCovered = scene.elements.contains { element in
        guard case .polygon(let points, _, _) = element else { return false }
        let xs = points.map(\.x)
        return (xs.min() ?? 0) <= camera.center.x - 1.5 * camera.width
          && (xs.max() ?? 0) >= camera.center.x + 1.5 * camera.width
          && points.contains { $0.y <= camera.center.y - 1.5 * camera.height }
      }
      #expect(isCovered)
    }
  }

  /// A pole that swings is in the picture at any angle, also at the ends of the track.
  @Test(arguments: [("cartpole-swingup", 3.2), ("cartpole-infinite", 2.4)])
  func polesStayInThePicture(identifier: String, expectedReach: Double) throws {
    let vector = try entry(identifier).construct(1)
    vector.reset(environment: 0, seed: 1)
    let actions = Matrix(rows: 1, columns: 1)
    var reach = 0.0
    for _ in 0..<400 {
      actions[0, 0] = 1
      vector.step(actions: actions, in: 0..<1)
      let scene = vector.scene(of: 0)
      let camera = scene.camera
      for case .line(let points, let stroke) in scene.elements where stroke.width == 0.075 {
        for point in points {
          reach = max(reach, point.x)
          #expect(abs(point.x - camera.center.x) < camera.width / 2)
          #expect(abs(point.y - camera.center.y) < camera.height / 2)
        }
      }
    }
    #expect(reach > expectedReach, "the pole got beyond the end of the track")
  }

  /// A walker that is thrown off its terrain still has a picture.
  @Test(arguments: [-1e6, -30, 110, 1e6]) func walkersBesideTheirTerrainAreDrawn(x: Float) {
    var random = NumPyRandom(seed: 1)
    let terrain = BipedalWalkerTerrain(hasObstacles: true, using: &random)
    let walker = BipedalWalkerSimulation(
      parameters: .init(), on: terrain,
      poses: .init { BodyState(x: x, y: BipedalWalkerSimulation.restPoses[$0].y) })
    #expect(faults(of: walker.scene()) == [])
  }
}
