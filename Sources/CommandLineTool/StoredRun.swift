import Environments
import Foundation
import RLCore
import Training
import Storage
import Experiments

/// Reads back what a run has written.
enum StoredRun {
  /// The configuration of a run's `config.yaml`; what does not fit is damage, not a typing mistake.
  static func configuration(
    yaml: String, path: String
  ) throws(FileError) -> (RegisteredEnvironment, RegisteredAgent, RunConfiguration) {
    do {
      let identifiers = try ConfigurationResolver.identifiers(yaml: yaml, source: path)
      let environment = try Lookup.environment(identifiers.environment ?? "")
      let agent = try Lookup.agent(identifiers.agent ?? "")
      var resolver = try ConfigurationResolver(
        environment: environment.identifier, parameters: environment.parameters, agent: agent)
      try resolver.overlay(yaml: yaml, source: path)
      let configuration = try resolver.resolve()
      try Lookup.checkFit(configuration.settings, in: environment)
      return (environment, agent, configuration)
    } catch {
      throw .damaged(path: path, reason: "\(error)")
    }
  }

  /// A policy, where it comes from, and the run it belongs to, if any.
  struct Source {
    var policy: any Policy
    var path: String
    var folder: RunFolder?
    var steps: Int?
    /// The id of the agent or controller; nil where the file does not say.
    var agent: String?
    /// The physical parameters it was trained with, where they are known.
    var parameters: [ParameterValue] = []
  }

  /// Loads the policy of a run folder, a checkpoint folder or a policy file.
  ///
  /// - Parameters:
  ///   - path: Any of the three.
  ///   - checkpoint: `best`, `latest` or a step count; for run folders only.
  /// - Throws: ``FileError`` or ``ConfigurationError``.
  /// - Returns: The policy.
  static func policy(at path: String, checkpoint: String?) throws -> Source {
    var (file, folder) = (path, RunFolder?.none)
    if FileSystem.isFolder("\(path)/checkpoints") {
      let run = RunFolder(path: path)
      folder = run
      if let checkpoint {
        file = try run.findCheckpoint(checkpoint)
      } else {
        let best = run.checkpoint("best")
        file = FileSystem.isFolder(best) ? best : try run.latestCheckpoint()
      }
    } else if checkpoint != nil {
      throw ConfigurationError("--checkpoint needs a run folder, and \(path) is none")
    }
    if FileSystem.isFolder(file) {
      // Reading the whole checkpoint compares the files with their checksums.
      let whole = try Checkpoint(path: file)
      let policyFile = "\(file)/\(Checkpoint.policyFile)"
      var source = try decode(whole.policy, policyFile)
      source.folder = folder
      return source
    }
    return try decode(try Checkpoint.readArchive(file), file)
  }

  private static func decode(
    _ archive: TensorArchive, _ path: String
  ) throws(FileError) -> Source {
    let policy: MLPPolicy
    let parameters: [ParameterValue]
    do {
      policy = try MLPPolicy(from: archive)
      parameters = try PolicyParameters.read(archive)
    } catch {
      throw .damaged(path: path, reason: error.description)
    }
    // The file may name an environment of another shape than its network's.
    if let own = EnvironmentRegistry.find(policy.environmentIdentifier) {
      guard policy.fits(own.specification) else {
        throw .damaged(path: path, reason: "its network does not fit \(own.identifier)")
      }
      do {
        try own.makeVector(1).setParameters(parameters)
      } catch {
        throw .damaged(path: path, reason: "its physical parameters do not fit \(own.identifier)")
      }
    }
    // Recordings are named after it.
    let agent = archive.metadata["agent"]
    guard agent?.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_-]{0,63}/) != nil || agent == nil else {
      throw .damaged(path: path, reason: "its agent's id is not letters, digits and dashes")
    }
    return Source(
      policy: policy, path: path, steps: archive.metadata["steps"].flatMap { Int($0) },
      agent: agent, parameters: parameters)
  }
}
