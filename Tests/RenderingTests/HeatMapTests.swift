import RLCore
import Rendering
import Testing

/// Pixels of heat maps at known places.
@Suite struct HeatMapTests {
  private func makeMap(_ cells: [Double], columns: Int, marked: Int? = nil) -> HeatMap {
    HeatMap(
      title: "policy on walker", subtitle: "mean return",
      columns: .init("mass", values: (0..<columns).map { "\($0)" }),
      rows: .init("friction", values: (0..<cells.count / columns).map { "\($0)" }),
      cells: cells, label: "mean return", marked: marked)
  }

  /// Colours of the middles of cells on the row of pixels through the middle of a row of cells.
  private func colors(_ picture: Picture, row y: Int) -> [UInt32] {
    var colors: [UInt32] = []
    for x in 0..<picture.width where colors.last != picture[x, y] { colors.append(picture[x, y]) }
    return colors
  }

  @Test func theLowestIsVioletAndTheHighestYellow() throws {
    let picture = try makeMap([0, 4, 2, 1, 3, .nan], columns: 3).draw()
    // The lower row of cells is the first; rows of pixels count from the top.
    let (upper, lower) = (colors(picture, row: 200), colors(picture, row: 500))
    #expect(lower.contains(0x440154) && lower.contains(0xFDE725), "0 and 4")
    #expect(upper.contains(0xB8B8B8) && !lower.contains(0xB8B8B8), "not finite")
    let order = lower.filter { [0x440154, 0xFDE725].contains($0) }
    #expect(order.prefix(2) == [0x440154, 0xFDE725], "from left to right")
    // 2 lies in the middle of the scale, between the fifth and the sixth of ten colours.
    #expect(lower.contains { abs(Int($0 >> 8 & 255) - 0x91) < 3 && abs(Int($0 & 255) - 0x8B) < 3 })
  }

  @Test func theScaleRunsUpwards() throws {
    let picture = try makeMap([0, 4, 2, 1], columns: 2).draw()
    // The scale is the last area before the ticks' numbers.
    let x = try #require((0..<picture.width).last { isDark(picture[$0, 650]) })
    #expect(x > 850 && isDark(picture[x - 2, 652]) && isYellow(picture[x - 2, 73]))
  }

  private func isDark(_ color: UInt32) -> Bool { color >> 16 < 0x50 && (color >> 8) & 255 < 0x10 }
  private func isYellow(_ color: UInt32) -> Bool { color >> 16 > 0xF0 && color & 255 < 0x40 }

  @Test func theWorstCellIsFramed() throws {
    let plain = try makeMap([0, 4, 2, 1], columns: 2).draw()
    let marked = try makeMap([0, 4, 2, 1], columns: 2, marked: 0).draw()
    func red(_ picture: Picture) -> [(x: Int, y: Int)] {
      (0..<picture.width * picture.height).map { ($0 % picture.width, $0 / picture.width) }
        .filter { picture[$0.0, $0.1] == 0xE11D48 }
    }
    #expect(red(plain).isEmpty)
    let places = red(marked)
    #expect(places.count > 500)
    // The first cell is at the lower left.
    #expect(places.allSatisfy { $0.x < 520 && $0.y > 330 })
  }

  @Test func mapsOfAllShapesAndSizesAreDrawn() throws {
    for (cells, columns) in [
      ([1.0], 1), ([1, 1, 1], 3), ([.nan], 1), (Array(repeating: 3, count: 40), 1),
    ] {
      for (width, height) in [(64, 64), (300, 1000), (4096, 128)] {
        let picture = try makeMap(cells, columns: columns).draw(width: width, height: height)
        #expect(picture.width == width && picture.height == height)
      }
    }
    #expect(throws: RenderingError.self) { try makeMap([1], columns: 1).draw(width: 8, height: 8) }
  }
}
