internal import Glibc
internal import Physics
public import RLCore

extension Quadcopter {
  /// Small thrust differences in slow motion: nothing damps the pitch, and at full speed the drone
  /// turns over before a person can react.
  public static let manualControls = ManualControls(
    bindings: [
      .init("climb", key: .up, axis: (.leftY, isPositive: true), action: [0.25, 0.25]),
      .init("sink", key: .down, axis: (.leftY, isPositive: false), action: [-0.5, -0.5]),
      .init("tilt left", key: .left, axis: (.rightX, isPositive: false), action: [0.01, -0.01]),
      .init("tilt right", key: .right, axis: (.rightX, isPositive: true), action: [-0.01, 0.01]),
    ], rest: [[0, 0]], pace: 0.25)

  public func scene() -> Scene { picture { addTarget(to: &$0) } }

  /// Returns the picture with a goal of any kind, which is drawn behind the drone.
  ///
  /// - Parameters:
  ///   - size: Factor on the size with which the drone is drawn.
  ///   - addGoal: Draws the goal.
  /// - Returns: The picture.
  func picture(droneSize size: Double = 1, addingGoal addGoal: (inout Scene) -> Void) -> Scene {
    var scene = Self.backdrop(extent: 3, wind: parameters.wind)
    addGoal(&scene)
    let state = world.state(of: body)
    scene.addQuadcopter(state, speeds: speeds, parameters, size: size)
    let push = disturbance.shown
    let center = Scene.Point(
      Double(state.x) / Self.unitsPerMetre, Double(state.y) / Self.unitsPerMetre)
    scene.addPush(at: center, x: push.x, y: push.y, length: 0.7)
    return scene
  }

  /// Returns the ground, the bounds and the wind, in a space that is twice as wide as it is high.
  static func backdrop(extent: Double, wind: Double) -> Scene {
    let scale = extent / 3
    let camera = Scene.Camera(
      center: .init(0, 1.75 * scale), width: 6.9 * scale, height: 4.6 * scale)
    var scene = Scene(landscape: camera, horizon: 0, place: 11)
    scene.addLevelGround(at: 0)
    scene.elements.append(
      .polygon(
        [.init(-extent, 0), .init(extent, 0), .init(extent, extent), .init(-extent, extent)],
        fill: nil, outline: .init(Palette.paper.faded(to: 0.6), width: 0.02 * scale)))
    let edge = extent == extent.rounded() ? "\(Int(extent)) m" : "\(extent) m"
    for (x, text) in [(-extent, "-" + edge), (0, "0"), (extent, edge)] {
      scene.elements.append(
        .text(
          text, at: .init(x, -0.3 * scale), height: 0.12 * scale, color: Palette.soilMark,
          alignment: .center))
    }
    addWind(wind, scale: scale, to: &scene)
    return scene
  }

  private static func addWind(_ wind: Double, scale: Double, to scene: inout Scene) {
    guard wind != 0 else { return }
    for row in 0..<3 {
      for column in -1...1 {
        let start = Scene.Point(
          scale * (2 * Double(column) + 0.5 * Double(row - 1) - 0.06 * wind),
          scale * (0.5 + Double(row)))
        scene.addArrow(
          from: start, x: 0.12 * wind * scale, y: 0, color: Palette.paper.faded(to: 0.8),
          width: 0.03 * scale)
      }
    }
  }

  private func addTarget(to scene: inout Scene) {
    let goal = Placement(x: Self.goal.x + goalX, y: Self.goal.z)
    scene.elements.append(
      .circle(
        center: goal(0, 0), radius: 0.05, fill: .color(Palette.go.faded(to: 0.3)),
        outline: .init(Palette.go, width: 0.015)))
    for turn in 0..<4 {
      let mark = Placement(x: goal.x, y: goal.y, angle: Double(turn) * .pi / 2)
      scene.elements.append(.line([mark(0.1, 0), mark(0.2, 0)], .init(Palette.go, width: 0.02)))
    }
  }
}

extension Scene {
  /// Adds a quadcopter, 11 times as large as it is: 6 cm would hardly be seen in a space of 6 m.
  ///
  /// - Parameters:
  ///   - state: Pose of the body, in Box2D's units.
  ///   - speeds: Speeds of the rotors, in rpm.
  ///   - parameters: Physical constants.
  ///   - size: Factor on the magnification.
  ///   - color: Colour of the body.
  mutating func addQuadcopter(
    _ state: BodyState, speeds: (right: Double, left: Double),
    _ parameters: Quadcopter.Parameters, size: Double = 1, color: Color = Palette.coral
  ) {
    let drone = Placement(
      x: Double(state.x) / Quadcopter.unitsPerMetre, y: Double(state.y) / Quadcopter.unitsPerMetre,
      angle: Double(state.angle))
    let lever = QuadcopterModel.lever * parameters.armLength * 11 * size
    for side in [-size, size] {
      elements.append(
        .line(
          [
            drone(0.1 * side, -0.04 * size), drone(0.15 * side, -0.14 * size),
            drone(0.08 * side, -0.14 * size),
          ], .init(Palette.steel, width: 0.025 * size)))
    }
    for (speed, x, light) in [
      (speeds.right, lever, Palette.go), (speeds.left, -lever, Palette.coral),
    ] {
      addRotor(
        speed, strength: parameters.motorStrength, at: x, size: size, light: light, of: drone)
    }
    elements.append(
      .line([drone(-lever, 0), drone(lever, 0)], .init(Palette.ink, width: 0.045 * size)))
    addBox(drone, width: 0.3 * size, height: 0.13 * size, corner: 0.06 * size, fill: .color(color))
    addBox(
      drone, y: 0.025 * size, width: 0.2 * size, height: 0.05 * size, corner: 0.024 * size,
      fill: .color(Palette.mist))
  }

  /// Draws a pair of rotors with a jet as long as the thrust is strong, and a disc that is the more
  /// opaque the faster they turn.
  private mutating func addRotor(
    _ speed: Double, strength: Double, at x: Double, size: Double, light: Color,
    of drone: Placement
  ) {
    let hover = QuadcopterModel.pairThrust(speed: QuadcopterModel.hoverSpeed)
    let thrust = strength * QuadcopterModel.pairThrust(speed: speed) / hover
    let jet = [
      drone(x - 0.1 * size, 0.05 * size), drone(x + 0.1 * size, 0.05 * size),
      drone(x, (0.05 - 0.34 * thrust) * size),
    ]
    let heights = jet.map(\.y)
    elements.append(
      .polygon(
        jet,
        fill: .gradient(
          bottom: Palette.action.faded(to: 0.1), bottomHeight: (heights.min() ?? 0) - 0.01,
          top: Palette.action.faded(to: 0.55), topHeight: heights.max() ?? 0)))
    elements.append(
      .line([drone(x, 0), drone(x, 0.08 * size)], .init(Palette.ink, width: 0.05 * size)))
    let part = speed / QuadcopterModel.speedRange.upperBound
    addEllipse(
      drone, x: x, y: 0.1 * size, width: 0.42 * size, height: 0.055 * size,
      fill: .color(Palette.navy.faded(to: 0.15 + 0.6 * part * part)))
    elements.append(.circle(center: drone(x, 0), radius: 0.032 * size, fill: .color(light)))
  }
}
