package import Foundation

/// JSON as the suite writes it: keys sorted; in files readable and with a trailing newline.
package enum JSON {
  /// Encodes a value of strings, numbers and flags.
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

  /// Decodes a file's contents; anything else is damage.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, path: String
  ) throws(FileError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw .damaged(path: path, reason: "it does not hold what was expected")
    }
  }
}
