internal import Foundation
public import RLCore
public import Storage

/// The physical parameters of a policy's training, which its file holds under the key `parameters`
/// as a JSON object of names and numbers.
public enum PolicyParameters {
  static func text(_ values: [ParameterValue]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let object = Dictionary(values.map { ($0.name, $0.value) }) { first, _ in first }
    return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Reads the physical parameters in a policy file.
  ///
  /// - Parameter archive: Contents of the file.
  /// - Throws: `ArchiveError` if they are not an object of numbers.
  /// - Returns: The parameters in order of their names; empty if the file holds none.
  public static func read(
    _ archive: TensorArchive
  ) throws(ArchiveError) -> [ParameterValue] {
    guard let text = archive.metadata["parameters"] else { return [] }
    guard let object = try? JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    else { throw .invalid(reason: "its physical parameters are not an object of numbers") }
    return object.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }
  }
}
