public import RLCore

extension DiagnosticTwoGoals {
  public static let manualControls = ManualControls(
    bindings: [
      .init("go up", key: .up, axis: (.leftY, isPositive: true), action: [0, 1]),
      .init("go down", key: .down, axis: (.leftY, isPositive: false), action: [0, -1]),
      .init("go left", key: .left, axis: (.leftX, isPositive: false), action: [-1, 0]),
      .init("go right", key: .right, axis: (.leftX, isPositive: true), action: [1, 0]),
    ], rest: [[0, 0]])

  /// The grid as a board that stands in a landscape, with the row of the walker lit.
  public func scene() -> Scene {
    let side = Double(Self.reach) + 0.5
    let camera = Scene.Camera(center: .init(0, 0), width: 45, height: 30)
    var scene = Scene(landscape: camera, horizon: -side, place: 5)
    scene.addLevelGround(at: -side - 0.5)
    let board = Placement(x: 0, y: 0)
    scene.addBox(
      board, width: 2 * side + 1, height: 2 * side + 1, corner: 0.4,
      fill: .gradient(
        bottom: Palette.stoneBottom, bottomHeight: -side, top: Palette.stoneTop, topHeight: side))
    scene.addBand(-side...side, side: side, color: Palette.paper)
    let goal = Double(Self.goalDistance) - 0.5
    scene.addBand(goal...side, side: side, color: Palette.go.faded(to: 0.6))
    scene.addBand(-side ... -goal, side: side, color: Palette.go.faded(to: 0.6))
    scene.addBand(-0.5...0.5, side: side, color: Palette.mist.faded(to: 0.5))
    scene.addBand(
      Double(row) - 0.5...Double(row) + 0.5, side: side, color: Palette.amber.faded(to: 0.5))
    for line in 0...2 * Self.reach + 1 {
      let place = Double(line) - side
      let stroke = Scene.Stroke(Palette.steel.faded(to: 0.35), width: 0.05)
      scene.elements.append(.line([.init(place, -side), .init(place, side)], stroke))
      scene.elements.append(.line([.init(-side, place), .init(side, place)], stroke))
    }
    let walker = Scene.Point(Double(column), Double(row))
    scene.elements.append(
      .circle(
        center: walker, radius: 0.45, fill: .color(Palette.coral),
        outline: .init(Palette.ink, width: 0.08)))
    scene.addArrow(
      from: walker, x: 2 * Double(lastAction.along), y: 2 * Double(lastAction.up),
      color: Palette.action, width: 0.25)
    return scene
  }
}

extension Scene {
  /// Adds a band of rows across the board.
  fileprivate mutating func addBand(_ rows: ClosedRange<Double>, side: Double, color: Color) {
    elements.append(
      .polygon(
        [
          .init(-side, rows.lowerBound), .init(side, rows.lowerBound),
          .init(side, rows.upperBound), .init(-side, rows.upperBound),
        ], fill: .color(color)))
  }
}
