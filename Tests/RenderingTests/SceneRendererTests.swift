import RLCore
import Rendering
import Testing

/// What the renderer makes of scenes; 100 × 100 pixels show 10 × 10 units on black.
@Suite struct SceneRendererTests {
  private func draw(
    _ elements: Scene.Element..., width: Int = 100, height: Int = 100
  ) throws -> Picture {
    try SceneRenderer(width: width, height: height).draw(HandMade.scene(elements))
  }

  /// The smallest area that holds all pixels that are not black; nil where all are.
  private func bounds(_ picture: Picture) -> (x: ClosedRange<Int>, y: ClosedRange<Int>)? {
    let columns = (0..<picture.width).filter { x in
      (0..<picture.height).contains { picture[x, $0] != 0 }
    }
    let rows = (0..<picture.height).filter { y in
      (0..<picture.width).contains { picture[$0, y] != 0 }
    }
    guard let left = columns.first, let right = columns.last, let top = rows.first,
      let bottom = rows.last
    else { return nil }
    return (left...right, top...bottom)
  }

  // MARK: Camera

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

  // MARK: Colours

  @Test func slantedEdgesAreAntiAliased() throws {
    let triangle = Scene.Element.polygon(
      [.init(1, 1), .init(5.5, 1), .init(3, 8)], fill: .color(HandMade.white))
    let picture = try draw(triangle)
    let levels = Set((0..<10_000).map { picture[$0 % 100, $0 / 100] })
    let between = (0..<10_000).count { ![0, 0xFFFFFF].contains(picture[$0 % 100, $0 / 100]) }
    #expect((100...400).contains(between), "\(between) pixels between black and white")
    #expect(levels.count > 16, "\(levels.count) levels")
  }

  @Test func halfCoveredPixelsAreHalfBright() throws {
    let picture = try draw(HandMade.rectangle(2.05...3, 7...9, .color(HandMade.white)))
    #expect((126...129).contains(picture[20, 20] & 255), "\(picture[20, 20])")
  }

  @Test func theBackgroundEndsInItsColors() throws {
    var scene = HandMade.scene([])
    scene.background = (bottom: Scene.Color(0x204060), top: Scene.Color(0xFFC080))
    let picture = try SceneRenderer(width: 100, height: 101).draw(scene)
    for x in [0, 50, 99] {
      #expect(picture[x, 0] == 0xFFC080)
      #expect(picture[x, 50] == 0x908070)
      #expect(picture[x, 100] == 0x204060)
    }
  }

  @Test func gradientsEndAtTheirHeights() throws {
    let picture = try draw(
      HandMade.rectangle(
        0...10, 0...10,
        .gradient(
          bottom: Scene.Color(0x000064), bottomHeight: 2, top: Scene.Color(0x640000), topHeight: 8))
    )
    #expect(picture[50, 99] == 0x000064)
    #expect(picture[50, 81] == 0x000064)
    #expect(picture[50, 18] == 0x640000)
    #expect(picture[50, 0] == 0x640000)
    let middle = picture[50, 50]
    #expect(abs(Int(middle >> 16) - 50) <= 1 && abs(Int(middle & 255) - 50) <= 1, "\(middle)")
  }

  @Test func aGradientOfNoHeightIsAStep() throws {
    let picture = try draw(
      HandMade.rectangle(
        0...10, 0...10,
        .gradient(
          bottom: Scene.Color(0x0000FF), bottomHeight: 5, top: Scene.Color(0xFF0000), topHeight: 5))
    )
    #expect(picture[50, 40] == 0xFF0000)
    #expect(picture[50, 60] == 0x0000FF)
  }

  @Test func opacityBlends() throws {
    let picture = try draw(
      HandMade.rectangle(0...10, 0...10, .color(Scene.Color(0xC80000))),
      HandMade.rectangle(0...5, 0...10, .color(Scene.Color(0x0000C8, opacity: 0.25))))
    #expect(picture[75, 50] == 0xC80000)
    let blended = picture[25, 50]
    #expect(abs(Int(blended >> 16) - 150) <= 1 && abs(Int(blended & 255) - 50) <= 1, "\(blended)")
  }

  @Test func laterElementsCoverEarlierOnes() throws {
    let picture = try draw(
      HandMade.rectangle(0...6, 0...10, .color(Scene.Color(0xFF0000))),
      HandMade.rectangle(4...10, 0...10, .color(Scene.Color(0x00FF00))))
    #expect(picture[30, 50] == 0xFF0000)
    #expect(picture[50, 50] == 0x00FF00)
  }

  // MARK: Shapes

  @Test func outlinesGoAroundAndFillsInside() throws {
    let picture = try draw(
      .circle(
        center: .init(5, 5), radius: 2, fill: .color(Scene.Color(0xFF0000)),
        outline: .init(HandMade.white, width: 0.4)),
      .polygon(
        [.init(1, 1), .init(2, 1), .init(2, 2), .init(1, 2)], fill: nil,
        outline: .init(HandMade.white, width: 0.4)))
    #expect(picture[50, 50] == 0xFF0000)
    #expect(picture[69, 50] == 0xFFFFFF)
    #expect(picture[73, 50] == 0)
    #expect(picture[15, 85] == 0)
    #expect(picture[10, 85] == 0xFFFFFF)
  }

  @Test func linesHaveRoundEnds() throws {
    let picture = try draw(.line([.init(3, 5), .init(7, 5)], .init(HandMade.white, width: 2)))
    let area = try #require(bounds(picture))
    #expect(area.x == 20...79 && area.y == 40...59)
    #expect(picture[21, 41] == 0, "a corner that a square end would have")
    #expect(picture[50, 41] == 0xFFFFFF)
  }

  @Test func linesStayOpen() throws {
    let corner = [Scene.Point(2, 2), .init(8, 2), .init(8, 8)]
    let picture = try draw(.line(corner, .init(HandMade.white, width: 0.4)))
    #expect(picture[50, 50] == 0)
    #expect(picture[80, 50] == 0xFFFFFF)
  }

  @Test func arrowsPointTheirWay() throws {
    let picture = try draw(
      .arrow(from: .init(1, 5), to: .init(9, 5), .init(HandMade.white, width: 0.6)))
    let area = try #require(bounds(picture))
    #expect(area.x == 10...89)
    func thickness(_ x: Int) -> Int { (0..<100).count { picture[x, $0] > 0x808080 } }
    #expect(thickness(20) == 6)
    #expect(thickness(67) > 20, "the head's base")
    #expect(thickness(80) < thickness(67))
    #expect(thickness(88) <= 2, "the tip")
  }

  @Test func arrowsWithoutLengthAreNothing() throws {
    let picture = try draw(
      .arrow(from: .init(5, 5), to: .init(5, 5), .init(HandMade.white, width: 0.6)))
    #expect(bounds(picture) == nil)
  }

  @Test func shortArrowsAreSmall() throws {
    let picture = try draw(
      .arrow(from: .init(5, 5), to: .init(5.6, 5), .init(HandMade.white, width: 1)))
    let area = try #require(bounds(picture))
    #expect(area.x == 50...55 && area.y == 47...52)
  }

  // MARK: Text

  @Test func capitalsHaveTheirHeight() throws {
    let picture = try draw(
      .text("HEH", at: .init(1, 3), height: 4, color: HandMade.white), width: 200, height: 200)
    let area = try #require(bounds(picture))
    #expect(abs(area.y.upperBound - 140) <= 3, "baseline: \(area)")
    #expect(abs(area.y.count - 80) <= 6, "height: \(area)")
  }

  @Test(arguments: ["goal", "WW", "+1.5 m"])
  func textIsAligned(text: String) throws {
    func area(_ alignment: Scene.Alignment) throws -> ClosedRange<Int> {
      let picture = try draw(
        .text(text, at: .init(5, 5), height: 1, color: HandMade.white, alignment: alignment),
        width: 400, height: 200)
      return try #require(bounds(picture)).x
    }
    let (leading, center, trailing) = (
      try area(.leading), try area(.center), try area(.trailing)
    )
    #expect((198...206).contains(leading.lowerBound), "\(leading)")
    #expect((194...202).contains(trailing.upperBound), "\(trailing)")
    #expect(abs(center.lowerBound + center.upperBound - 400) <= 8, "\(center)")
    #expect(abs(leading.count - trailing.count) <= 1)
  }

  @Test func otherLettersBecomeQuestionMarks() throws {
    func picture(_ text: String) throws -> Picture {
      try draw(.text(text, at: .init(1, 5), height: 1, color: HandMade.white))
    }
    #expect(try picture("aé\u{0}b") == picture("a??b"))
    #expect(try picture("aé") != picture("a"))
  }

  // MARK: Beyond the edges

  @Test func whatIsOutOfSightIsCutOffUnseen() throws {
    // A comb whose teeth end far outside, and a frame around the picture.
    var comb: [Scene.Point] = []
    for tooth in 0..<30 {
      let x = Double(tooth) - 10
      comb += [.init(x, -20), .init(x, -30), .init(x + 0.5, -30), .init(x + 0.5, 5)]
    }
    let picture = try draw(
      .polygon(comb + [.init(30, -40), .init(-30, -40)], fill: .color(Scene.Color(0xFF0000))),
      .line(
        [.init(-50, 30), .init(-40, 40), .init(-30, 8), .init(60, 8), .init(70, -20)],
        .init(Scene.Color(0x00FF00), width: 0.4)),
      .circle(center: .init(-0.9, 9.5), radius: 1, fill: .color(Scene.Color(0x0000FF))),
      .polygon(
        [.init(-5, -5), .init(15, -5), .init(15, 15), .init(-5, 15)], fill: nil,
        outline: .init(HandMade.white, width: 11)))
    #expect(picture[50, 20] == 0x00FF00)
    #expect((6..<94).allSatisfy { picture[$0, 35] == 0 })
    #expect((5...93).allSatisfy { x in (22...95).contains { picture[x, $0] != 0 } })
    #expect(picture[3, 50] == 0xFFFFFF && picture[97, 50] == 0xFFFFFF, "half of the outline")
    #expect(picture[50, 3] == 0xFFFFFF && picture[50, 97] == 0xFFFFFF)
    #expect(
      try bounds(draw(.circle(center: .init(-3, 5), radius: 2, fill: .color(HandMade.white))))
        == nil)
    #expect(
      try bounds(draw(.circle(center: .init(-0.9, 5), radius: 1, fill: .color(HandMade.white))))
        != nil)
  }

  // MARK: Robustness

  @Test func whatIsNotFiniteIsLeftOut() throws {
    let box = HandMade.rectangle(2...3, 7...9, .color(HandMade.white))
    let stroke = Scene.Stroke(HandMade.white, width: 0.2)
    let picture = try draw(
      .polygon([.init(.nan, 1), .init(2, 2), .init(3, 3)], fill: .color(HandMade.white)),
      .circle(center: .init(5, .infinity), radius: 1, fill: .color(HandMade.white)),
      .circle(center: .init(5, 5), radius: .nan, fill: .color(HandMade.white)),
      .circle(center: .init(5, 5), radius: -1, fill: .color(HandMade.white)),
      .line([.init(1, 1), .init(.nan, 5)], stroke),
      .line([.init(1, 1), .init(5, 5)], .init(HandMade.white, width: .nan)),
      .circle(
        center: .init(5, 5), radius: 1, fill: nil, outline: .init(HandMade.white, width: .nan)),
      .line([.init(1, 1)], stroke), .line([], stroke), .polygon([], fill: nil, outline: stroke),
      .arrow(from: .init(1, 1), to: .init(.infinity, 1), stroke),
      .text("x", at: .init(.nan, 5), height: 1, color: HandMade.white),
      .text("x", at: .init(5, 5), height: .infinity, color: HandMade.white),
      .text("", at: .init(5, 5), height: 1, color: HandMade.white),
      .polygon(
        [.init(1, 1), .init(2, 1), .init(2, 2)],
        fill: .gradient(
          bottom: HandMade.white, bottomHeight: .nan, top: HandMade.white, topHeight: 1)),
      box)
    #expect(try picture == draw(box))
  }

  @Test func sizesBeyondCairosReachAreDrawnAllTheSame() throws {
    let white = HandMade.white
    _ = try draw(
      .text("tiny", at: .init(5, 5), height: 1e-300, color: white),
      .text("huge", at: .init(5, 5), height: 1e300, color: white))
    let picture = try draw(
      .text("x", at: .init(1, 9), height: 1, color: white),
      .circle(center: .init(5, 5), radius: 1e300, fill: nil, outline: .init(white, width: 1e15)),
      .line([.init(1, 1), .init(9, 9)], .init(white, width: 1e300)))
    #expect(picture[50, 50] == 0xFFFFFF)
  }

  @Test func hugeCoordinatesAreCutOff() throws {
    let picture = try draw(
      HandMade.rectangle(-1e300...1e300, -1e12...5, .color(HandMade.white)))
    #expect(picture[50, 40] == 0)
    #expect(picture[0, 60] == 0xFFFFFF && picture[99, 99] == 0xFFFFFF)
  }

  @Test(arguments: [(0, 10), (-1, 10), (.nan, 10), (10, .infinity), (1e-307, 1e-307)])
  func aCameraThatShowsNothingShowsTheSky(width: Double, height: Double) throws {
    var scene = HandMade.scene([HandMade.rectangle(0...10, 0...10, .color(HandMade.white))])
    scene.camera.width = width
    scene.camera.height = height
    #expect(try bounds(SceneRenderer(width: 100, height: 100).draw(scene)) == nil)
  }

  @Test func theSameSceneGivesTheSamePixels() throws {
    let (first, second) = (try SceneRenderer(), try SceneRenderer())
    second.draw(HandMade.landscape(40), overlay: HandMade.overlay)
    for frame in 0..<3 {
      first.draw(HandMade.landscape(frame), overlay: HandMade.overlay)
      second.draw(HandMade.landscape(frame), overlay: HandMade.overlay)
      #expect(first.picture == second.picture)
    }
    first.draw(HandMade.landscape(3), overlay: HandMade.overlay)
    #expect(first.picture != second.picture)
  }
}
