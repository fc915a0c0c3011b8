public import Recording
package import RLCore
internal import Robustness
internal import Storage
package import Training

/// Version of the suite.
public let suiteVersion = "0.1.0"

extension RecordingHeader.Build {
  /// Creates the description of a build from the machine and the sources.
  init(machine: RunManifest.Machine, sources: RunManifest.Sources?) {
    self.init(
      version: suiteVersion,
      commit: sources.map { $0.isDirty ? "\($0.commit)+" : $0.commit } ?? "unknown",
      toolchain: machine.toolchain, box2D: machine.box2D, processor: machine.processor,
      operatingSystem: machine.operatingSystem)
  }

  /// Description of this program on this machine.
  public static var current: RecordingHeader.Build {
    RecordingHeader.Build(machine: .current, sources: RunManifest.Sources.current()?.0)
  }
}

extension RecordingHeader {
  /// Notes the perturbations of the conditions under which episodes run.
  mutating func describe(_ conditions: EpisodeConditions) {
    perturbations = conditions.perturbations.parts.map { Perturbation(name: $0, parameters: []) }
  }

  /// Returns the environment of the recording, behind the wrappers that it was recorded with.
  ///
  /// - Throws: `ConfigurationError` if there is no such environment or the wrappers do not fit it.
  package func environment(
    among registry: Registry
  ) throws(ConfigurationError) -> RegisteredEnvironment {
    let base = try registry.environment(environment)
    return try Wrappers(parsing: wrapping ?? "", origin: "recording").wrap(base)
  }

  /// Name of environment and agent together.
  package var pairing: String { Self.pairing(environment, agent) }

  /// Returns the name of environment and agent together, without the environment's name twice.
  static func pairing(_ environment: String, _ agent: String) -> String {
    agent.hasPrefix("\(environment)-") ? agent : "\(environment)-\(agent)"
  }
}

extension RecordingHeader.Mode {
  /// Creates the note of a policy's mode.
  init(_ mode: ActionMode) { self = mode == .stochastic ? .stochastic : .deterministic }
}

extension StoredPolicy {
  /// Id under which recordings name the policy.
  package var recordedAgent: String { agent ?? "policy" }

  /// What recordings say of the policy.
  var recordedPolicy: RecordingHeader.Policy {
    var archive = TensorArchive()
    policy.save(to: &archive)
    return .init(
      fingerprint: isController ? RecordingHash.policy(named: path) : RecordingHash.policy(archive),
      steps: steps ?? 0)
  }
}
