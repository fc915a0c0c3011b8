import Foundation
import Experiments
import Recording
import RLCore
import Robustness
import Storage
import TestSupport
import Testing

/// Randomised parameters, from the command line to the files.
@Suite struct RandomizeTests {
  private static let pendulum = [
    "train", "--env", "pendulum-v1", "--agent", "ppo", "--envs", "2", "--quiet",
    "--set", "steps-per-rollout=100", "--set", "minibatch-size=100", "--set", "epochs=2",
    "--eval-every", "1000", "--eval-episodes", "3", "--steps", "2000",
  ]

  @discardableResult private func run(
    _ arguments: [String], _ folder: TemporaryFolder, status: Int32 = 0
  ) throws -> (output: String, errors: String) {
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == status, "\(errors)")
    return (try folder.text("stdout"), errors)
  }

  @Test func optionsAndFilesAreTheSame() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(
      Data("randomize:\n  mass: 0.5..2@1000\n  length: log:0.5..1.5\n".utf8),
      to: folder.file("mapping.yaml"))
    try FileSystem.write(
      Data("randomize: [mass=0.5..2@1e3, 'length=log-uniform:0.5..1.5']\n".utf8),
      to: folder.file("list.yaml"))
    for (name, extra) in [
      ("option", ["--randomize", "mass=0.5..2@1000,length=log:0.5..1.5"]),
      ("mapping", ["--config", "mapping.yaml"]), ("list", ["--config", "list.yaml"]),
      ("set", ["--set", "randomize={mass: 0.5..2@1000, length: 'log:0.5..1.5'}"]),
    ] {
      try run(Self.pendulum + extra + ["--out", name], folder)
      let yaml = try folder.text("\(name)/config.yaml")
      #expect(yaml.contains("  mass: \"0.5..2@1000\"\n  length: \"log:0.5..1.5\"\n"))
      #expect(try yaml == folder.text("option/config.yaml"))
      #expect(try folder.text("\(name)/metrics.csv") == folder.text("option/metrics.csv"))
    }
    try run(Self.pendulum + ["--out", "plain"], folder)
    #expect(try folder.text("plain/config.yaml").contains("randomize: {}\n"))
    #expect(try folder.text("plain/metrics.csv") != folder.text("option/metrics.csv"))
    let extra = ["--config", "mapping.yaml", "--randomize", "none", "--out", "none"]
    try run(Self.pendulum + extra, folder)
    for file in ["metrics.csv", "evaluations.csv", "config.yaml"] {
      #expect(try folder.text("none/\(file)") == folder.text("plain/\(file)"))
    }
  }

  /// `evaluate` measures what the run's evaluations measured, unless it is told otherwise.
  @Test func aPolicyIsEvaluatedAsItWasTrained() throws {
    let folder = try TemporaryFolder()
    let randomize = ["--randomize", "mass=0.5..2,length=0.5..1.5@100000"]
    try run(Self.pendulum + randomize + ["--out", "run"], folder)
    func returns(_ extra: String...) throws -> [Double] {
      let text = try run(
        ["evaluate", "run", "--deterministic", "-n", "6", "--json"] + extra, folder
      ).output
      struct Report: Decodable { var returns: [Double] }
      return try JSONDecoder().decode(Report.self, from: Data(text.utf8)).returns
    }
    let own = try returns()
    #expect(try returns("--threads", "1") == own && returns("--threads", "7") == own)
    #expect(try returns("--randomize", "mass=0.5..2,length=0.5..1.5") == own, "its full range")
    let nominal = try returns("--randomize", "none")
    #expect(nominal != own)
    #expect(try returns("--set", "mass=1", "--set", "length=1") == nominal, "what is set stays")
    #expect(try returns("--set", "mass=1") == returns("--randomize", "length=0.5..1.5"))
    #expect(
      try run(["evaluate", "run", "-n", "2"], folder).output.contains(
        "pendulum-v1, randomize mass=0.5..2,length=0.5..1.5@100000, 2 episodes per mode"))
    let text = try run(
      ["evaluate", "run", "--set", "mass=1", "--randomize", "mass=0.5..2"], folder, status: 64
    ).errors
    #expect(text.contains("parameters.mass is set to 1.0 and randomize would draw another value"))
  }

  /// A recording holds the parameters that its episode drew, and replays without being told.
  @Test func recordingsHoldWhatWasDrawn() throws {
    let folder = try TemporaryFolder()
    try run(
      [
        "record", "random", "--env", "pendulum-v1", "-n", "4", "--out", "recordings",
        "--randomize", "mass=0.5..2",
      ], folder)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("recordings"))
    let paths = files.sorted().map { folder.file("recordings/\($0)") }
    #expect(paths.count == 4)
    try run(["replay", "--verify"] + paths, folder)
    let masses = try paths.map { path in
      try RecordingReader(path: path).header.parameters.first { $0.name == "mass" }?.value ?? 0
    }
    #expect(Set(masses).count == 4 && masses.allSatisfy { (0.5...2).contains($0) })
  }

  @Test(arguments: [
    (["--randomize", "mas=1..2"], "did you mean 'mass'?"),
    (["--randomize", "mass=0.1..2"], "mass must lie in 0.25...4 kg and could be drawn beyond"),
    (["--randomize", "mass=2..1"], "'2..1' is not a valid randomize of mass (--randomize)"),
    (
      ["--randomize", "mass=1..2", "--set", "parameters.mass=2"],
      "parameters.mass is set to 2.0 and randomize would draw another value"
    ),
    (
      ["--randomize", "mass=1..2", "--drift", "mass=uniform:1..2"],
      "drift.change changes mass from task to task and randomize would draw another value"
    ),
  ]) func contradictionsAreRefusedBeforeAFolderExists(
    extra: [String], words: String
  ) throws {
    let folder = try TemporaryFolder()
    let errors = try run(Self.pendulum + extra + ["--out", "run"], folder, status: 64).errors
    #expect(errors.contains(words), "\(errors)")
    #expect(!FileSystem.exists(folder.file("run")))
  }

  /// Tasks change other parameters than those that are drawn.
  @Test func driftAndRandomizationCombine() throws {
    let folder = try TemporaryFolder()
    try run(
      Self.pendulum + [
        "--drift", "gravity=cycle:10;5", "--drift-every", "1000", "--randomize", "mass=0.5..2",
        "--record-every", "1", "--out", "run",
      ], folder)
    let path = folder.file("run/recordings")
    let headers = try FileManager.default.contentsOfDirectory(atPath: path).sorted().map {
      try RecordingReader(path: "\(path)/\($0)").header
    }
    func values(_ name: String) -> [Double] {
      headers.compactMap { header in header.parameters.first { $0.name == name }?.value }
    }
    #expect(Set(values("gravity")) == [10, 5])
    #expect(Set(values("mass")).count == headers.count && headers.count == 4)
  }
}
