internal import Foundation
public import Storage

/// A reader of one kind of policy from policy files.
public struct PolicyReader: Sendable {
  /// Name of the kind of policy, under "kind" in a file's description of its policy.
  public let kind: String
  private let make: @Sendable (TensorArchive) throws(ArchiveError) -> any Policy

  /// Creates a reader for the given kind of policy.
  public init(
    _ kind: String,
    make: @escaping @Sendable (TensorArchive) throws(ArchiveError) -> any Policy
  ) {
    self.kind = kind
    self.make = make
  }

  /// Readers for all kinds of policy that are saved; a new kind is one line here.
  public static let all: [PolicyReader] = [
    PolicyReader(MLPPolicy.kind) { archive throws(ArchiveError) in try MLPPolicy(from: archive) },
    PolicyReader(FlowPolicy.kind) { archive throws(ArchiveError) in try FlowPolicy(from: archive) },
    PolicyReader(WorstCasePolicy.kind) { archive throws(ArchiveError) in
      try WorstCasePolicy(from: archive)
    },
  ]

  /// The part of a description that tells how to read the rest; `kind` is absent in older files.
  private struct Description: Decodable { var kind: String? }

  /// Reads a policy of any known kind from a file.
  ///
  /// - Parameters:
  ///   - archive: A policy file, whose metadata describe the policy as JSON under "policy".
  ///   - readers: Readers of the known kinds.
  /// - Throws: `ArchiveError` if the file holds no policy, an unknown kind or a damaged one.
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
