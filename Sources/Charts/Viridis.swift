/// The colours of Matplotlib's viridis, whose lightness grows evenly, so that they can be told apart
/// with any colour vision and in grey.
public enum Viridis {
  /// Ten colours at equal distances, 0xRRGGBB (van der Walt and Smith 2015, CC0).
  private static let stops: [UInt32] = [
    0x440154, 0x482878, 0x3E4A89, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6DCD59, 0xB4DE2C,
    0xFDE725,
  ]

  /// Returns the colour of a place on the scale, in 0...1, with components in 0...1.
  public static func color(share: Double) -> (red: Double, green: Double, blue: Double) {
    let place = min(max(share, 0), 1) * Double(stops.count - 1)
    let below = min(Int(place), stops.count - 2)
    let part = place - Double(below)
    func mix(_ shift: UInt32) -> Double {
      let low = Double(stops[below] >> shift & 255) / 255
      let high = Double(stops[below + 1] >> shift & 255) / 255
      return low + part * (high - low)
    }
    return (mix(16), mix(8), mix(0))
  }

  /// Returns the colour of a place on the scale as 0xRRGGBB.
  static func hex(share: Double) -> UInt32 {
    let color = color(share: share)
    func byte(_ component: Double) -> UInt32 { UInt32((component * 255).rounded()) }
    return byte(color.red) << 16 | byte(color.green) << 8 | byte(color.blue)
  }
}
