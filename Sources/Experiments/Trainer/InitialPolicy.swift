internal import Environments
internal import NeuralNetworks
internal import RLCore
internal import Storage
internal import Training

/// The policy with whose weights and normaliser a run starts in place of new ones.
struct InitialPolicy {
  /// Path, as it was given.
  let path: String
  /// Contents of the policy's file.
  let archive: TensorArchive

  /// Takes a policy that is to be trained further.
  ///
  /// - Throws: `FileError` if it is missing or damaged, `ConfigurationError` if it does not fit the
  ///   environment or has no weights.
  init(_ path: String, environment: String, registry: Registry) throws {
    let stored = try StoredPolicy(path, environment: environment, registry: registry)
    guard stored.policy is MLPPolicy else {
      throw ConfigurationError(
        "from: \(path) is no multilayer perceptron, and only those can be trained further")
    }
    var archive = TensorArchive()
    stored.policy.save(to: &archive)
    (self.path, self.archive) = (path, archive)
  }

  /// Reads the copy in a run's folder.
  init(of folder: RunFolder, path: String) throws(FileError) {
    self.path = path
    archive = try Checkpoint.readArchive(folder.initialPolicyFile)
  }

  /// Gives its weights and normaliser to a new agent.
  ///
  /// - Throws: `ConfigurationError` if the agent's policy is of another shape.
  func install(in agent: any Agent) throws(ConfigurationError) {
    guard let target = agent.policy as? MLPPolicy else {
      throw ConfigurationError(
        "from: the agent's policy is no multilayer perceptron, and only those can start from others"
      )
    }
    do throws(ArchiveError) {
      let source = try MLPPolicy(from: archive)
      let (given, own) = (Self.shape(of: source), Self.shape(of: target))
      guard given == own else {
        throw ArchiveError.invalid(reason: "it has \(given) and the run's policy \(own)")
      }
      try target.load(from: archive)
    } catch {
      throw ConfigurationError("from: \(path) does not fit: \(error)")
    }
    agent.policyWasReplaced()
  }

  /// What must be equal of two policies, in words.
  private static func shape(of policy: MLPPolicy) -> String {
    let shape = policy.network.architecture
    let layers = shape.hidden.map { "\($0)" }.joined(separator: "-")
    return "\(layers.isEmpty ? "no" : layers) hidden units, \(shape.activation.rawValue)"
      + "\(shape.usesLayerNorm ? ", LayerNorm" : ""), wiring '\(shape.pattern.rawValue)', a "
      + "\(type(of: policy.distribution).kind) distribution and "
      + "\(policy.normalizer.isEnabled ? "a" : "no") normaliser"
  }
}
