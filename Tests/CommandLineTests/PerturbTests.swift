import Foundation
import Recording
import Storage
import TestSupport
import Testing

/// Perturbations, from the command line to the files.
@Suite struct PerturbTests {
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
      Data(
        """
        perturb:
          observation-noise: 0.05
          action-delay: 1
          push: [impulse:0.5:10, ou:0.2:20]

        """.utf8), to: folder.file("mapping.yaml"))
    let text = "observation-noise=0.05,action-delay=1,push=impulse:0.5:10,push=ou:0.2:20"
    for (name, extra) in [
      ("option", ["--perturb", text]), ("mapping", ["--config", "mapping.yaml"]),
    ] {
      try run(Self.pendulum + extra + ["--out", name], folder)
      let yaml = try folder.text("\(name)/config.yaml")
      #expect(yaml.contains("  push: [\"impulse:0.5:10\", \"ou:0.2:20\"]\n"), "\(yaml)")
      #expect(try yaml == folder.text("option/config.yaml"))
      #expect(try folder.text("\(name)/metrics.csv") == folder.text("option/metrics.csv"))
    }
    try run(Self.pendulum + ["--config", "option/config.yaml", "--out", "again"], folder)
    #expect(try folder.text("again/config.yaml") == folder.text("option/config.yaml"))
    #expect(try folder.text("again/metrics.csv") == folder.text("option/metrics.csv"))
    try run(Self.pendulum + ["--out", "plain"], folder)
    #expect(try folder.text("plain/config.yaml").contains("perturb: {}\n"))
    #expect(try folder.text("plain/metrics.csv") != folder.text("option/metrics.csv"))
    let none = ["--config", "mapping.yaml", "--perturb", "none", "--out", "none"]
    try run(Self.pendulum + none, folder)
    #expect(try folder.text("none/metrics.csv") == folder.text("plain/metrics.csv"))
  }

  @Test func aPolicyIsEvaluatedAsItWasTrained() throws {
    let folder = try TemporaryFolder()
    try run(Self.pendulum + ["--perturb", "action-noise=0.5", "--out", "run"], folder)
    struct Report: Decodable {
      var returns: [Double]
      var perturb: String?
    }
    func report(_ extra: String...) throws -> Report {
      let words = ["evaluate", "run", "--deterministic", "-n", "6", "--json"] + extra
      return try JSONDecoder().decode(Report.self, from: Data(run(words, folder).output.utf8))
    }
    let own = try report()
    #expect(own.perturb == "action-noise=0.5")
    for threads in ["1", "2", "7"] {
      #expect(try report("--threads", threads).returns == own.returns)
    }
    #expect(try report("--perturb", "action-noise=0.5").returns == own.returns)
    let plain = try report("--perturb", "none")
    #expect(plain.returns != own.returns && plain.perturb == nil)
  }

  /// A recording holds what acted: without being told of the perturbation, it replays.
  @Test(arguments: [
    "action-delay=2", "action-dropout=0.3", "action-noise=0.2", "push=impulse:1:20",
    "push=constant:0.5", "push=periodic:1:30", "push=ou:0.5:10", "observation-bias=0.5",
    "observation-noise=0.5", "observation-delay=3",
    "action-delay=1,action-noise=0.1,push=ou:0.3:5,push=impulse:1:9,observation-noise=0.1",
  ]) func recordingsReplay(perturbation: String) throws {
    let folder = try TemporaryFolder()
    for (controller, environment) in [
      ("walker-heuristic", "walker"), ("random", "cartpole-v1"), ("random", "quadcopter"),
    ] {
      try run(
        [
          "record", controller, "--env", environment, "--out", "recordings", "--perturb",
          perturbation,
        ], folder)
      try run(
        ["record", controller, "--env", environment, "--out", "plain"], folder)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("recordings"))
    let paths = names.sorted().map { folder.file("recordings/\($0)") }
    #expect(paths.count == 3)
    try run(["replay", "--verify"] + paths, folder)
    for path in paths {
      let header = try RecordingReader(path: path).header
      #expect(header.perturbations.map(\.name).joined(separator: ",") == perturbation)
      #expect(header.disturbanceComponents.isEmpty != perturbation.contains("push"))
    }
    let changed = try names.filter { name in
      let plain = try RecordingReader(path: folder.file("plain/\(name)"))
      return try RecordingReader(path: folder.file("recordings/\(name)")).totalReward
        != plain.totalReward
    }
    // A random policy does not look, so what it would see changes nothing.
    #expect(changed.contains { $0.hasPrefix("walker") }, "the controller is perturbed")
  }

  /// Training records and checkpoints whole perturbed episodes.
  @Test func recordingsOfTrainingReplay() throws {
    let folder = try TemporaryFolder()
    try run(
      Self.pendulum + [
        "--perturb", "action-noise=0.2,action-delay=1,push=ou:0.5:10,observation-noise=0.1",
        "--randomize", "mass=0.5..2", "--record-every", "1", "--out", "run",
      ], folder)
    let path = folder.file("run/recordings")
    let files = try FileManager.default.contentsOfDirectory(atPath: path).map { "\(path)/\($0)" }
    #expect(files.count == 5)
    try run(["replay", "--verify"] + files, folder)
    let inspected = try run(["inspect", files[0]], folder).output
    #expect(inspected.contains("perturbed by push=ou:0.5:10"))
  }

  @Test(arguments: [
    (["--perturb", "observation-nois=1"], "unknown perturbation 'observation-nois' (--perturb)"),
    (["--perturb", "action-delay=200"], "episodes of pendulum-v1 have at most 200 steps"),
    (["--perturb", "push=impulse:2:5"], "perturb push must be impulse:MAGNITUDE:STEPS"),
    (["--perturb", "observation-noise=1:2"], "pendulum-v1 observes 3 components; give 1 or 3"),
  ]) func mistakesAreRefusedBeforeAFolderExists(extra: [String], words: String) throws {
    let folder = try TemporaryFolder()
    let errors = try run(Self.pendulum + extra + ["--out", "run"], folder, status: 64).errors
    #expect(errors.contains(words), "\(errors)")
    #expect(!FileSystem.exists(folder.file("run")))
  }

  @Test func playTakesNoPerturbedObservations() throws {
    let folder = try TemporaryFolder()
    let words = ["play", "--env", "quadcopter", "--perturb", "observation-noise=1"]
    #expect(try run(words, folder, status: 64).errors.contains("leave out observation-"))
  }
}
