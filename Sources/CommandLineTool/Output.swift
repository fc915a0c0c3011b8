import ArgumentParser
import Foundation
import Storage

/// The option for the number of threads.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Number of threads, by default one per core; results do not depend on it.")
  var threads: Int?

  func validate() throws {
    guard (1...1024).contains(threads ?? 1) else {
      throw ValidationError("--threads must lie in 1...1024")
    }
  }
}

/// Returns a number as text with a fixed number of decimals, independent of the locale.
func decimals(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  return String(format: "%.\(places)f", value)
}

/// Returns a value as JSON on one line, with sorted keys.
func jsonLine(_ value: some Encodable) throws -> String { try jsonText(value, isPretty: false) }

/// Returns a value as JSON with sorted keys, on one line or on indented lines.
func jsonText(_ value: some Encodable, isPretty: Bool) throws -> String {
  JSON.text(value, isPretty: isPretty)
}

/// Returns a text table whose columns are as wide as their widest cells; control characters, which
/// a terminal would obey, are spelt out.
func table(_ cells: [[String]], indent: String = "") -> String {
  let rows = cells.map { $0.map { $0.printable(atMost: 4000) } }
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      index == row.count - 1
        ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
    }
    return indent + cells.joined(separator: "  ")
  }.joined(separator: "\n")
}
