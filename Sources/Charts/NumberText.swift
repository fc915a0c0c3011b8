internal import Foundation

/// Numbers as text for reading: grouped, rounded, with a real minus sign, in no locale.
public enum NumberText {
  /// Returns a number with a fixed number of decimals.
  public static func decimal(_ value: Double, places: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    guard abs(value) < 1e15 else { return signed(String(format: "%.2e", value)) }
    let text = String(format: "%.\(places.clamped(to: 0...12))f", abs(value))
    let parts = text.split(separator: ".")
    var digits = ""
    for (index, digit) in parts[0].enumerated() {
      if index > 0, (parts[0].count - index) % 3 == 0 { digits += "," }
      digits.append(digit)
    }
    if parts.count > 1 { digits += ".\(parts[1])" }
    let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
    return value < 0 && !isZero ? "−\(digits)" : digits
  }

  /// Returns a number with about this many significant digits; whole numbers keep all of theirs.
  public static func significant(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite, value != 0 else { return decimal(value, places: 0) }
    let magnitude = Int(floor(log10(abs(value))))
    guard magnitude > -5 else { return signed(String(format: "%.\(digits - 1)e", value)) }
    return decimal(value, places: max(0, digits - 1 - magnitude))
  }

  /// Returns a number with at most three significant digits after its whole ones, and no zeros at
  /// its end.
  public static func short(_ value: Double) -> String {
    let text = significant(value, digits: 3)
    guard text.contains("."), !text.contains("e") else { return text }
    let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(trimmed.reversed())
  }

  /// Returns a count in full.
  public static func whole(_ value: Int) -> String { decimal(Double(value), places: 0) }

  /// Returns a share in per cent.
  public static func percent(_ share: Double, places: Int = 0) -> String {
    decimal(share * 100, places: places) + " %"
  }

  /// Returns a time in its largest two units, or in seconds with decimals below a minute.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    guard seconds >= 59.95 else { return decimal(seconds, places: seconds < 10 ? 1 : 0) + " s" }
    let whole = Int(min(seconds, 1e12).rounded())
    let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86400)
    if days > 0 { return "\(days) d \(hours % 24) h" }
    if hours > 0 { return "\(hours) h \(minutes % 60) min" }
    return "\(minutes) min \(whole % 60) s"
  }

  /// Returns the text of a count at a tick, in units of which the step is not a small fraction.
  static func count(_ value: Double, step: Double) -> String {
    guard value != 0 else { return "0" }
    for (unit, name) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where abs(value) >= unit {
      guard step >= unit / 100 else { continue }
      let shown = value / unit
      let places = shown == shown.rounded() ? 0 : places(of: step / unit)
      return decimal(shown, places: places) + name
    }
    return decimal(value, places: 0)
  }

  /// Returns the text of a time at a tick.
  static func duration(_ value: Double, step: Double) -> String {
    for (unit, name) in [(86400.0, " d"), (3600, " h"), (60, " min")]
    where abs(value) >= unit && step >= unit / 4 {
      let shown = value / unit
      return decimal(shown, places: shown == shown.rounded() ? 0 : 1) + name
    }
    return value == 0 ? "0" : decimal(value, places: places(of: step)) + " s"
  }

  /// Returns the decimals that multiples of a step have.
  static func places(of step: Double) -> Int {
    guard step > 0, step < 1 else { return 0 }
    return min(12, Int((-log10(step) - 1e-9).rounded(.up)))
  }

  private static func signed(_ text: String) -> String {
    text.replacingOccurrences(of: "-", with: "−")
  }
}
