internal import Foundation

/// The contents of a log: comma-separated rows below a line with the names of the columns.
public struct LogTable: Sendable, Equatable {
  /// Names of the columns.
  public let names: [String]
  /// Cells of the rows, as many in each as there are names.
  public let rows: [[Substring]]

  /// Reads a log.
  ///
  /// - Parameters:
  ///   - path: Path of the file; lines may end with `\r\n`.
  ///   - isGrowing: Whether a process appends to the file, so that a row that is cut off at the end is
  ///     left out rather than refused.
  /// - Throws: ``FileError`` if the file is missing or can't be read, and
  ///   ``FileError/damaged(path:reason:)`` if a row is cut off or has more or fewer cells than there
  ///   are names.
  public init(reading path: String, isGrowing: Bool = false) throws(FileError) {
    var text = try FileSystem.readText(path)[...]
    let end = text.utf8.lastIndex(of: 0x0A).map { text.utf8.index(after: $0) } ?? text.startIndex
    if end < text.endIndex {
      guard isGrowing else { throw .damaged(path: path, reason: "its last row is cut off") }
      text = text[..<end]
    }
    var lines = text.lines
    guard !lines.isEmpty else { throw .damaged(path: path, reason: "it has no header") }
    names = Self.cells(lines.removeFirst()).map(String.init)
    rows = lines.map(Self.cells)
    if let row = rows.firstIndex(where: { $0.count != names.count }) {
      throw .damaged(
        path: path,
        reason: "its row \(row + 1) has \(rows[row].count) of \(names.count) columns")
    }
  }

  private static func cells(_ line: Substring) -> [Substring] {
    line.split(separator: ",", omittingEmptySubsequences: false)
  }

  /// Returns the numbers of a column; nil if there is no such column.
  ///
  /// An empty cell, or one with anything but a number, is NaN.
  public func numbers(_ name: String) -> [Double]? {
    names.firstIndex(of: name).map { column in rows.map { Double($0[column]) ?? .nan } }
  }
}
