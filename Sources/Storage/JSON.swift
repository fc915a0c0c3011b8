package import Foundation

/// JSON in the suite's style: keys are sorted, and files are indented and end with a newline.
package enum JSON {
  /// Encodes a value of strings, numbers and Booleans.
  package static func encode(_ value: some Encodable, isPretty: Bool = true) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      var data = try encoder.encode(value)
      if isPretty { data.append(0x0A) }
      return data
    } catch {
      preconditionFailure("\(type(of: value)) can't be encoded: \(error)")
    }
  }

  /// Decodes a file's contents.
  ///
  /// - Throws: ``FileError/damaged(path:reason:)`` if they are not JSON of this type.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, path: String
  ) throws(FileError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw .damaged(path: path, reason: "its contents are not as expected")
    }
  }
}
