package import RLCore

extension EnvironmentCheck {
  /// Returns the scenes of one episode of random actions, of at most 2000 steps.
  private static func scenes(
    _ environment: RegisteredEnvironment, seed: UInt64, parameters: [ParameterValue] = []
  ) throws -> [Scene] {
    let player = try Player(environment, seed: seed) {
      try $0.setParameters(parameters)
      $0.resetsEndedEpisodes = false
    }
    var scenes = [player.vector.scene(of: 0)]
    while scenes.count <= 2000 {
      let hasEnded = player.play(1).last?.hasEnded ?? true
      scenes.append(player.vector.scene(of: 0))
      if hasEnded { break }
    }
    return scenes
  }

  /// Checks that scenes are well formed, that drawing changes no state, and that manual controls
  /// fit the action space.
  static let drawing: [EnvironmentCheck] = [
    .init("scenes are well formed") { environment in
      guard environment.hasPicture else { return [] }
      return try Set(scenes(environment, seed: 3).flatMap(Conformance.faults)).sorted()
    },
    .init("scenes of unusual worlds are well formed") { environment in
      guard environment.hasPicture else { return [] }
      return try environment.parameters.flatMap { parameter in
        try [parameter.range.lowerBound, parameter.range.upperBound].flatMap { value in
          let all = try scenes(
            environment, seed: 4, parameters: [.init(name: parameter.name, value: value)])
          return all.suffix(1).flatMap(Conformance.faults).map {
            "\(parameter.name) = \(value): \($0)"
          }
        }
      }
    },
    .init("drawing changes no bit") { environment in
      let (plain, drawn) = (Player(environment, seed: 8), Player(environment, seed: 8))
      return (0..<300).flatMap { step in
        let isSteady = drawn.vector.scene(of: 0) == drawn.vector.scene(of: 0)
        return same(plain.play(1), drawn.play(1), "drawing before step \(step + 1)")
          + (isSteady ? [] : ["two scenes of the state before step \(step + 1)"])
      }
    },
    .init("manual controls fit the actions") { environment in
      let (controls, space) = (environment.manualControls, environment.specification.actionSpace)
      guard !controls.isEmpty else { return [] }
      var faults: [String] = []
      func require(_ condition: Bool, _ fault: String) { if !condition { faults.append(fault) } }
      require(!controls.rest.isEmpty, "nothing is done at rest")
      require((0.05...1).contains(controls.pace), "a pace of \(controls.pace)")
      require(
        Set(controls.bindings.map(\.key)).count == controls.bindings.count, "a key is bound twice")
      let halves = controls.bindings.compactMap(\.axis).map { "\($0.0) \($0.isPositive)" }
      require(Set(halves).count == halves.count, "half an axis is bound twice")
      for binding in controls.bindings {
        require(
          !binding.summary.isEmpty && binding.summary.allSatisfy(\.isASCII),
          "the summary '\(binding.summary)'")
        require(space.contains(binding.action), "the action of \(binding.summary)")
      }
      require(controls.rest.allSatisfy { space.contains($0) }, "the actions at rest")
      switch space {
      case .discrete(let count):
        let choices = Set((controls.bindings.map(\.action) + controls.rest).map { $0[0] })
        require(choices == Set((0..<count).map { Float($0) }), "a choice can't be made")
      case .box(let low, _):
        for j in low.indices {
          require(
            controls.bindings.contains { $0.action[j] > 0 }
              && controls.bindings.contains { $0.action[j] < 0 }
              && controls.rest.allSatisfy { $0[j] == 0 },
            "component \(j) can't be moved both ways from 0")
        }
      }
      return faults
    },
  ]
}

/// Returns the faults of a scene, which must not be empty; an empty array if it is well formed.
package func faults(of scene: Scene) -> [String] {
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
