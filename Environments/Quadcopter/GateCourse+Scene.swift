internal import RLCore

extension GateCourse {
  /// Draws gates as hoops on posts, with the next one green, and balloons on strings.
  func draw(passed: Int, in scene: inout Scene) {
    for j in 0..<balloonCount { addBalloon(j, to: &scene) }
    for i in 0..<Self.gateCount {
      let color =
        i < passed ? Palette.steel : i == passed ? Palette.go : Palette.amber
      addGate(i, color, to: &scene)
    }
  }

  private func addGate(_ gate: Int, _ color: Scene.Color, to scene: inout Scene) {
    let (x, z) = (gates[gate].x, gates[gate].z)
    let edge = Scene.Stroke(Palette.ink, width: 0.012)
    scene.addEllipse(
      Placement(x: x, y: z), width: 0.2, height: 2 * Self.opening,
      fill: .color(color.faded(to: 0.18)), outline: .init(color, width: 0.022))
    let bottom = z - Self.opening
    for (middle, height) in [
      (bottom / 2, bottom), (z + Self.opening + Self.barHeight / 2, Self.barHeight),
    ] {
      scene.addBox(
        Placement(x: x, y: middle), width: 2 * Self.halfWidth, height: height, corner: 0.02,
        fill: .color(color), outline: edge)
    }
    scene.elements.append(
      .text(
        "\(gate + 1)", at: .init(x, z + Self.opening + Self.barHeight + 0.06), height: 0.11,
        color: Palette.ink, alignment: .center))
  }

  private func addBalloon(_ j: Int, to scene: inout Scene) {
    let (x, z) = (balloons[j].x, balloons[j].z)
    let low = z - Self.balloonRadius
    scene.elements.append(
      .line(
        [.init(x, low), .init(x + 0.03, 0.66 * low), .init(x - 0.03, 0.33 * low), .init(x, 0)],
        .init(Palette.steel.faded(to: 0.7), width: 0.01)))
    scene.elements.append(
      .polygon(
        [.init(x, low + 0.01), .init(x + 0.035, low - 0.04), .init(x - 0.035, low - 0.04)],
        fill: .color(Palette.coralShade)))
    scene.elements.append(
      .circle(
        center: .init(x, z), radius: Self.balloonRadius, fill: .color(Palette.coral),
        outline: .init(Palette.coralShade, width: 0.012)))
    scene.elements.append(
      .circle(
        center: .init(x - 0.04, z + 0.045), radius: 0.03,
        fill: .color(Palette.paper.faded(to: 0.7))))
  }
}
