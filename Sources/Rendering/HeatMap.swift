internal import RLCore

/// A picture of numbers over one or two axes as coloured cells, with a scale of the colours.
///
/// The colours are those of Matplotlib's viridis, whose lightness grows evenly, so that they can be
/// told apart with any colour vision and in grey.
public struct HeatMap: Sendable, Equatable {
  /// An axis of the map.
  public struct Axis: Sendable, Equatable {
    /// Name of the axis, with its unit if it has one.
    public var label: String
    /// Texts of the values, in order; the first is at the left or at the bottom.
    public var values: [String]

    /// Creates an axis.
    public init(_ label: String, values: [String]) { (self.label, self.values) = (label, values) }
  }

  /// Words above the map.
  public var title: String
  /// Smaller words below the title.
  public var subtitle: String
  /// Axis from left to right.
  public var columns: Axis
  /// Axis from bottom to top; a single value, whose text is not shown, for a map of one axis.
  public var rows: Axis
  /// Numbers of the cells, row by row from the bottom, [rows × columns]; those that are not finite
  /// are grey.
  public var cells: [Double]
  /// Name of the numbers, beside the scale.
  public var label: String
  /// Index of the cell with a red frame; nil for none.
  public var marked: Int?

  /// Creates a map.
  public init(
    title: String, subtitle: String, columns: Axis, rows: Axis, cells: [Double], label: String,
    marked: Int? = nil
  ) {
    precondition(
      !cells.isEmpty && cells.count == columns.values.count * rows.values.count,
      "\(cells.count) cells for \(rows.values.count) × \(columns.values.count) values")
    (self.title, self.subtitle, self.columns, self.rows) = (title, subtitle, columns, rows)
    (self.cells, self.label, self.marked) = (cells, label, marked)
  }

  /// Default size of the picture, in pixels.
  public static let standardSize = (width: 960, height: 720)

  /// Draws the map.
  ///
  /// - Throws: ``RenderingError/sizeOutOfRange(width:height:)`` beyond `Picture.sizes`.
  public func draw(
    width: Int = standardSize.width, height: Int = standardSize.height
  ) throws(RenderingError) -> Picture {
    let picture = try Picture(width: width, height: height)
    HeatMapPainter(self, picture).paint()
    return picture
  }

  /// Least and greatest finite number, apart by at least a little.
  var range: ClosedRange<Double> {
    let finite = cells.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return 0...1 }
    guard low == high else { return low...high }
    let reach = max(0.5, abs(low) * 0.05)
    return (low - reach)...(high + reach)
  }

  /// Returns the colour of a number.
  func color(_ number: Double) -> Scene.Color {
    guard number.isFinite else { return Self.missing }
    let range = range
    return Self.color(share: (number - range.lowerBound) / (range.upperBound - range.lowerBound))
  }

  /// Returns the colour of a place on the scale, in 0...1.
  static func color(share: Double) -> Scene.Color {
    let place = min(max(share, 0), 1) * Double(viridis.count - 1)
    let below = min(Int(place), viridis.count - 2)
    let (low, high) = (Scene.Color(viridis[below]), Scene.Color(viridis[below + 1]))
    let part = place - Double(below)
    var color = low
    color.red += part * (high.red - low.red)
    color.green += part * (high.green - low.green)
    color.blue += part * (high.blue - low.blue)
    return color
  }

  static let missing = Scene.Color(0xB8B8B8)

  /// Ten colours of viridis at equal distances (van der Walt and Smith 2015, CC0).
  private static let viridis: [UInt32] = [
    0x440154, 0x482878, 0x3E4A89, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6DCD59, 0xB4DE2C,
    0xFDE725,
  ]
}
