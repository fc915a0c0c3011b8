internal import Foundation
public import Storage

/// Reads one kind of policy from policy files.
public struct PolicyReader: Sendable {
  /// The kind's name, under "kind" in a file's description of its policy.
  public let kind: String
  private let make: @Sendable (TensorArchive) throws(ArchiveError) -> any Policy

  /// Makes a reader.
  public init(
    _ kind: String,
    make: @escaping @Sendable (TensorArchive) throws(ArchiveError) -> any Policy
  ) {
    self.kind = kind
    self.make = make
  }

  /// A reader for every kind of policy that is saved; a new kind is one line here.
  public static let all: [PolicyReader] = [
    PolicyReader(MLPPolicy.kind) { archive throws(ArchiveError) in try MLPPolicy(from: archive) }
  ]

  /// The part of a description that says how to read the rest; absent in files from before there
  /// was a choice.
  private struct Description: Decodable { var kind: String? }

  /// Reads a policy of whatever kind a file holds.
  ///
  /// - Parameters:
  ///   - archive: A policy file; its metadata describe the policy as JSON under "policy".
  ///   - readers: The kinds that are known.
  /// - Throws: ``ArchiveError`` if it holds no policy, or one of another kind.
  /// - Returns: The policy.
  public static func read(
    _ archive: TensorArchive, readers: [PolicyReader] = all
  ) throws(ArchiveError) -> any Policy {
    guard let text = archive.metadata["policy"] else { throw .missing(name: "policy description") }
    guard let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw .invalid(reason: "its policy description can't be read") }
    let kind = description.kind ?? MLPPolicy.kind
    guard let reader = readers.first(where: { $0.kind == kind }) else {
      let known = readers.map(\.kind).joined(separator: ", ")
      throw .invalid(reason: "its policy is of kind '\(kind)', which is none of \(known)")
    }
    return try reader.make(archive)
  }
}
