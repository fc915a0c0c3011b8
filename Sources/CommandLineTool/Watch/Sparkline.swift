/// A curve in one line of text, of eight heights.
enum Sparkline {
  private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Returns the curve of some values.
  ///
  /// - Parameters:
  ///   - values: The values in order of time; those that are not finite are gaps.
  ///   - width: Greatest number of characters; with more values, each is the mean of some.
  /// - Returns: The curve between the least and the greatest of its points; in the middle if all are
  ///   equal.
  static func text(_ values: [Double], width: Int) -> String {
    let points = means(values, count: min(max(width, 0), values.count))
    let finite = points.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return String(repeating: " ", count: points.count)
    }
    return String(
      points.map { point in
        guard point.isFinite else { return " " }
        guard high > low else { return blocks[3] }
        // Halves, so that their difference is finite whatever they are.
        let height = (point / 2 - low / 2) / (high / 2 - low / 2)
        return blocks[min(7, Int(height * 8))]
      })
  }

  /// Returns the means of equal parts of some values, without those that are not finite.
  private static func means(_ values: [Double], count: Int) -> [Double] {
    (0..<count).map { part in
      let range = part * values.count / count..<(part + 1) * values.count / count
      let finite = values[range].filter(\.isFinite)
      return finite.isEmpty ? .nan : finite.reduce(0) { $0 + $1 / Double(finite.count) }
    }
  }
}
