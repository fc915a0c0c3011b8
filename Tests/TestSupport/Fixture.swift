public import Foundation

/// Files under `Tests/Fixtures`, recorded from the reference implementations.
public enum Fixture {
  /// Where a file lies in the source tree.
  public static func url(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures").appending(path: name)
  }

  /// The lines of a JSON-lines file, its metadata line first.
  public static func lines(_ name: String) throws -> [String] {
    try String(contentsOf: url(name), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The records of a JSON-lines file, without its metadata line.
  public static func records<Record: Decodable>(
    _ name: String, as type: Record.Type = Record.self
  ) throws -> [Record] {
    let decoder = JSONDecoder()
    return try lines(name).dropFirst().map {
      try decoder.decode(Record.self, from: Data($0.utf8))
    }
  }
}
