import RLCore
import Rendering
import Testing

/// The figures on top of a scene.
@Suite struct OverlayTests {
  private func draw(_ overlay: Overlay?, width: Int = 600, height: Int = 400) throws -> Picture {
    try SceneRenderer(width: width, height: height).draw(HandMade.scene([]), overlay: overlay)
  }

  private let plain = Overlay(title: "walker", step: 12, time: 0.24)

  /// How many pixels are bluer than anything but the bars.
  private func bluePixels(_ picture: Picture, columns: Range<Int>) -> Int {
    (0..<picture.height).reduce(0) { count, y in
      count + columns.count { picture[$0, y] & 255 > 180 && picture[$0, y] >> 16 < 100 }
    }
  }

  private func gauge(_ value: Double) -> Overlay {
    var overlay = plain
    overlay.action = .gauges([.init("torque", value: value, bounds: -1...1)])
    return overlay
  }

  @Test func staysAtTheUpperLeft() throws {
    let picture = try draw(HandMade.overlay.with { $0.mode = nil })
    #expect((0..<400).allSatisfy { y in (210..<600).allSatisfy { picture[$0, y] == 0 } })
    #expect((160..<400).allSatisfy { y in (0..<600).allSatisfy { picture[$0, y] == 0 } })
    #expect(picture[100, 80] != 0)
  }

  @Test func theModeStandsAtTheUpperRight() throws {
    let picture = try draw(plain.with { $0.mode = "paused" })
    #expect((0..<40).contains { y in (500..<595).contains { picture[$0, y] > 0x808080 } })
  }

  @Test func everyFigureShows() throws {
    let base = try draw(HandMade.overlay)
    let changes: [(inout Overlay) -> Void] = [
      { $0.title = "x" }, { $0.actor = "x" }, { $0.seed = 8 }, { $0.actor = nil },
      { $0.step = 301 }, { $0.steps = nil }, { $0.time = 6.02 },
      { $0.reward = nil }, { $0.episodeReturn = -1 }, { $0.remarks = [] },
      { $0.remarks = [.init("fell", .good)] }, { $0.remarks = [.init("fell", .neutral)] },
      { $0.action = nil },
      { $0.disturbances[0].value = 1 }, { $0.mode = "paused" },
    ]
    for (number, change) in changes.enumerated() {
      let changed = try draw(HandMade.overlay.with(change))
      #expect(changed != base, "change \(number)")
    }
  }

  @Test func barsGrowFromZeroTowardsTheirSign() throws {
    let middle = 132  // of the bar, at 600 × 400
    let (none, right, left) = (try draw(gauge(0)), try draw(gauge(0.8)), try draw(gauge(-0.8)))
    #expect(bluePixels(none, columns: 0..<600) == 0)
    #expect(bluePixels(right, columns: 0..<middle - 1) == 0)
    #expect(bluePixels(right, columns: middle..<600) > 100)
    #expect(bluePixels(left, columns: middle + 1..<600) == 0)
    #expect(bluePixels(left, columns: 0..<middle) > 100)
  }

  @Test func barsEndAtTheirBounds() throws {
    let (full, beyond) = (try draw(gauge(1)), try draw(gauge(50)))
    let columns = 0..<165  // without the number
    #expect(bluePixels(full, columns: columns) == bluePixels(beyond, columns: columns))
  }

  @Test func oneChoiceIsMarked() throws {
    func choice(_ index: Int) throws -> Picture {
      try draw(plain.with { $0.action = .choice(index, of: ["push left", "push right"]) })
    }
    #expect(try bluePixels(choice(0), columns: 0..<600) > 10)
    #expect(try bluePixels(choice(7), columns: 0..<600) == 0)
    #expect(try choice(0) != choice(1))
  }

  @Test func disturbancesOfZeroAreNotShown() throws {
    let none = plain.with { $0.disturbances = [.init("push", value: 0, bounds: -1...1)] }
    #expect(try draw(none) == draw(plain))
    #expect(try draw(none.with { $0.disturbances[0].value = 0.5 }) != draw(plain))
  }

  @Test func manyRowsAreSummedUp() throws {
    func rows(_ count: Int) throws -> Picture {
      try draw(
        plain.with {
          $0.action = .gauges((0..<count).map { .init("a\($0)", value: 0, bounds: -1...1) })
        })
    }
    func lowest(_ picture: Picture) -> Int? {
      (0..<400).last { y in (0..<600).contains { picture[$0, y] != 0 } }
    }
    #expect(try #require(lowest(rows(8))) > #require(lowest(rows(4))))
    #expect(try lowest(rows(30)) == lowest(rows(8)))
  }

  @Test(arguments: [(64, 64), (64, 4096), (4096, 64), (200, 600), (1200, 800)])
  func fitsEverySize(width: Int, height: Int) throws {
    let picture = try draw(HandMade.overlay.with { $0.mode = nil }, width: width, height: height)
    let scale = min(Double(height) / 400, Double(width) / 216)
    #expect((0..<height).allSatisfy { picture[width - 1, $0] == 0 })
    #expect(picture[Int(100 * scale), Int(20 * scale)] != 0)
    #expect((0..<width).allSatisfy { picture[$0, height - 1] == 0 })
  }

  @Test(arguments: [
    (1.005, 1, "1.0"), (-0.004, 2, "0.00"), (-0.126, 2, "-0.13"), (12.3, 0, "12"), (0, 2, "0.00"),
    (999.96, 1, "1000.0"), (.nan, 2, "nan"), (-.infinity, 1, "-inf"), (1e300, 1, "1e+300"),
  ])
  func numbersHaveFixedDecimals(number: Double, digits: Int, expected: String) {
    #expect(decimal(number, digits: digits) == expected)
  }

  @Test func actionsAreNamedByTheirEnvironment() {
    let box = EnvironmentSpecification(
      identifier: "box", summary: "", observationSpace: .box(low: [], high: []),
      observationComponents: [], actionSpace: .box(low: [-1, 0], high: [1, 5]),
      actionComponents: [.init("torque"), .init("thrust")], timeStep: 1, episodeSteps: 1,
      solvedReturn: nil, source: "")
    #expect(
      Overlay.Action([0.5, 2], of: box)
        == .gauges([
          .init("torque", value: 0.5, bounds: -1...1), .init("thrust", value: 2, bounds: 0...5),
        ]))
    let discrete = EnvironmentSpecification(
      identifier: "discrete", summary: "", observationSpace: .box(low: [], high: []),
      observationComponents: [], actionSpace: .discrete(count: 2),
      actionComponents: [.init("left"), .init("right")], timeStep: 1, episodeSteps: 1,
      solvedReturn: nil, source: "")
    #expect(Overlay.Action([1], of: discrete) == .choice(1, of: ["left", "right"]))
    #expect(
      [Overlay.Gauge]([0.5], of: [.init("push", unit: "N", bound: 2)])
        == [.init("push", value: 0.5, bounds: -2...2)])
  }
}

extension Overlay {
  /// A copy with a change.
  fileprivate func with(_ change: (inout Overlay) -> Void) -> Overlay {
    var copy = self
    change(&copy)
    return copy
  }
}
