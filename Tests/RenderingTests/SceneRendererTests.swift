import RLCore
import Rendering
import Testing

/// What the renderer makes of scenes; 100 × 100 pixels show 10 × 10 units.
@Suite struct SceneRendererTests {
  private func draw(
    _ elements: Scene.Element..., width: Int = 100, height: Int = 100
  ) throws
    -> Picture
  {
    try SceneRenderer(width: width, height: height).draw(HandMade.scene(elements))
  }

  @Test func pointsLandOnTheirPixels() throws {
    let picture = try draw(HandMade.rectangle(2...3, 7...9, .color(HandMade.white)))
    for y in 0..<100 {
      for x in 0..<100 {
        let isInside = (20..<30).contains(x) && (10..<30).contains(y)
        #expect(picture[x, y] == (isInside ? 0xFFFFFF : 0), "(\(x), \(y))")
      }
    }
  }

  @Test(arguments: [(200, 100, 70, 10), (100, 200, 20, 60)])
  func otherShapesShowMore(width: Int, height: Int, left: Int, top: Int) throws {
    let everything = HandMade.rectangle(-100...100, -100...100, .color(Scene.Color(0x0000FF)))
    let box = HandMade.rectangle(2...3, 7...9, .color(HandMade.white))
    let picture = try draw(everything, box, width: width, height: height)
    for (x, y, color): (Int, Int, UInt32) in [
      (left, top, 0xFFFFFF), (left + 9, top + 19, 0xFFFFFF), (left - 1, top, 0xFF),
      (left, top - 1, 0xFF), (0, 0, 0xFF), (width - 1, height - 1, 0xFF),
    ] {
      #expect(picture[x, y] == color, "(\(x), \(y))")
    }
  }

  @Test func slantedEdgesAreAntiAliased() throws {
    let triangle = Scene.Element.polygon(
      [.init(1, 1), .init(9, 1), .init(5, 8)], fill: .color(HandMade.white))
    let picture = try draw(triangle)
    let between = (0..<100).reduce(0) { count, y in
      count + (0..<100).count { picture[$0, y] != 0 && picture[$0, y] != 0xFFFFFF }
    }
    #expect((100...400).contains(between), "\(between) pixels between black and white")
  }
}
