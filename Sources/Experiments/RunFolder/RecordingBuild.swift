public import Recording

extension RecordingHeader.Build {
  /// Describes recordings that a machine makes with a version of the suite.
  public init(version: String, machine: RunManifest.Machine, sources: RunManifest.Sources?) {
    self.init(
      version: version,
      commit: sources.map { $0.isDirty ? "\($0.commit)+" : $0.commit } ?? "unknown",
      toolchain: machine.toolchain, box2D: machine.box2D, processor: machine.processor,
      operatingSystem: machine.operatingSystem)
  }
}
