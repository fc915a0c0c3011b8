internal import Foundation
public import Storage

/// The description of a checkpoint folder, stored in its `manifest.json`.
public struct CheckpointManifest: Codable, Sendable, Equatable {
  /// A file of the checkpoint folder.
  public struct Component: Codable, Sendable, Equatable {
    /// Name of the file within the folder.
    public let name: String
    /// Size of the file, in bytes.
    public let bytes: Int
    /// CRC-32C of the file, as eight hexadecimal digits.
    public let checksum: String
  }

  /// Version of the folder's layout that this program writes and reads.
  public static let currentVersion = 2

  /// Version of the folder's layout.
  public var version = currentVersion
  /// Id of the environment.
  public var environment: String
  /// Id of the agent.
  public var agent: String
  /// Environment steps taken so far.
  public var steps: Int
  /// Number of iterations so far.
  public var iterations: Int
  /// Files of the folder other than the manifest.
  public var components: [Component] = []

  /// Creates a manifest for a checkpoint whose files are not yet written.
  public init(environment: String, agent: String, steps: Int, iterations: Int) {
    self.environment = environment
    self.agent = agent
    self.steps = steps
    self.iterations = iterations
  }
}

/// A checkpoint of a run: all state needed to continue, with the policy in a separate file.
///
/// The folder is written under a temporary name, synced and renamed, so a folder with its final
/// name is complete.  It contains neither times nor paths, so equal runs write equal bytes.
public struct Checkpoint: Sendable, Equatable {
  /// Name of the file that holds the policy's weights and normaliser.
  public static let policyFile = "policy.safetensors"
  /// Name of the file that holds the state of agent and trainer.
  public static let trainerFile = "trainer.safetensors"
  private static let manifestFile = "manifest.json"

  /// Description of the checkpoint.
  public var manifest: CheckpointManifest
  /// Tensors of the policy.
  public var policy: TensorArchive
  /// State of agent and trainer.
  public var trainer: TensorArchive

  /// Creates a checkpoint from its parts.
  public init(manifest: CheckpointManifest, policy: TensorArchive, trainer: TensorArchive) {
    self.manifest = manifest
    self.policy = policy
    self.trainer = trainer
  }

  /// Writes the checkpoint to a folder, which is replaced if it exists.
  ///
  /// - Throws: `FileError.unwritable`, also if the folder in which to write does not exist: a run
  ///   whose folder was removed must not make an incomplete one.
  public func write(to path: String) throws(FileError) {
    // Not the name that a folder of the same path gets while it is removed.
    let temporary = FileSystem.sibling(of: path, named: ".\(FileSystem.split(path).name).tmp")
    do {
      try FileSystem.remove(temporary)
      _ = try FileSystem.makeNewFolder(temporary)
      var manifest = manifest
      manifest.components = []
      for (file, archive) in [(Self.policyFile, policy), (Self.trainerFile, trainer)] {
        let data = archive.safetensors
        try FileSystem.writeAndSync(data, to: "\(temporary)/\(file)")
        manifest.components.append(.init(name: file, contents: data))
      }
      try FileSystem.writeAndSync(JSON.encode(manifest), to: "\(temporary)/\(Self.manifestFile)")
      try FileSystem.syncFolder(of: "\(temporary)/\(Self.manifestFile)")
      try FileSystem.replaceFolder(path, with: temporary)
    } catch {
      try? FileSystem.remove(temporary)
      guard case .unwritable(_, let reason) = error else { throw error }
      throw .unwritable(path: path, reason: reason)
    }
  }

  /// Reads a checkpoint folder, comparing every file with the manifest before anything is used.
  public init(path: String) throws(FileError) {
    manifest = try Self.readManifest(path)
    var archives: [String: TensorArchive] = [:]
    for component in manifest.components {
      archives[component.name] = try Self.readArchive(
        "\(path)/\(component.name)", component: component)
    }
    guard let policy = archives[Self.policyFile], let trainer = archives[Self.trainerFile] else {
      throw .damaged(path: path, reason: "its manifest does not list policy and trainer")
    }
    self.policy = policy
    self.trainer = trainer
  }

  /// Reads `manifest.json` of a checkpoint folder.
  public static func readManifest(_ path: String) throws(FileError) -> CheckpointManifest {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    let file = "\(path)/\(manifestFile)"
    guard FileSystem.exists(file) else {
      throw .damaged(path: path, reason: "it has no \(manifestFile)")
    }
    let manifest = try JSON.read(CheckpointManifest.self, from: file)
    guard manifest.version == CheckpointManifest.currentVersion else {
      throw .damaged(
        path: path,
        reason:
          "it has version \(manifest.version), not \(CheckpointManifest.currentVersion)")
    }
    guard manifest.steps >= 0, manifest.iterations >= 0,
      manifest.components.allSatisfy({ [policyFile, trainerFile].contains($0.name) })
    else { throw .damaged(path: file, reason: "its entries are invalid") }
    return manifest
  }

  /// Reads a single safetensors file.
  public static func readArchive(_ path: String) throws(FileError) -> TensorArchive {
    try readArchive(path, component: nil)
  }

  private static func readArchive(
    _ path: String, component: CheckpointManifest.Component?
  ) throws(FileError) -> TensorArchive {
    guard component == nil || FileSystem.exists(path) else {
      throw .damaged(path: path, reason: "the manifest lists it, but it does not exist")
    }
    let data = try FileSystem.read(path)
    if let component {
      guard data.count == component.bytes else {
        throw .damaged(
          path: path,
          reason: "it has \(data.count) bytes, and the manifest says \(component.bytes)")
      }
      guard CheckpointManifest.Component(name: component.name, contents: data) == component else {
        throw .damaged(path: path, reason: "its contents do not match the manifest's checksum")
      }
    }
    do {
      return try TensorArchive(safetensors: data)
    } catch {
      throw .damaged(path: path, reason: "\(error)")
    }
  }
}

extension CheckpointManifest.Component {
  init(name: String, contents: Data) {
    self.name = name
    bytes = contents.count
    let digits = String(CRC32C.checksum(contents), radix: 16)
    checksum = String(repeating: "0", count: 8 - digits.count) + digits
  }
}
