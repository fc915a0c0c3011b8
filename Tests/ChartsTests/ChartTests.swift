import Charts
import Foundation
import Testing

@Suite struct ChartTests {
  /// Numbers of points of the polylines of a class.
  private static func polylines(_ markup: Markup, _ name: String) -> [Int] {
    var counts: [Int] = []
    for part in markup.source.components(separatedBy: "<polyline points=\"").dropFirst() {
      let words = part.split(separator: "\"")
      // The points, ` class=` and the classes.
      if words[2].split(separator: " ").contains(where: { $0 == name }) {
        counts.append(words[0].split(separator: " ").count)
      }
    }
    return counts
  }

  @Test func everyPointIsDrawnAndGapsStay() {
    let points = (0..<9).map { number -> LineChart.Point in
      let x = Double(number)
      return LineChart.Point(x: x, y: number == 4 ? .nan : x, interval: x...(x + 2))
    }
    var chart = LineChart(
      label: "a chart", horizontal: "steps",
      [LineChart.Series("one", color: 0, points, strands: [Array(points.prefix(3))])])
    #expect(Self.polylines(chart.markup, "curve") == [4, 4])
    #expect(Self.polylines(chart.markup, "strand") == [3])
    #expect(chart.markup.source.components(separatedBy: "<circle").count == 9)
    #expect(chart.markup.source.contains("aria-label=\"a chart\""))
    chart.series[0].isStaircase = true
    #expect(Self.polylines(chart.markup, "curve") == [7, 7])
  }

  @Test func emptyChartsAreNoFailure() {
    #expect(LineChart(label: "", horizontal: nil, []).markup.source.hasPrefix("<svg"))
    #expect(IntervalChart(label: "", axis: "", []).markup.source.hasPrefix("<svg"))
    #expect(ShareChart(label: "", parts: [], []).markup.source.hasPrefix("<svg"))
    let map = HeatMapChart(
      label: "", columns: .init("c", ["1"]), rows: .init("r", ["1"]), cells: [.nan], unit: "u")
    #expect(map.markup.source.contains("#8888"))
    let dots = DotChart(
      label: "", axis: "", [.init("x", color: 9, [.infinity], quartiles: (.nan, .nan, .nan))])
    #expect(!dots.markup.source.contains("<circle") && !dots.markup.source.contains("nan"))
  }

  @Test func labelsDoNotOverlap() throws {
    let series = (0..<5).map {
      LineChart.Series(
        "line \($0)", color: $0,
        [.init(x: 0, y: 0), .init(x: 1, y: 100 + Double($0) * 0.1)])
    }
    let markup = LineChart(label: "", horizontal: nil, series).markup.source
    var heights: [Double] = []
    for text in markup.components(separatedBy: "<text ") where text.contains("class=\"name") {
      let words = text.split(separator: "\"")
      heights.append(try #require(Double(words[3])))
    }
    heights.sort()
    #expect(heights.count == 5)
    for (low, high) in zip(heights, heights.dropFirst()) { #expect(high - low >= 13.9) }
  }
}
