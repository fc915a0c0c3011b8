import Charts
import Foundation
import Testing

@Suite struct ScaleTests {
  private static func texts(
    _ values: [Double], _ kind: Scale.Kind = .number, ticks: Int = 5
  ) -> [String] {
    let scale = Scale(values, to: (0, 100), kind: kind, ticks: ticks)
    return scale.ticks.map(scale.text)
  }

  @Test func ticksAreRound() {
    #expect(Self.texts([-92, 305]) == ["0", "100", "200", "300"])
    #expect(Self.texts([0, 0.0031], ticks: 3) == ["0.000", "0.001", "0.002", "0.003"])
    #expect(Self.texts([0, 1], .share, ticks: 2) == ["0 %", "50 %", "100 %"])
    #expect(Self.texts([0, 1_007_616], .count, ticks: 2) == ["0", "500 k", "1 M"])
    #expect(Self.texts([0, 10_000], .count, ticks: 2) == ["0", "5 k", "10 k"])
    #expect(Self.texts([0, 95], .seconds, ticks: 4) == ["0", "30 s", "1 min", "1.5 min"])
    #expect(Self.texts([0, 7300], .seconds, ticks: 4) == ["0", "1 h", "2 h"])
  }

  @Test func domainsHoldTheirValues() {
    for values in [[3.0], [], [.nan, .infinity], [1e-300, 2e-300], [-1e308, 1e308], [5, 5, 5]] {
      let scale = Scale(values, to: (10, 90))
      #expect(scale.domain.lowerBound < scale.domain.upperBound, "\(values)")
      #expect(scale.ticks.count <= 101 && scale.ticks.allSatisfy(\.isFinite), "\(values)")
      for value in values where abs(value) <= 1e300 {
        #expect((10 - 1e-6...90 + 1e-6).contains(scale(value)), "\(values)")
      }
    }
  }

  @Test func numbersReadWell() {
    #expect(NumberText.decimal(-1234567.891, places: 1) == "−1,234,567.9")
    #expect(NumberText.decimal(-0.0001, places: 2) == "0.00")
    #expect(NumberText.decimal(.nan, places: 2) == "–")
    #expect(NumberText.significant(0.00123456, digits: 3) == "0.00123")
    #expect(NumberText.significant(45678, digits: 3) == "45,678")
    #expect(NumberText.short(300) == "300" && NumberText.short(0.5) == "0.5")
    #expect(NumberText.duration(9.96) == "10.0 s")
    #expect(NumberText.duration(75) == "1 min 15 s")
    #expect(NumberText.duration(7_300) == "2 h 1 min")
    #expect(NumberText.duration(200_000) == "2 d 7 h")
  }
}
