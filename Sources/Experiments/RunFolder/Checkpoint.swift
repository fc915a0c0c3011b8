internal import Foundation
public import Storage

/// What a checkpoint folder says of itself: `manifest.json`.
public struct CheckpointManifest: Codable, Sendable, Equatable {
  /// One file of the folder.
  public struct Component: Codable, Sendable, Equatable {
    /// Its name within the folder.
    public let name: String
    /// Its size in bytes.
    public let bytes: Int
    /// Its CRC-32C in hexadecimal.
    public let checksum: String
  }

  /// The layout that is written and read.
  public static let currentVersion = 1

  /// The layout of the folder.
  public var version = currentVersion
  /// The environment's id.
  public var environment: String
  /// The agent's id.
  public var agent: String
  /// Environment steps taken.
  public var steps: Int
  /// Iterations done.
  public var iterations: Int
  /// Every other file of the folder.
  public var components: [Component] = []

  /// Describes a checkpoint whose files are still to be written.
  public init(environment: String, agent: String, steps: Int, iterations: Int) {
    self.environment = environment
    self.agent = agent
    self.steps = steps
    self.iterations = iterations
  }
}

/// A folder with everything a run needs to go on, and the policy apart for those who only use it.
///
/// It is written under a temporary name, synced and renamed: a folder of its final name is whole.
/// No time or path goes into it, so equal runs write equal bytes.
public struct Checkpoint: Sendable, Equatable {
  /// The file of weights and normaliser.
  public static let policyFile = "policy.safetensors"
  /// The file of everything else.
  public static let trainerFile = "trainer.safetensors"
  private static let manifestFile = "manifest.json"

  /// What it says of itself.
  public var manifest: CheckpointManifest
  /// The policy.
  public var policy: TensorArchive
  /// The agent's and the trainer's state.
  public var trainer: TensorArchive

  /// Gathers a checkpoint.
  public init(manifest: CheckpointManifest, policy: TensorArchive, trainer: TensorArchive) {
    self.manifest = manifest
    self.policy = policy
    self.trainer = trainer
  }

  /// Writes the folder; one that is there already is replaced.
  public func write(to path: String) throws(FileError) {
    let temporary = FileSystem.sibling(of: path, named: ".\(FileSystem.split(path).name).tmp")
    try FileSystem.remove(temporary)
    try FileSystem.makeFolder(temporary)
    do {
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

  /// Reads a folder and compares every file with the manifest before anything is used.
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
    let manifest = try JSON.decode(CheckpointManifest.self, from: FileSystem.read(file), path: file)
    guard manifest.version == CheckpointManifest.currentVersion else {
      throw .damaged(
        path: path,
        reason:
          "it has version \(manifest.version), and \(CheckpointManifest.currentVersion) is read")
    }
    guard manifest.steps >= 0, manifest.iterations >= 0,
      manifest.components.allSatisfy({ [policyFile, trainerFile].contains($0.name) })
    else { throw .damaged(path: file, reason: "its entries are impossible") }
    return manifest
  }

  /// Reads a safetensors file that stands alone.
  public static func readArchive(_ path: String) throws(FileError) -> TensorArchive {
    try readArchive(path, component: nil)
  }

  private static func readArchive(
    _ path: String, component: CheckpointManifest.Component?
  ) throws(FileError) -> TensorArchive {
    guard component == nil || FileSystem.exists(path) else {
      throw .damaged(path: path, reason: "the manifest lists it and it is not there")
    }
    let data = try FileSystem.read(path)
    if let component {
      guard data.count == component.bytes else {
        throw .damaged(
          path: path,
          reason: "it has \(data.count) bytes where the manifest says \(component.bytes)")
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
