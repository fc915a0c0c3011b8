internal import Glibc
internal import Physics
internal import RLCore

extension QuadcopterSwarmSimulation {
  /// The colours of the quadcopters and their goals, by their numbers.
  private static let colors = [
    Palette.coral, Palette.navy, Palette.amber, Palette.go, Palette.steel, Palette.coralShade,
    Palette.mist, Palette.amberShade,
  ]

  /// The space with a ring of 10 cm around each goal, to scale, and a line that leads to it.
  func scene() -> Scene {
    var scene = Quadcopter.backdrop(
      extent: Self.extent(count), wind: parameters.quadcopter.wind)
    // Drones of half the size of `quadcopter`'s, and larger ones in larger spaces.
    let size = 0.55 * (Self.extent(count) / 3).squareRoot()
    for i in 0..<count { addGoal(of: i, to: &scene) }
    for i in 0..<count {
      scene.addQuadcopter(
        state(of: i), speeds: speeds[i], parameters.quadcopter, size: size,
        color: Self.colors[i])
    }
    let push = disturbance.shown
    for i in 0..<count {
      scene.addPush(at: point(of: i), x: push.x, y: push.y, length: 0.4)
    }
    return scene
  }

  private func point(of quadcopter: Int) -> Scene.Point {
    let state = state(of: quadcopter)
    return .init(
      Double(state.x) / Quadcopter.unitsPerMetre, Double(state.y) / Quadcopter.unitsPerMetre)
  }

  /// Draws dots from a quadcopter to its goal, and the goal.
  private func addGoal(of quadcopter: Int, to scene: inout Scene) {
    let (color, start) = (Self.colors[quadcopter], point(of: quadcopter))
    let goal = Scene.Point(goals[quadcopter].x, goals[quadcopter].z)
    let way = hypot(goal.x - start.x, goal.y - start.y)
    // A diverged simulation still has a picture, without the dots.
    for dot in 1...60 where way < 1e3 && 0.16 * Double(dot) < way - Double(Self.tolerance) {
      let part = 0.16 * Double(dot) / way
      scene.elements.append(
        .circle(
          center: .init(goal.x + part * (start.x - goal.x), goal.y + part * (start.y - goal.y)),
          radius: 0.014, fill: .color(color.faded(to: 0.55))))
    }
    scene.elements.append(
      .circle(
        center: goal, radius: Double(Self.tolerance), fill: .color(color.faded(to: 0.25)),
        outline: .init(color, width: 0.02)))
  }
}
