package import Foundation

/// JSON in the suite's style: keys are sorted, and files are indented and end with a newline.
package enum JSON {
  /// Encodes a value of strings, finite numbers and Booleans as the contents of a file.
  package static func encode(_ value: some Encodable, isPretty: Bool = true) -> Data {
    var data = encode(value, isPretty: isPretty, by: JSONEncoder())
    if isPretty { data.append(0x0A) }
    return data
  }

  /// Encodes a value as text, in which numbers that are not finite are "Infinity", "-Infinity" and
  /// "NaN".
  package static func text(_ value: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return String(decoding: encode(value, isPretty: isPretty, by: encoder), as: UTF8.self)
  }

  private static func encode(
    _ value: some Encodable, isPretty: Bool, by encoder: JSONEncoder
  ) -> Data {
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      return try encoder.encode(value)
    } catch {
      preconditionFailure("\(type(of: value)) can't be encoded: \(error)")
    }
  }

  /// Greatest size of a file that is decoded, in bytes.
  package static let mostBytes = 16 << 20

  /// Reads and decodes a file.
  ///
  /// - Throws: ``FileError`` if it can't be read, and ``FileError/damaged(path:reason:)`` if it is
  ///   not JSON of this type or is larger than ``mostBytes``.
  package static func read<Value: Decodable>(
    _ type: Value.Type, from path: String
  ) throws(FileError) -> Value {
    let text = try FileSystem.readText(path, atMost: mostBytes)
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw .damaged(path: path, reason: "its contents are not as expected")
    }
  }
}
