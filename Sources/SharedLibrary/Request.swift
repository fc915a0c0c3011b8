internal import Experiments
internal import Foundation
internal import Training

/// Reads what a call asks for as a JSON object.
enum Request {
  /// Decodes a text.
  ///
  /// - Throws: ``Boundary/Misuse`` with a sentence that begins with the name.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from text: String, name: String
  ) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw Boundary.Misuse("\(name) \(reason(error))")
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "has no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.isEmpty
        ? "is not a JSON object"
        : "has an impossible '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "is not JSON, or has a number beyond its range"
        : "has an impossible '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    @unknown default: "can't be read"
    }
  }
}

extension Decoder {
  /// Returns a container after refusing members that none of the keys names.
  func members<Keys: CodingKey & CaseIterable>(
    _ keys: Keys.Type, of origin: String
  ) throws -> KeyedDecodingContainer<Keys> {
    let known = keys.allCases.map(\.stringValue)
    for key in try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    where !known.contains(key) {
      throw ConfigurationError.unknown("member", key, allowed: known, origin: origin)
    }
    return try container(keyedBy: keys)
  }
}

/// A key of any name.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
