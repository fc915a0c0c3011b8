/// The colours of charts on light and dark ground.
///
/// Neighbours differ in hue and in lightness for any colour vision, and every colour of a series has
/// a contrast of at least 3 to the page's ground, as WCAG 2.1 asks of graphics (criterion 1.4.11).
///
/// - Source: the hues of Okabe and Ito 2008, made darker on light ground and lighter on dark.
public enum ChartPalette {
  /// Colours of series, 0xRRGGBB, for light and dark ground.
  public static let series: [(light: UInt32, dark: UInt32)] = [
    (0x0B62A4, 0x62B0E8), (0xC4500A, 0xF0894A), (0x00805F, 0x35BE97), (0xA8437F, 0xE495C3),
    (0x7A6800, 0xD9C24A), (0x5A5F68, 0xB4BAC4),
  ]

  /// The ground, the text, and the text of less importance.
  public static let ground: (light: UInt32, dark: UInt32) = (0xFFFFFF, 0x15181D)
  /// Text.
  public static let ink: (light: UInt32, dark: UInt32) = (0x1B1F24, 0xE8EAED)
  /// Text of less importance.
  public static let muted: (light: UInt32, dark: UInt32) = (0x5B636E, 0xA3ABB6)
  /// Lines of a grid.
  public static let grid: (light: UInt32, dark: UInt32) = (0xE6E8EB, 0x2B3038)
  /// Lines of axes.
  public static let axis: (light: UInt32, dark: UInt32) = (0xB4BAC2, 0x555D68)
  /// Ground of what stands out.
  public static let mark: (light: UInt32, dark: UInt32) = (0xFFF3D6, 0x3A2F12)

  /// Style rules that define the colours as variables, for light ground and, if the reader prefers
  /// it and the page is not printed, for dark ground.
  public static var styleSheet: String {
    let named =
      series.enumerated().map { ("series-\($0.offset)", $0.element) }
      + [
        ("ground", ground), ("ink", ink), ("muted", muted), ("grid", grid), ("axis", axis),
        ("mark", mark),
      ]
    let light = named.map { "--\($0.0):\(hex($0.1.light))" }.joined(separator: ";")
    let dark = named.map { "--\($0.0):\(hex($0.1.dark))" }.joined(separator: ";")
    let classes = series.indices.map { ".c\($0){--color:var(--series-\($0))}" }.joined()
    return ":root{color-scheme:light dark;\(light)}\n"
      + "@media screen and (prefers-color-scheme:dark){:root{\(dark)}}\n\(classes)\n"
  }

  /// Returns the classes of a series: a colour, and a pattern of dashes once colours repeat.
  static func classes(_ index: Int) -> String {
    let (round, color) = index.quotientAndRemainder(dividingBy: series.count)
    return round == 0 ? "c\(color)" : "c\(color) d\(min(round, 3))"
  }

  /// Returns a colour as in style sheets.
  public static func hex(_ color: UInt32) -> String {
    let digits = String(color & 0xFFFFFF, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
