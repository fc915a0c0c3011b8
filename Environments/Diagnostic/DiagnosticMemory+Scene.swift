public import RLCore

extension DiagnosticMemory {
  public static let manualControls = ManualControls(
    bindings: [
      .init("choose left", key: .left, axis: (.leftX, isPositive: false), action: [0]),
      .init("choose right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0]])

  /// Two doors and a lamp over each: the signal's lamp is lit at first, and the doors are once the
  /// choice counts.
  public func scene() -> Scene {
    let camera = Scene.Camera(center: .init(0, 1.5), width: 9, height: 6)
    var scene = Scene(landscape: camera, horizon: 0, place: 7)
    scene.addLevelGround(at: 0)
    for side in [Float(-1), 1] {
      let x = 2 * Double(side)
      let isOpen = steps > Self.lastStep && side == signal
      scene.addBox(
        Placement(x: x, y: 1.05), width: 1.5, height: 2.1, corner: 0.12,
        fill: .color(isOpen ? Palette.go : Palette.navy),
        outline: .init(steps == Self.lastStep ? Palette.amber : Palette.ink, width: 0.09))
      scene.elements.append(
        .circle(
          center: .init(x, 2.75), radius: 0.28,
          fill: .color(steps == 0 && side == signal ? Palette.amber : Palette.steel),
          outline: .init(Palette.ink, width: 0.06)))
      // One mark for each step that is left.
      for mark in 0...Self.lastStep where mark >= steps {
        scene.elements.append(
          .circle(
            center: .init(0.36 * (Double(mark) - 1.5), 4), radius: 0.12,
            fill: .color(Palette.navy)))
      }
    }
    scene.elements.append(
      .circle(
        center: .init(0, 0.45), radius: 0.4, fill: .color(Palette.coral),
        outline: .init(Palette.ink, width: 0.07)))
    scene.addArrow(
      from: .init(0, 0.45), x: 1.1 * Double(lastChoice), y: 0, color: Palette.action, width: 0.14)
    return scene
  }
}
