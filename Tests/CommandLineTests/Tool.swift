import Foundation
import TestSupport
import Testing
import Storage
import Experiments

/// Runs the built program as a user would.
struct Tool {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
    /// What was written to standard error, without the warning about OpenBLAS's kernels, which
    /// depends on the machine.
    var remarks: String {
      errors.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.contains("OpenBLAS runs its") }.joined(separator: "\n")
    }
  }

  /// Beside the tests in the build folder.
  static var program: URL {
    (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "rlsuite")
  }

  /// Starts the program; output goes to files, so that no pipe can fill up, or to a pipe.
  static func start(
    _ arguments: [String], in folder: TemporaryFolder, prefix: [String] = [],
    program: String = Tool.program.path, to pipe: Pipe? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    // A shell that runs the tests in the background, or nohup, makes them ignore these signals.
    process.arguments = ["--default-signal=HUP,INT,QUIT"] + prefix + [program] + arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    for name in ["stdout", "stderr"] {
      _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil)
    }
    process.standardOutput = pipe ?? FileHandle(forWritingAtPath: folder.file("stdout"))
    process.standardError = pipe ?? FileHandle(forWritingAtPath: folder.file("stderr"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Runs the program to its end.
  @discardableResult static func run(
    _ arguments: String..., in folder: TemporaryFolder, prefix: [String] = []
  ) throws -> Result {
    let process = try start(arguments, in: folder, prefix: prefix)
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }
}

/// Short runs that still cross several checkpoints, with episodes running across all of them.
enum ShortRun: String, CaseIterable, CustomTestStringConvertible {
  case cartPole = "cartpole-v1"
  case walker
  /// Measured and kept plastic all the while.
  case probed
  /// A drift whose physics change in the middle of iterations.
  case drifting
  /// Other physics wherever a checkpoint is written.
  case driftingAtCheckpoints = "drifting at checkpoints"
  /// PPO on bodies of its own for every episode, from a range that grows for half of the run, under
  /// perturbations.
  case randomized
  /// SAC, the same.
  case randomizedSAC = "sac randomized"
  /// SAC, whose transitions of several steps end with a task.
  case driftingSAC = "sac drifting"
  /// SAC with dropout, residual blocks, an ensemble, resets and transitions of several steps.
  case residualSAC = "sac residual"
  /// SAC whose replay ratio is set by a rule, measured and kept plastic all the while.
  case adaptiveSAC = "sac adaptive"
  /// SAC with batch normalisation, without targets.
  case batchNormSAC = "sac batch-norm"
  /// Two players, measured and kept plastic, recorded while they push.
  case rarl

  var testDescription: String { rawValue }

  private static let sac = [
    "train", "--env", "pendulum-v1", "--agent", "sac", "--steps", "4000", "--envs", "3",
    "--set", "warm-up-steps=200", "--set", "buffer-size=1500", "--set", "batch-size=32",
    "--set", "critic-hidden=[32, 32]", "--set", "policy-hidden=[32, 32]",
    "--set", "steps-per-iteration=100", "--set", "normalize-observations=true",
    "--checkpoint-every", "200", "--eval-every", "2000", "--eval-episodes", "2",
    "--set", "checkpoints.keep=100",
  ]

  /// Settings of the run; the folder is added by the test.
  var arguments: [String] {
    switch self {
    case .cartPole:
      [
        "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "30000", "--envs", "8",
        "--set", "steps-per-rollout=32", "--set", "minibatch-size=100", "--set", "epochs=10",
        "--checkpoint-every", "1500", "--eval-every", "7500", "--set", "checkpoints.keep=100",
      ]
    case .walker:
      [
        "train", "--env", "walker", "--agent", "ppo", "--steps", "24000", "--envs", "4",
        "--set", "steps-per-rollout=100", "--set", "minibatch-size=100", "--set", "epochs=3",
        "--checkpoint-every", "1200", "--eval-every", "12000", "--eval-episodes", "2",
        "--set", "checkpoints.keep=100",
      ]
    case .probed:
      Self.cartPole.arguments + ["--probes", "all", "--probes-every", "20"]
        + ["--intervention", "l2:strength=1e-4", "--intervention", "redo@policy:every=50"]
        + ["--intervention", "injection:at=100,every=400"]
    case .rarl:
      [
        "train", "--env", "cartpole-swingup", "--agent", "rap", "--steps", "12000", "--envs", "6",
        "--set", "steps-per-rollout=40", "--set", "ppo.minibatch-size=100",
        "--set", "adversary.ppo.minibatch-size=40", "--set", "adversary-ramp=3000",
        "--drift", "gravity=cycle:9.8;20;3", "--drift-every", "5000",
        "--checkpoint-every", "600", "--eval-every", "6000", "--eval-episodes", "2",
        "--set", "checkpoints.keep=100", "--probes", "basic", "--probes-every", "3",
        "--intervention", "l2:strength=1e-4", "--record-every", "2",
      ]
    case .drifting:
      Self.cartPole.arguments.map { $0 == "cartpole-v1" ? "cartpole" : $0 } + [
        "--drift", "force=flip,pole-half-length=log-uniform:0.2..2,gravity=walk:2",
        "--drift-every", "4001",
      ]
    case .driftingAtCheckpoints:
      Self.cartPole.arguments + [
        "--drift", "force=flip,gravity=cycle:9.8;20;3", "--drift-every", "1536",
        "--checkpoint-every", "1536",
      ]
    case .randomized:
      Self.walker.arguments + [
        "--randomize", "mass=log:0.5..2@12000,friction=normal:1:0.3,gravity=choice:0.9:1.1",
        "--perturb", "action-delay=1,action-noise=0.1,observation-noise=0.02,push=ou:0.3:20",
        "--record-every", "1",
      ]
    case .randomizedSAC:
      Self.sac + [
        "--randomize", "mass=0.5..2@2000,length=0.5..1.5", "--perturb",
        "action-dropout=0.1,observation-delay=2,observation-bias=0.1,push=impulse:1:10",
      ]
    case .driftingSAC:
      Self.sac + [
        "--set", "multi-step=3", "--drift", "length=uniform:0.5..1.5", "--drift-every", "500",
      ]
    case .residualSAC:
      Self.sac + [
        "--set", "critic-dropout=0.05", "--set", "critic-layer-norm=true", "--set", "critics=3",
        "--set", "policy-architecture=simba", "--set", "policy-hidden=[16]",
        "--set", "multi-step=3", "--set", "reset-every=700", "--set", "policy-delay=2",
        "--probes", "weight-norm,policy-churn,gradient-noise-scale",
      ]
    case .adaptiveSAC:
      Self.sac + [
        "--adaptive-ratio",
        "controller:probe=feature-norm,target=1,high=1.37,above=raise,every=300",
        "--probes", "basic", "--probes-every", "7", "--intervention", "reset@critic.1:every=900",
      ]
    case .batchNormSAC:
      Self.sac + [
        "--set", "critic-batch-norm=true", "--set", "target-networks=false",
        "--set", "quantiles=5", "--set", "adam-beta1=0.5", "--set", "replay-ratio=0.7",
      ]
    }
  }
}

/// Everything of a run that must not depend on threads, interruptions or the clock.
func exactContents(of name: String, in folder: TemporaryFolder) throws -> [String: Data] {
  let run = RunFolder(path: folder.file(name))
  let checkpoint = try run.latestCheckpoint()
  var contents: [String: Data] = [:]
  for file in [
    "config.yaml", "metrics.csv", "metrics.jsonl", "evaluations.csv", "evaluations.npz",
  ] {
    contents[file] = try FileSystem.read("\(run.path)/\(file)")
  }
  // Of the episodes, only the times depend on the clock.
  let episodes = try FileSystem.readText(run.monitorFile).lines.dropFirst().map {
    $0.split(separator: ",").prefix(2).joined(separator: ",")
  }
  contents["monitor.csv"] = Data(episodes.joined(separator: "\n").utf8)
  for file in ["manifest.json", "policy.safetensors", "trainer.safetensors"] {
    contents[file] = try FileSystem.read("\(checkpoint)/\(file)")
  }
  let drift = "\(run.path)/drift.csv"
  if FileSystem.exists(drift) { contents["drift.csv"] = try FileSystem.read(drift) }
  if FileSystem.isFolder(run.recordingsFolder) {
    for file in try FileManager.default.contentsOfDirectory(atPath: run.recordingsFolder) {
      contents[file] = try FileSystem.read("\(run.recordingsFolder)/\(file)")
    }
  }
  return contents
}
