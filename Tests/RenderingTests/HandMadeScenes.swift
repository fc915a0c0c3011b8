import RLCore
import Rendering

/// Scenes for tests of the renderer alone.
enum HandMade {
  static let black = Scene.Color(0x000000)
  static let white = Scene.Color(0xFFFFFF)

  /// Ten units wide and high, centred on (5, 5), on black.
  static func scene(_ elements: [Scene.Element]) -> Scene {
    Scene(
      camera: .init(center: .init(5, 5), width: 10, height: 10), background: (black, black),
      elements: elements)
  }

  static func rectangle(
    _ x: ClosedRange<Double>, _ y: ClosedRange<Double>, _ fill: Scene.Fill
  ) -> Scene.Element {
    .polygon(
      [
        .init(x.lowerBound, y.lowerBound), .init(x.upperBound, y.lowerBound),
        .init(x.upperBound, y.upperBound), .init(x.lowerBound, y.upperBound),
      ], fill: fill)
  }

  /// A bit of everything, in the manner of a walker's scene.
  static func landscape(_ frame: Int) -> Scene {
    let shift = Double(frame) * 0.04
    var scene = Scene(
      camera: .init(center: .init(10 + shift, 6.7), width: 20, height: 13.3),
      background: (Scene.Color(0xEAF2FF), Scene.Color(0x8CBFF2)))
    let ground = (0...44).map { i -> Scene.Point in
      let x = shift + Double(i) * 0.5 - 1
      return .init(x, 3 + wave(x))
    }
    scene.elements = [
      .polygon(
        ground + [.init(shift + 21, -5), .init(shift - 1, -5)],
        fill: .gradient(
          bottom: Scene.Color(0x40662F), bottomHeight: 0, top: Scene.Color(0x73B259), topHeight: 4)),
      .line(ground, .init(Scene.Color(0x2F8A26), width: 0.12)),
      .polygon(
        [.init(9 + shift, 6), .init(11 + shift, 6), .init(11.3 + shift, 6.6), .init(9 + shift, 7)],
        fill: .color(Scene.Color(0x7F4CE6)), outline: .init(Scene.Color(0x40265A), width: 0.06)),
      .circle(
        center: .init(9.5 + shift, 5.5), radius: 0.3, fill: .color(Scene.Color(0xF2E633)),
        outline: .init(black, width: 0.05)),
      .line(
        [.init(10 + shift, 6), .init(14 + shift, 3)], .init(Scene.Color(0xFF0000), width: 0.03)),
      .arrow(
        from: .init(8 + shift, 6.5), to: .init(6 + shift, 7.5),
        .init(Scene.Color(0xFB923C), width: 0.12)),
      .text(
        "goal", at: .init(15 + shift, 8), height: 0.5, color: Scene.Color(0x334155),
        alignment: .center),
    ]
    return scene
  }

  private static func wave(_ x: Double) -> Double {
    let whole = (x / 3).rounded(.down)
    let part = x / 3 - whole
    return 4 * part * (1 - part) * (Int(whole) % 2 == 0 ? 0.5 : -0.5)
  }

  static let overlay = Overlay(
    title: "walker-hardcore", actor: "ppo", seed: 7, step: 300, steps: 2000, time: 6,
    reward: -0.128, episodeReturn: 123.4,
    remarks: [.init("fell", .bad)],
    action: .gauges([
      .init("hip 1 torque", value: 0.5, bounds: -1...1),
      .init("knee 1 torque", value: -0.75, bounds: -1...1),
      .init("a very long name of an action", value: 1, bounds: -1...1),
    ]),
    disturbances: [.init("force on the hull", value: -3, bounds: -5...5)], mode: "replay x2 paused")
}
