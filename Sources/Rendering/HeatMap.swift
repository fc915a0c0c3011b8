internal import Charts
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
    var color = Scene.Color(0)
    (color.red, color.green, color.blue) = Viridis.color(share: share)
    return color
  }

  static let missing = Scene.Color(0xB8B8B8)
}
