import Environments
import LinearAlgebra
import Physics
import RLCore
import Testing

/// What every registered environment promises to whoever draws or drives it.
@Suite struct SceneConformanceTests {
  static let identifiers = EnvironmentRegistry.all.map(\.identifier)

  private func entry(_ identifier: String) throws -> RegisteredEnvironment {
    try #require(EnvironmentRegistry.find(identifier))
  }

  /// Keeps what an environment looked like after its reset and each step.
  private final class Spectator: EpisodeObserver {
    unowned let vector: any BatchedEnvironment
    var scenes: [Scene] = []
    var hasEnded = false

    init(_ vector: any BatchedEnvironment) { self.vector = vector }

    func didReset(_ start: EpisodeStart, observation: Span<Float>) {
      if !hasEnded { scenes = [vector.scene(of: 0)] }
    }

    func didStep(
      _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
      observation: Span<Float>
    ) {
      scenes.append(vector.scene(of: 0))
      hasEnded = step.terminated || step.truncated
    }
  }

  /// The scenes of an episode of random actions, the last one of its end or of step 2000.
  private func episode(
    _ entry: RegisteredEnvironment, seed: UInt64, parameters: [(String, Double)] = []
  ) throws -> [Scene] {
    let vector = entry.makeVector(1)
    for (name, value) in parameters { try vector.setParameter(name, to: value) }
    let spectator = Spectator(vector)
    vector.observe(environment: 0, with: spectator)
    vector.reset(seeds: .consecutive(first: seed, environments: 1))
    let actions = Matrix(rows: 1, columns: entry.specification.actionWidth)
    var random = RandomActions(entry.specification.actionSpace, seed: seed + 1)
    while !spectator.hasEnded && spectator.scenes.count <= 2000 {
      random.fill(actions, row: 0)
      vector.step(actions: actions, in: 0..<1)
    }
    return spectator.scenes
  }

  @Test(arguments: identifiers) func scenesAreWellFormed(identifier: String) throws {
    let entry = try entry(identifier)
    #expect(entry.makeVector(1).scene(of: 0).isEmpty, "before the first reset")
    for scene in try episode(entry, seed: 3) { #expect(faults(of: scene) == []) }
  }

  /// A world of unusual constants is drawn as soundly as the nominal one.
  @Test(arguments: identifiers) func scenesOfUnusualWorldsAreWellFormed(
    identifier: String
  ) throws {
    let entry = try entry(identifier)
    for parameter in entry.parameters {
      for value in [parameter.range.lowerBound, parameter.range.upperBound] {
        let scenes = try episode(entry, seed: 4, parameters: [(parameter.name, value)])
        #expect(faults(of: try #require(scenes.last)) == [], "\(parameter.name) = \(value)")
      }
    }
  }

  @Test(arguments: identifiers) func differentStatesLookDifferent(identifier: String) throws {
    let entry = try entry(identifier)
    let (one, other) = (try episode(entry, seed: 3), try episode(entry, seed: 4))
    #expect(one[0] != other[0])
    for step in 1..<one.count { #expect(one[step] != one[step - 1], "step \(step)") }
  }

  /// Pictures wider than the camera show no edge of the world.
  @Test(arguments: identifiers) func theGroundGoesOnBesideTheCamera(identifier: String) throws {
    for scene in try episode(entry(identifier), seed: 5) {
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

  /// A walker that is thrown off its terrain still has a picture.
  @Test(arguments: [-1e6, -30, 110, 1e6]) func walkersBesideTheirTerrainAreDrawn(x: Float) {
    var random = NumPyRandom(seed: 1)
    let terrain = BipedalWalkerTerrain(roughness: 1, hasObstacles: true, using: &random)
    let walker = BipedalWalkerSimulation(
      parameters: .init(), on: terrain,
      poses: .init { BodyState(x: x, y: BipedalWalkerSimulation.restPoses[$0].y) })
    #expect(faults(of: walker.scene()) == [])
  }

  @Test(arguments: identifiers) func drawingChangesNoBit(identifier: String) throws {
    let entry = try entry(identifier)
    var hashes: [[UInt64]] = []
    for isDrawn in [false, true] {
      let vector = entry.makeVector(1)
      vector.reset(seeds: .consecutive(first: 8, environments: 1))
      let actions = Matrix(rows: 1, columns: entry.specification.actionWidth)
      var random = RandomActions(entry.specification.actionSpace, seed: 9)
      hashes.append([])
      for _ in 0..<300 {
        random.fill(actions, row: 0)
        vector.step(actions: actions, in: 0..<1)
        let before = vector.stateHash(of: 0)
        if isDrawn { #expect(vector.scene(of: 0) == vector.scene(of: 0)) }
        #expect(vector.stateHash(of: 0) == before)
        hashes[isDrawn ? 1 : 0].append(before)
      }
    }
    #expect(hashes[0] == hashes[1])
  }

  @Test(arguments: identifiers) func controlsFitTheActions(identifier: String) throws {
    let entry = try entry(identifier)
    let (controls, space) = (entry.manualControls, entry.specification.actionSpace)
    #expect(entry.makeVector(1).manualControls == controls)
    #expect(!controls.bindings.isEmpty && !controls.rest.isEmpty)
    #expect((0.05...1).contains(controls.pace))
    #expect(Set(controls.bindings.map(\.key)).count == controls.bindings.count)
    let halves = controls.bindings.compactMap(\.axis).map { "\($0.0) \($0.isPositive)" }
    #expect(Set(halves).count == halves.count)
    for binding in controls.bindings {
      #expect(!binding.summary.isEmpty && binding.summary.allSatisfy(\.isASCII))
      #expect(space.contains(binding.action), "\(binding.summary)")
    }
    #expect(controls.rest.allSatisfy { space.contains($0) })

    switch space {
    case .discrete(let count):
      let choices = Set((controls.bindings.map(\.action) + controls.rest).map { $0[0] })
      #expect(choices == Set((0..<count).map { Float($0) }))
    case .box(let low, _):
      for j in low.indices {
        #expect(controls.bindings.contains { $0.action[j] > 0 }, "component \(j) upwards")
        #expect(controls.bindings.contains { $0.action[j] < 0 }, "component \(j) downwards")
        #expect(controls.rest.allSatisfy { $0[j] == 0 })
      }
    }
  }
}

/// What is wrong with a scene.
private func faults(of scene: Scene) -> [String] {
  var check = SceneCheck()
  check.point(scene.camera.center)
  check.length(scene.camera.width, "camera width")
  check.length(scene.camera.height, "camera height")
  check.color(scene.background.bottom)
  check.color(scene.background.top)
  if scene.elements.isEmpty { check.faults.append("nothing to draw") }
  for element in scene.elements { check.element(element) }
  return check.faults
}

private struct SceneCheck {
  var faults: [String] = []

  mutating func point(_ point: Scene.Point) {
    if !point.x.isFinite || !point.y.isFinite { faults.append("point \(point)") }
  }

  mutating func length(_ length: Double, _ name: String) {
    if !length.isFinite || length <= 0 { faults.append("\(name) \(length)") }
  }

  mutating func color(_ color: Scene.Color) {
    let components = [color.red, color.green, color.blue, color.opacity]
    if !components.allSatisfy({ (0...1).contains($0) }) { faults.append("colour \(color)") }
  }

  mutating func stroke(_ stroke: Scene.Stroke) {
    color(stroke.color)
    length(stroke.width, "width of a line")
  }

  mutating func area(_ fill: Scene.Fill?, _ outline: Scene.Stroke?) {
    if let outline { stroke(outline) }
    switch fill {
    case .color(let plain): color(plain)
    case .gradient(let bottom, let bottomHeight, let top, let topHeight):
      color(bottom)
      color(top)
      length(topHeight - bottomHeight, "height of a gradient")
    case nil: if outline == nil { faults.append("neither fill nor outline") }
    }
  }

  mutating func element(_ element: Scene.Element) {
    switch element {
    case .polygon(let points, let fill, let outline):
      if points.count < 3 { faults.append("polygon of \(points.count) points") }
      for corner in points { point(corner) }
      area(fill, outline)
    case .circle(let center, let radius, let fill, let outline):
      point(center)
      length(radius, "radius")
      area(fill, outline)
    case .line(let points, let line):
      if points.count < 2 { faults.append("line of \(points.count) points") }
      for end in points { point(end) }
      stroke(line)
    case .arrow(let start, let tip, let line):
      point(start)
      point(tip)
      stroke(line)
    case .text(let text, let anchor, let height, let ink, _):
      if text.isEmpty || !text.allSatisfy(\.isASCII) { faults.append("text '\(text)'") }
      point(anchor)
      length(height, "height of a text")
      color(ink)
    }
  }
}
