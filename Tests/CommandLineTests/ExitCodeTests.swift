import Foundation
import TestSupport
import Testing
import Storage
import Experiments

@Suite struct ExitCodeTests {
  private func trained(_ folder: TemporaryFolder) throws {
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "4000", "--eval-every", "1000",
      "--eval-episodes", "2", "--out", "run", "--quiet", in: folder)
    #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
  }

  @Test(
    arguments: [
      (["train", "--env", "walkr", "--agent", "ppo"], "did you mean 'walker'?"),
      (["train", "--env", "walker", "--agent", "pp0"], "did you mean 'ppo'?"),
      (["train", "--agent", "ppo"], "--env is missing"),
      (["train", "--env", "cartpole-v1"], "--agent is missing"),
      (
        ["train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "learning-rat=1"],
        "did you mean 'learning-rate'?"
      ),
      (
        ["train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "activation=thanh"],
        "did you mean 'tanh'?"
      ),
      (
        ["train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "learning-rate=0"],
        "learning-rate must be above 0 and is 0 (--set)"
      ),
      (
        ["train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "parameters.gravity=-3"],
        "must lie in"
      ),
      (
        [
          "train", "--env", "cartpole-v1", "--agent", "ppo", "--set",
          "steps-per-rollout=9223372036854775807",
        ], "steps-per-rollout times environments"
      ),
      (["train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "x"], "steps must be"),
      (
        ["train", "--env", "cartpole-v1", "--agent", "ppo", "--threads", "0"],
        "--threads must lie in 1...1024"
      ),
      (["train", "--env", "cartpole-v1", "--agent", "sac"], "continuous actions are needed"),
      (["train", "--env", "cartpole-v1", "--agent", "fpo"], "continuous actions are needed"),
      (
        ["train", "--env", "walker", "--agent", "fpo", "--set", "time-features=7"],
        "time-features must be even and is 7; use 8"
      ),
      (
        ["train", "--env", "walker", "--agent", "fpo", "--set", "initial-log-std=-1"],
        "initial-log-std"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "buffer-size=2000000000"],
        "buffer-size needs 432.0 GB"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set"]
          + ["buffer-size=\(ProcessInfo.processInfo.physicalMemory / 3 / 216)"],
        "three times that while a checkpoint is written"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "multi-step=8", "--set"]
          + ["buffer-size=5"], "multi-step must be at most buffer-size"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "warm-up-steps=100"],
        "batch-size must be at most warm-up-steps"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "target-critics=3"],
        "target-critics must lie in 1...2, the number of critics"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac"]
          + ["--set", "target-entropy-per-component=1"],
        "must lie in -100...0.69 and is 1 (--set)"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac"]
          + ["--set", "target-entropy-per-component=-1e20"], "must lie in -100...0.69"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-dropout=1"],
        "critic-dropout must lie in 0...1, below 1"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-dropout=0.1"]
          + ["--set", "critic-architecture=bro"], "needs critic-architecture plain"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-dropout=0.1"]
          + ["--set", "critic-hidden=[]"], "critic-dropout needs hidden layers"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "reset-every=10"]
          + ["--set", "policy-delay=20"], "reset-every must be at least policy-delay"
      ),
      (
        ["train", "--env", "pendulum-v1", "--agent", "sac", "--steps", "500"],
        "warm-up-steps must be below steps, 500"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-architecture=simba"]
          + ["--set", "critic-hidden=[64, 128]"], "critic-hidden must hold equal widths"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "policy-architecture=bro"]
          + ["--set", "policy-hidden=[]"], "policy-hidden must hold equal widths"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-architecture=simba"]
          + ["--set", "critic-layer-norm=true"], "so set it to false"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-architecture=sinba"],
        "did you mean 'simba'?"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-batch-norm=true"],
        "critic-batch-norm needs target-networks false"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "critic-batch-norm=true"]
          + ["--set", "target-networks=false", "--set", "critic-architecture=bro"],
        "critic-batch-norm needs critic-architecture plain"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--set", "adam-beta1=1"],
        "adam-beta1 must lie in 0...1, below 1, and is 1 (--set)"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--probes", "basic,sranks"],
        "did you mean 'srank'?"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--probes", "srank@critic/2"],
        "unknown layer '2' (srank@critic/2)"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--probes-every", "0"],
        "probes.every must be at least 1 and is 0 (--probes-every)"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--intervention", "redo@policy:every=0"],
        "redo: every must be a whole number"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--intervention", "upgd"]
          + ["--intervention", "equal-betas@critic"], "both own the optimiser's moments on critic"
      ),
      (
        ["train", "--env", "pendulum-v1", "--agent", "ppo", "--adaptive-ratio", "stabilization"],
        "ppo has no replay ratio that --adaptive-ratio could set; agents that have one: sac"
      ),
      (
        ["train", "--env", "pendulum-v1", "--agent", "sac", "--adaptive-ratio", "stabilizaton"],
        "did you mean 'stabilization'?"
      ),
      (
        ["train", "--env", "pendulum-v1", "--agent", "sac", "--adaptive-ratio"]
          + ["stabilization:low=3"], "low must be at most high"
      ),
      (
        ["train", "--env", "pendulum-v1", "--agent", "sac", "--adaptive-ratio", "stabilization"]
          + ["--set", "replay-ratio=3"], "replay-ratio is set to 3 and --adaptive-ratio would"
      ),
      (
        ["train", "--resume", "run", "--adaptive-ratio", "stabilization"],
        "can't be combined with --resume"
      ),
      (["train", "--resume", "run", "--probes", "all"], "can't be combined with --resume"),
      (["train", "--resume", "run", "--drift", "force=flip"], "can't be combined with --resume"),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "forse=flip"],
        "unknown parameter 'forse' (drift); did you mean 'force'? Allowed: gravity 1...30 m/s²,"
      ),
      (["train", "--env", "walker", "--agent", "bc"], "name some with --dataset"),
      (
        ["train", "--env", "walker", "--agent", "bc", "--dataset", "walker-heuristic"],
        "needs a number of steps to play: walker-heuristic:20000"
      ),
      (
        ["train", "--env", "walker", "--agent", "ppo", "--prefill", "walker-heuristic:2000"],
        "use one of sac, mdpo-offpolicy, or clone"
      ),
      (
        ["train", "--env", "walker", "--agent", "sac", "--dataset", "walker-heuristic:2000"],
        "--prefill fills its replay buffer with them"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "gravity=uniform:0.5..9"],
        "gravity must lie in 1...30 m/s² and would be 0.5"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "gravity=flip"],
        "gravity must lie in 1...30 m/s² and would be -9.8"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "gravity=unifrom:2..9"],
        "did you mean 'uniform'? Allowed: walk:STEP"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "force=flip"]
          + ["--drift-every", "4"], "drift.every must be at least the number of environments, 8"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift", "force=flip"]
          + ["--drift-every", "20000", "--drift-task", "1"], "drift.task trains on one task"
      ),
      (
        ["train", "--env", "cartpole", "--agent", "ppo", "--drift-task", "1"],
        "drift.task needs a drift"
      ),
      (["train", "--resume", "run", "--seed", "3"], "can't be combined with --resume"),
      (["train", "--env", "walker", "--agent", "ppo", "--stepz", "3"], "--stepz"),
      (["trian"], "did you mean 'train'?"), (["describe", "walkr"], "did you mean 'walker'?"),
      (["trace", "-", "--env", "walkr"], "did you mean 'walker'?"),
      (["evaluate", "x", "--episodes", "0"], "episodes must lie in 1...10000000 and is 0"),
    ])
  func badArgumentsEndWith64(arguments: [String], message: String) throws {
    let folder = try TemporaryFolder()
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 64, "\(errors)")
    #expect(errors.contains(message), "\(errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("runs")), "nothing was begun")
  }

  @Test func missingFilesEndWith66() throws {
    let folder = try TemporaryFolder()
    #expect(try Tool.run("evaluate", "none", in: folder).status == 66)
    #expect(try Tool.run("inspect", "none", in: folder).status == 66)
    #expect(try Tool.run("trace", "none", in: folder).status == 66)
    #expect(try Tool.run("train", "--resume", "none", in: folder).status == 66)
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--config", "none.yaml", in: folder)
    #expect(result.status == 66 && result.errors.contains("none.yaml does not exist"))
  }

  @Test func damagedFilesEndWith65() throws {
    let folder = try TemporaryFolder()
    try trained(folder)
    let newest = try RunFolder(path: folder.file("run")).latestCheckpoint()
    let path = "\(newest)/trainer.safetensors"
    let good = try FileSystem.read(path)
    var flipped = good
    flipped[good.count / 2] ^= 4
    for bad in [flipped, good.prefix(good.count / 2), Data("not a checkpoint".utf8), Data()] {
      try FileSystem.write(bad, to: path)
      for verb in [["train", "--resume", "run"], ["inspect", newest], ["evaluate", newest]] {
        let process = try Tool.start(verb, in: folder)
        process.waitUntilExit()
        let errors = try folder.text("stderr")
        #expect(process.terminationStatus == 65, "\(verb): \(errors)")
        #expect(errors.split(separator: "\n").count == 1, "one sentence: \(errors)")
      }
    }
    try FileSystem.write(good, to: path)
    #expect(try Tool.run("inspect", "run", in: folder).status == 0)
    try FileSystem.write(Data("not safetensors".utf8), to: folder.file("foreign"))
    #expect(try Tool.run("evaluate", "foreign", in: folder).status == 65)
    try FileSystem.write(Data("seed: [".utf8), to: folder.file("run/config.yaml"))
    #expect(try Tool.run("train", "--resume", "run", in: folder).status == 65)
  }

  @Test func changedConfigurationIsRefused() throws {
    let folder = try TemporaryFolder()
    try trained(folder)
    let yaml = try folder.text("run/config.yaml").replacingOccurrences(
      of: "seed: 1", with: "seed: 2")
    try FileSystem.write(Data(yaml.utf8), to: folder.file("run/config.yaml"))
    let result = try Tool.run("train", "--resume", "run", in: folder)
    #expect(result.status == 65 && result.errors.contains("another config.yaml"))
  }

  @Test func foldersThatCanNotBeWrittenEndWith74() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--out", "/proc/none", in: folder)
    #expect(result.status == 74 && result.errors.contains("/proc/none"))
    try FileSystem.write(Data(), to: folder.file("file"))
    let inFile = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--out", "file/run", in: folder)
    #expect(inFile.status == 74, "\(inFile.errors)")
    try trained(folder)
    let taken = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--out", "run", in: folder)
    #expect(taken.status == 74 && taken.errors.contains("not empty"))
  }

  private func limited(kilobytes: Int) -> [String] {
    ["bash", "-c", "trap '' XFSZ; ulimit -f \(kilobytes); exec \"$@\"", "bash"]
  }

  /// A limit on file sizes stands for a disk that fills up: the logs of 1500 iterations outgrow
  /// 170 kB, checkpoints of 160 kB at most do not.
  @Test func aDiskThatFillsUpEndsWith74AndKeepsTheLastCheckpoint() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--out", "run", "--quiet",
      "--steps", "400000", "--checkpoint-every", "10000", "--set", "steps-per-rollout=32",
      "--set", "minibatch-size=256", in: folder,
      prefix: limited(kilobytes: 170))
    #expect(result.status == 74 && result.errors.contains("file too large"), "\(result.errors)")
    let run = RunFolder(path: folder.file("run"))
    let last = try #require(run.checkpointSteps.last)
    #expect(try Checkpoint(path: run.latestCheckpoint()).manifest.steps == last)
    #expect(run.linkedStep("latest") == last)
    let resumed = try Tool.run("train", "--resume", "run", "--quiet", in: folder)
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  @Test func aFullDiskLeavesNoHalfCheckpoint() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--out", "run", "--quiet",
      "--checkpoint-every", "1000", in: folder, prefix: limited(kilobytes: 60))
    #expect(result.status == 74 && result.errors.contains("checkpoints"), "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("run/checkpoints"))
    #expect(names.isEmpty)
  }

  @Test func divergenceEndsWith3AndAPostMortem() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "learning-rate=1e30",
      "--out", "run", in: folder)
    #expect(result.status == 3 && result.errors.contains("not finite"), "\(result.errors)")
    let checkpoint = try Checkpoint(path: folder.file("run/post-mortem"))
    #expect(checkpoint.policy.tensors["policy.0.weight"] != nil)
    #expect(try folder.text("run/manifest.json").contains("diverged"))
    // It has no checkpoint, and is repeated.
    let again = try Tool.run("train", "--resume", "run", in: folder)
    #expect(again.status == 3 && again.errors.contains("not finite"), "\(again.errors)")
  }

  /// The episodes before it are those to look at.
  @Test func divergenceLeavesTheRecordingsMadeSoFar() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--set", "learning-rate=1e30",
      "--record-every", "1", "--out", "run", in: folder)
    #expect(result.status == 3)
    let first = "run/recordings/episode-000000.rlrec"
    #expect(try Tool.run("replay", first, "--verify", in: folder).status == 0)
  }

  @Test func outputThatCanNotBeWrittenEndsWith74() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "list", in: folder, prefix: ["sh", "-c", #"exec "$0" "$@" > /dev/full"#])
    #expect(result.status == 74 && result.errors.contains("standard output"), "\(result.errors)")
  }

  /// One step of this size per rollout leaves finite weights whose outputs are none.
  @Test func actionsThatAreNoNumbersEndWith3() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "walker", "--agent", "ppo", "--steps", "4096", "--envs", "4", "--set",
      "steps-per-rollout=256", "--set", "minibatch-size=1024", "--set", "epochs=1", "--set",
      "learning-rate=1e38", "--set", "activation=relu", "--eval-every", "100000", "--out", "r",
      in: folder)
    #expect(result.status == 3 && result.errors.contains("not finite"), "\(result.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.file("r/post-mortem/manifest.json")))
  }

  /// Finite weights that lead to ∞ − ∞ before the output.
  @Test func policiesWithoutAnswersEndWith3() throws {
    let folder = try TemporaryFolder()
    try trained(folder)
    let path = try RunFolder(path: folder.file("run")).latestCheckpoint() + "/policy.safetensors"
    let archive = try Checkpoint.readArchive(path)
    let numbers: [String: (Int) -> Float] = [
      "policy.0.bias": { _ in 3e38 }, "policy.1.weight": { _ in 3 },
      "policy.2.weight": { $0 % 2 == 0 ? 3 : -3 },
    ]
    var silent = TensorArchive()
    silent.metadata = archive.metadata
    silent.metadata["policy"] = archive.metadata["policy"]?
      .replacingOccurrences(of: #""tanh""#, with: #""relu""#)
    for (name, tensor) in archive.tensors {
      let changed = numbers[name].map { (0..<tensor.values.count).map($0) }
      silent.set(name, changed.map { .floats($0) } ?? tensor.values, shape: tensor.shape)
    }
    try FileSystem.write(silent.safetensors, to: folder.file("silent.safetensors"))
    let evaluated = try Tool.run(
      "evaluate", "silent.safetensors", "--episodes", "4", "--json", "--min-return", "5",
      "--deterministic", "--stochastic", "--record-failures", "failures", in: folder)
    #expect(evaluated.status == 3, "\(evaluated.errors)")
    #expect(
      evaluated.errors == "rlsuite: actions or returns are not finite in 4 of 4 deterministic "
        + "episodes and 4 of 4 stochastic episodes\n")
    let lines = evaluated.output.split(separator: "\n")
    #expect(lines.count == 2, "both modes are shown all the same")
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["mean"] as? String == "NaN" && object?["mean-length"] as? Double == 0)
    }
    let name = "failures/cartpole-v1-ppo-stochastic-seed3.rlrec"
    let failure = try Tool.run("replay", "--verify", name, in: folder)
    #expect(failure.status == 0 && failure.output.contains("0 steps"), "\(failure.errors)")
    let recorded = try Tool.run("record", "silent.safetensors", in: folder)
    #expect(recorded.status == 3 && recorded.errors.contains("not finite after step 0"))
  }

  @Test func evaluationGatesEndWith1() throws {
    let folder = try TemporaryFolder()
    try trained(folder)
    let low = try Tool.run(
      "evaluate", "run", "--episodes", "3", "--min-return", "1", in: folder)
    #expect(low.status == 0, "\(low.errors)")
    let high = try Tool.run(
      "evaluate", "run", "--episodes", "3", "--min-return", "501", "--json", in: folder)
    #expect(high.status == 1 && high.errors.contains("below --min-return 501"))
    #expect(high.output.split(separator: "\n").count == 1, "one mode is judged and shown")
  }

  @Test func policiesOnlyRunWhereTheyFit() throws {
    let folder = try TemporaryFolder()
    try trained(folder)
    let elsewhere = try Tool.run("evaluate", "run", "--env", "walker", in: folder)
    #expect(elsewhere.status == 64 && elsewhere.errors.contains("does not fit walker"))
    let twin = try Tool.run("evaluate", "run", "--env", "cartpole", "--episodes", "2", in: folder)
    #expect(twin.status == 0, "\(twin.errors)")
    // A file that lies about its environment.
    let path = try RunFolder(path: folder.file("run")).latestCheckpoint() + "/policy.safetensors"
    var archive = try Checkpoint.readArchive(path)
    archive.metadata["policy"] = archive.metadata["policy"]?
      .replacingOccurrences(of: "cartpole-v1", with: "walker")
    try FileSystem.write(archive.safetensors, to: folder.file("liar.safetensors"))
    #expect(try Tool.run("evaluate", "liar.safetensors", in: folder).status == 65)
    // A file with an unknown architecture.
    archive = try Checkpoint.readArchive(path)
    archive.metadata["policy"] = archive.metadata["policy"]?
      .replacingOccurrences(of: #""plain""#, with: #""gothic""#)
    try FileSystem.write(archive.safetensors, to: folder.file("gothic.safetensors"))
    let gothic = try Tool.run("evaluate", "gothic.safetensors", in: folder)
    #expect(gothic.status == 65 && gothic.errors.contains("none of plain"), "\(gothic.errors)")
    // One whose recordings would go elsewhere.
    archive = try Checkpoint.readArchive(path)
    archive.metadata["agent"] = "/../../elsewhere"
    try FileSystem.write(archive.safetensors, to: folder.file("climber.safetensors"))
    let climber = try Tool.run("record", "climber.safetensors", in: folder)
    #expect(climber.status == 65 && climber.errors.contains("agent's id"), "\(climber.errors)")
  }

  @Test func controllersAreEvaluatedLikePolicies() throws {
    let folder = try TemporaryFolder()
    let arguments = ["evaluate", "walker-heuristic", "--episodes", "12", "--json"]
    let outputs = try ["1", "2"].map { threads in
      let process = try Tool.start(arguments + ["--threads", threads], in: folder)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return try folder.text("stdout")
    }
    #expect(outputs[0] == outputs[1] && outputs[0].split(separator: "\n").count == 1)
    let elsewhere = try Tool.run("evaluate", "walker-heuristic", "--env", "cartpole", in: folder)
    #expect(elsewhere.status == 64 && elsewhere.errors.contains("only walker, walker-hardcore"))
  }

  @Test func tracesAreChecked() throws {
    let folder = try TemporaryFolder()
    let path = Fixture.url("cartpole_v1.jsonl").path
    #expect(try Tool.run("trace", "--check", path, in: folder).status == 0)
    let lines = try Fixture.lines("cartpole_v1.jsonl").prefix(3).joined(separator: "\n")
    let wrong = lines.replacingOccurrences(of: "\"reward\":[1.0", with: "\"reward\":[2.0")
      .replacingOccurrences(of: "\"reward\": [1.0", with: "\"reward\": [2.0")
    #expect(wrong != lines)
    try FileSystem.write(Data(wrong.utf8), to: folder.file("wrong.jsonl"))
    let result = try Tool.run("trace", "--check", "wrong.jsonl", in: folder)
    #expect(result.status == 1 && result.output.contains("reward differs"), "\(result.output)")
    let written = try Tool.run("trace", path, in: folder)
    try FileSystem.write(Data(written.output.utf8), to: folder.file("again.jsonl"))
    #expect(try Tool.run("trace", "again.jsonl", in: folder).output == written.output)
  }
}

@Suite struct OutputTests {
  @Test func jsonIsOneObjectPerLine() throws {
    let folder = try TemporaryFolder()
    let training = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "4000", "--eval-every", "2000",
      "--out", "run", "--json", in: folder)
    let outputs = [
      training, try Tool.run("list", "--json", in: folder),
      try Tool.run("describe", "walker", "--json", in: folder),
      try Tool.run("describe", "ppo", "--env", "walker", "--json", in: folder),
      try Tool.run("inspect", "run", "--json", in: folder),
      try Tool.run("inspect", "run/checkpoints/best", "--json", in: folder),
      try Tool.run("evaluate", "run", "--episodes", "2", "--json", in: folder),
    ]
    for result in outputs {
      #expect(result.status == 0, "\(result.errors)")
      let lines = result.output.split(separator: "\n")
      #expect(!lines.isEmpty)
      for line in lines {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        #expect(object is [String: Any])
      }
    }
    let events = training.output.split(separator: "\n").map(String.init)
    #expect(events.count == 4 && events[1].contains("\"event\":\"evaluation\""))
  }

  @Test func plainOutputHasOneLinePerEvaluation() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "4000", "--eval-every", "2000",
      "--until-return", "1e9", in: folder)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 5 && !result.output.contains("\r"), "\(result.output)")
    #expect(lines.first?.hasPrefix("runs/cartpole-v1-ppo-1: ppo on cartpole-v1") == true)
    #expect(lines.last?.hasPrefix("next: ") == true)
    #expect(lines.last?.hasSuffix("rlsuite evaluate runs/cartpole-v1-ppo-1") == true)
  }

  @Test func reachingAReturnEndsTheRun() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--eval-every", "1000",
      "--until-return", "5", "--out", "run", "--json", in: folder)
    #expect(result.status == 0 && result.output.contains("reached-return"))
    #expect(try Tool.run("train", "--resume", "run", in: folder).errors.contains("finished"))
  }

  /// Checkpoints are compared on the same starts, which neither training nor `evaluate` uses.
  @Test func everyEvaluationOfARunHasTheSameEpisodes() throws {
    let folder = try TemporaryFolder()
    try Tool.run(
      "train", "--env", "pendulum-v1", "--agent", "ppo", "--steps", "6400", "--eval-every", "1600",
      "--eval-episodes", "3", "--out", "run", "--quiet", in: folder)
    let rows = try folder.text("run/evaluations.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let seeds = try #require(rows.first?.firstIndex(of: "seeds"))
    #expect(rows.count == 5)
    let first = 1 << 40
    let expected = (0..<3).map { "\(first + $0)" }.joined(separator: " ")
    #expect(rows.dropFirst().allSatisfy { $0[seeds] == expected })
  }

  /// Equal seeds give equal episodes, whatever the number of threads or the other modes shown.
  @Test func evaluationsRepeat() throws {
    let folder = try TemporaryFolder()
    try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "4000", "--out", "run",
      "--quiet", in: folder)
    let both = try Tool.run("evaluate", "run", "--json", "--threads", "2", in: folder)
    let one = try Tool.run(
      "evaluate", "run", "--json", "--stochastic", "--threads", "1", in: folder)
    #expect(both.output.hasSuffix(one.output) && !one.output.isEmpty)
    let lighter = try Tool.run(
      "evaluate", "run", "--json", "--stochastic", "--set", "parameters.gravity=5", in: folder)
    #expect(lighter.status == 0 && lighter.output != one.output)
  }

  /// A policy knows the physics it was trained in, with its run's folder and without.
  @Test func policiesCarryTheirPhysicalParameters() throws {
    let folder = try TemporaryFolder()
    try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "4000", "--out", "run",
      "--set", "parameters.gravity=20", "--quiet", in: folder)
    func returns(_ path: String, _ set: String...) throws -> Substring? {
      let words = ["evaluate", path, "--deterministic", "--json", "--episodes", "20"]
      let process = try Tool.start(words + set.flatMap { ["--set", $0] }, in: folder)
      process.waitUntilExit()
      return try folder.text("stdout").firstMatch(of: /"returns":(\[[^\]]*\])/)?.1
    }
    let own = try returns("run")
    #expect(own != nil)
    let earth = try returns("run", "parameters.gravity=9.8")
    #expect(own != earth)
    #expect(try own == returns("run/checkpoints/best"))
    #expect(try own == returns("run/checkpoints/best/policy.safetensors"))
  }
}
