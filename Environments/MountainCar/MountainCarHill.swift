internal import Glibc
internal import RLCore

/// What both mountain cars share: the hill, the start and the picture.
enum MountainCarHill {
  static let observationComponents: [EnvironmentSpecification.Component] = [
    .init("position"), .init("velocity", unit: "1 per step"),
  ]
  /// The reference has no unit of time; its pictures are shown at 30 per second.
  static let timeStep = 1.0 / 30

  static func start(using random: inout NumPyRandom) -> Double { random.uniform(-0.6, -0.4) }

  static func height(_ position: Double) -> Double { 0.45 * sin(3 * position) + 0.55 }

  /// Draws a car on the hill.
  ///
  /// - Parameters:
  ///   - position: Position of the car.
  ///   - goal: Position of the flag.
  ///   - push: Push by the agent, as a fraction of the strongest.
  ///   - disturbance: Push from outside, as a fraction of the strongest.
  /// - Returns: The picture.
  static func scene(
    position: Double, goal: Double, push: Double, disturbance: Double
  ) -> Scene {
    let camera = Scene.Camera(center: .init(-0.3, 0.6), width: 2.1, height: 1.4)
    var scene = Scene(landscape: camera, horizon: 0.1, place: 11)
    let spacing = 0.02
    let surface = (0...Int(2 * scene.reach / spacing)).map {
      let x = camera.center.x - scene.reach + spacing * Double($0)
      return Scene.Point(x, height(x))
    }
    scene.addSoil(below: surface, roof: surface)
    scene.addGrass(along: surface, width: 0.018)
    scene.addFinishFlag(at: .init(goal, height(goal)), height: 0.22)
    addWall(to: &scene)

    let ground = Placement(x: position, y: height(position), angle: atan(1.35 * cos(3 * position)))
    let radius = 0.035
    for side in [-0.055, 0.055] {
      scene.addWheel(
        at: ground(side, radius), radius: radius, angle: -(position + side) / radius)
    }
    scene.addBox(
      ground, y: 0.075, width: 0.2, height: 0.06, corner: 0.02, fill: .color(Palette.coral),
      outline: .init(Palette.coralShade, width: 0.008))
    scene.addBox(
      ground, x: -0.01, y: 0.125, width: 0.1, height: 0.05, corner: 0.02,
      fill: .color(Palette.mist), outline: .init(Palette.coralShade, width: 0.008))
    let (tail, tip) = (ground(0, 0.19), ground(0.22 * push, 0.19))
    scene.addArrow(
      from: tail, x: tip.x - tail.x, y: tip.y - tail.y, color: Palette.action, width: 0.022)
    scene.addPush(at: ground(0, 0.075), x: disturbance, y: 0, length: 0.3)
    return scene
  }

  /// Adds the wall at the left end, which stops the car.
  private static func addWall(to scene: inout Scene) {
    let foot = Placement(x: -1.31, y: height(-1.2) - 0.05)
    for stripe in 0..<5 {
      scene.addBox(
        foot, y: 0.05 * Double(stripe) + 0.025, width: 0.035, height: 0.05, corner: 0.005,
        fill: .color(stripe % 2 == 0 ? Palette.coral : Palette.paper))
    }
  }
}
