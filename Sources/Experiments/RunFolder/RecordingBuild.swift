public import Recording

/// The suite's version.
public let suiteVersion = "0.1.0"

extension RecordingHeader.Build {
  /// Describes recordings that a machine makes.
  init(machine: RunManifest.Machine, sources: RunManifest.Sources?) {
    self.init(
      version: suiteVersion,
      commit: sources.map { $0.isDirty ? "\($0.commit)+" : $0.commit } ?? "unknown",
      toolchain: machine.toolchain, box2D: machine.box2D, processor: machine.processor,
      operatingSystem: machine.operatingSystem)
  }

  /// This program on this machine.
  public static var current: RecordingHeader.Build {
    RecordingHeader.Build(machine: .current, sources: RunManifest.Sources.current()?.0)
  }
}

extension RecordingHeader {
  /// Environment and agent in as few words as say both.
  package var pairing: String { Self.pairing(environment, agent) }

  /// Environment and agent; a controller such as `walker-heuristic` names both by itself.
  static func pairing(_ environment: String, _ agent: String) -> String {
    agent.hasPrefix("\(environment)-") ? agent : "\(environment)-\(agent)"
  }
}
