import Charts
import Foundation
import Testing

@Suite struct PaletteTests {
  /// Relative luminance by WCAG 2.1.
  private static func luminance(_ color: UInt32) -> Double {
    let parts = [16, 8, 0].map { shift -> Double in
      let share = Double(color >> UInt32(shift) & 255) / 255
      return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }

  private static func contrast(_ first: UInt32, _ second: UInt32) -> Double {
    let (a, b) = (luminance(first), luminance(second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  @Test func contrastsSuffice() {
    let ground = ChartPalette.ground
    #expect(abs(Self.contrast(0, 0xFFFFFF) - 21) < 1e-9)
    // Names of series are texts, in their series' colour.
    for color in ChartPalette.series + [ChartPalette.ink, ChartPalette.muted] {
      #expect(Self.contrast(color.light, ground.light) >= 4.5, "\(ChartPalette.hex(color.light))")
      #expect(Self.contrast(color.dark, ground.dark) >= 4.5, "\(ChartPalette.hex(color.dark))")
    }
    for color in [ChartPalette.ink, ChartPalette.muted] {
      #expect(Self.contrast(color.light, ChartPalette.mark.light) >= 4.5)
      #expect(Self.contrast(color.dark, ChartPalette.mark.dark) >= 4.5)
    }
  }
}
