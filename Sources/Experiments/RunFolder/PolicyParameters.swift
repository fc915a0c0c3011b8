internal import Foundation
public import RLCore
public import Storage

/// The physical parameters a policy was trained with, as its file holds them: a JSON object of
/// names and numbers under the key `parameters`.
public enum PolicyParameters {
  static func text(_ values: [ParameterValue]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let object = Dictionary(values.map { ($0.name, $0.value) }) { first, _ in first }
    return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Reads the parameters of a policy file, by name.
  ///
  /// - Parameter archive: The file's contents.
  /// - Throws: ``ArchiveError`` where they are no such object.
  /// - Returns: The values in order of their names; none where the file does not hold any.
  public static func read(
    _ archive: TensorArchive
  ) throws(ArchiveError) -> [ParameterValue] {
    guard let text = archive.metadata["parameters"] else { return [] }
    guard let object = try? JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    else { throw .invalid(reason: "its physical parameters are not an object of numbers") }
    return object.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }
  }
}
