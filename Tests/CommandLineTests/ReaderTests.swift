import Experiments
import Foundation
import Recording
import Storage
import TestSupport
import Testing

/// What the tool does with paths, pipes and files that are not what they should be.
@Suite struct ReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs a line of the shell in which `$TOOL` is the program.
  private func shell(_ line: String, home: String? = nil) throws -> Tool.Result {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.environment = ProcessInfo.processInfo.environment.merging([
      "TOOL": Tool.program.path, "HOME": home ?? folder.path,
    ]) { $1 }
    for name in ["stdout", "stderr"] {
      _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil)
    }
    process.standardOutput = FileHandle(forWritingAtPath: folder.file("stdout"))
    process.standardError = FileHandle(forWritingAtPath: folder.file("stderr"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private func write(_ text: String, to name: String) throws {
    try FileSystem.write(Data(text.utf8), to: folder.file(name))
  }

  private func train() throws {
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "2000", "--eval-every", "1000",
      "--eval-episodes", "2", "--out", "run", "--quiet", in: folder)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// Each refuses the same key, so nothing is trained, and has read the file to know it.
  @Test(
    arguments: [
      "$TOOL train --config <(cat c.yaml)", "$TOOL train --config /dev/stdin < c.yaml",
      "cat c.yaml | $TOOL train --config /dev/stdin", "cat c.yaml | $TOOL train --config -",
      "$TOOL train --config=~/c.yaml", "$TOOL train --config '~/c.yaml'",
      "$TOOL train --config=~$(id -un)/../$PWD/c.yaml", "$TOOL train --config bom.yaml",
      "$TOOL train --config crlf.yaml",
    ])
  func everyKindOfFileIsRead(line: String) throws {
    let yaml = "environment: cartpole-v1\nagent: ppo\nsettings: {epoch: 3}\n"
    try write(yaml, to: "c.yaml")
    try write("\u{FEFF}" + yaml, to: "bom.yaml")
    try write(yaml.replacing("\n", with: "\r\n"), to: "crlf.yaml")
    let result = try shell(line)
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains(":3:19); did you mean 'epochs'?"), "\(result.errors)")
  }

  @Test func oneRuleHoldsForAllPaths() throws {
    try train()
    for line in [
      "cat run/checkpoints/best/policy.safetensors | $TOOL evaluate /dev/stdin -n 2 --json",
      "$TOOL evaluate <(cat run/checkpoints/best/policy.safetensors) -n 2 --json",
      "$TOOL inspect - < run/checkpoints/best/policy.safetensors",
      "$TOOL evaluate '~/run' -n 2 --min-return 0 --summary=~/summary.json --junit=~/junit.xml",
      "$TOOL record '~/run' --out=~/recordings --frames=~/frames",
      "$TOOL replay --verify <(cat recordings/*.rlrec)", "cat recordings/*.rlrec | $TOOL inspect -",
      "$TOOL train --env cartpole-v1 --agent a2c --steps 100 --out=~/other --quiet",
      "$TOOL train --resume=~/other",
      "$TOOL trace - --env pendulum-v1 <<< '{\"seed\": 1, \"actions\": [0]}'",
    ] {
      let result = try shell(line)
      #expect(result.status == 0, "\(line): \(result.errors)")
    }
    #expect(folder.contents.filter { $0.hasPrefix("~") }.isEmpty)
    #expect(
      ["frames", "junit.xml", "other", "recordings", "summary.json"].allSatisfy {
        folder.contents.contains($0)
      })
    for option in ["--out", "--config", "--resume"] {
      let result = try Tool.run(
        "train", "--env", "walker", "--agent", "ppo", option, "", in: folder)
      #expect(result.status == 64 && result.errors.contains("must not be empty"), "\(option)")
    }
    #expect(try shell("$TOOL inspect '~nobody-of-this-name/x'").status == 64)
  }

  /// 845 bytes hung each of these.
  @Test func referencesThatMultiplyEndQuickly() throws {
    try train()
    var bomb = "a0: &a0 [1, 1]\n"
    for i in 1...30 { bomb += "a\(i): &a\(i) [*a\(i - 1), *a\(i - 1)]\n" }
    bomb += "? *a30\n: 1\n"
    try write(bomb, to: "bomb.yaml")
    let started = try Tool.run("train", "--config", "bomb.yaml", in: folder)
    #expect(started.status == 64 && started.errors.contains("keys must be single words"))
    try write(bomb, to: "run/config.yaml")
    for verb in ["inspect", "evaluate"] {
      let result = try Tool.run(verb, "run", "--json", in: folder)
      #expect(verb == "evaluate" || result.status == 65, "\(result.errors)")
    }
    #expect(try Tool.run("train", "--resume", "run", in: folder).status == 65)
    try write("a: " + String(repeating: "[1],", count: 1_000_000), to: "large.yaml")
    let large = try Tool.run("train", "--config", "large.yaml", in: folder)
    #expect(large.status == 65 && large.errors.contains("at most 262144"), "\(large.errors)")
  }

  @Test func policiesOfUnknownEnvironmentsEndWith65() throws {
    try train()
    let path = folder.file("run/checkpoints/latest/policy.safetensors")
    for (name, words) in [
      ("submarine", "the environment 'submarine', which this version does not have"),
      (String(repeating: "x", count: 10_000_000), "environment's id is not letters"),
      ("a\\u001b[2J", "environment's id is not letters"),
    ] {
      var archive = try Checkpoint.readArchive(path)
      archive.metadata["policy"] = archive.metadata["policy"]?
        .replacingOccurrences(of: "cartpole-v1", with: name)
      try FileSystem.write(archive.safetensors, to: folder.file("foreign.safetensors"))
      let result = try Tool.run("evaluate", "foreign.safetensors", in: folder)
      #expect(result.status == 65 && result.errors.contains(words), "\(result.errors.prefix(300))")
    }
    #expect(try Tool.run("evaluate", "run", "--env", "submarine", in: folder).status == 64)
  }

  @Test func inspectSaysWhatAFileIs() throws {
    try train()
    for file in ["metrics.csv", "config.yaml", "monitor.csv", "evaluations.npz"] {
      let result = try Tool.run("inspect", "run/\(file)", in: folder)
      #expect(result.status == 65 && result.errors.contains("it is not a safetensors file"))
      #expect(result.errors.lines.count == 1, "\(result.errors)")
    }
    var archive = TensorArchive()
    archive.metadata["note"] = "a\u{1B}[2Jb"
    archive.set("middle", .floats([1, .nan, -3, .infinity, 2]))
    archive.set("none", .doubles([.nan]))
    archive.set("whole", .doubles([0.5]))
    try FileSystem.write(archive.safetensors, to: folder.file("odd.safetensors"))
    let text = try Tool.run("inspect", "odd.safetensors", in: folder).output
    #expect(text.contains("-3 … 2, 2 not finite"), "\(text)")
    #expect(text.contains("[1]    1 not finite") && text.contains("0.5 … 0.5\n"), "\(text)")
    #expect(!text.contains("\u{1B}"))
    let json = try Tool.run("inspect", "odd.safetensors", "--json", in: folder).output
    #expect(json.contains(#""greatest":2,"least":-3,"name":"middle","not-finite":2"#), "\(json)")
  }

  @Test func everyRecordingIsTried() throws {
    try train()
    try Tool.run("record", "run", "--episodes", "3", "--out", "r", in: folder)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("r")).sorted()
      .map { "r/\($0)" }
    #expect(files.count == 3)
    let whole = try FileSystem.read(folder.file(files[0]))
    try FileSystem.write(whole.prefix(whole.count / 2), to: folder.file(files[0]))
    let result = try Tool.run(
      "replay", "--verify", files[0], "none.rlrec", files[1], files[2], in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.output.components(separatedBy: "verified: every step").count == 3)
    #expect(result.errors.lines.count == 3 && result.errors.contains("none.rlrec does not exist"))
    #expect(result.errors.contains("2 of 4 recordings can't be replayed"))
    #expect(try Tool.run("replay", "none.rlrec", files[0], in: folder).status == 66)
    #expect(try Tool.run("replay", "--verify", files[1], files[2], in: folder).status == 0)
  }

  @Test func checksThatCheckNothingFail() throws {
    let line = try Fixture.lines("cartpole_v1.jsonl")[1]
    let kind = #"{"kind":"cartpole_v1"}"# + "\n"
    let bare = #"{"state0":[0,0,0,0],"actions":[1]}"#
    let cases = [
      ("", 1, "nothing was compared: there is no episode"),
      ("\n\r\n  \n", 1, "there is no episode"), (kind, 1, "there is no episode"),
      (kind + bare, 1, "no line has a member that is computed"),
      (kind + #"{"state0":[0,0,0,0],"actions":[],"reward":[]}"#, 1, "no line has a member"),
      (kind + line.replacing("\"reward\"", with: "\"rewrd\""), 1, "did you mean 'reward'?"),
      (kind + line.replacing("\"states\"", with: "\"staets\""), 1, "did you mean 'states'?"),
      (kind + line, 0, "not compared: episode"),
      ("\u{FEFF}" + kind.replacing("\n", with: "\r\n") + line + "\r\n\r\n", 0, ""),
    ]
    for (text, status, words) in cases {
      try write(text, to: "t.jsonl")
      let result = try Tool.run("trace", "--check", "t.jsonl", in: folder)
      #expect(result.status == status, "\(text.prefix(80)): \(result.errors)")
      #expect(words.isEmpty || result.errors.contains(words), "\(result.errors)")
    }
    try write(String(repeating: "1", count: 1 << 24 + 1), to: "t.jsonl")
    #expect(try Tool.run("trace", "--check", "t.jsonl", in: folder).status == 65)
  }

  /// Without the check the program ended with an illegal instruction.
  @Test(
    arguments: [
      (["walker", "ppo", "--set", "steps-per-rollout=1000000"], "steps-per-rollout needs"),
      (
        ["walker", "sac", "--set", "buffer-size=4000000"], "buffer-size needs 864.0 MB, three times"
      ),
      (["cartpole-infinite", "a2c", "--envs", "60000"], "environments needs 2.4 GB"),
      (
        ["walker", "ppo", "--set", "critic-hidden=[8192, 8192, 8192]"], "critic-hidden needs 2.7 GB"
      ),
    ])
  func moreMemoryThanThereIsEndsWith64(words: [String], message: String) throws {
    let arguments = ["train", "--env", words[0], "--agent", words[1], "--threads", "1"]
    let process = try Tool.start(
      arguments + words.dropFirst(2), in: folder,
      prefix: ["bash", "-c", "ulimit -v 3000000; exec \"$@\"", "bash"])
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 64, "\(errors)")
    #expect(errors.contains(message) && errors.contains("; lower it"), "\(errors)")
    #expect(errors.contains("its limit on address space leaves"), "\(errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("runs")))
  }

  /// Foundation's sentence was "NSCocoaErrorDomain error 256".
  @Test func filesLargerThanMemoryEndWith74() throws {
    let made = try shell("truncate -s 9G large.safetensors")
    #expect(made.status == 0)
    let result = try Tool.run(
      "inspect", "large.safetensors", in: folder,
      prefix: ["bash", "-c", "ulimit -v 3000000; exec \"$@\"", "bash"])
    #expect(result.status == 74, "\(result.errors)")
    #expect(
      result.errors.contains("there is no memory for its 9663676417 bytes"), "\(result.errors)")
  }

  /// A hook of git sets `GIT_DIR`, with which git would name another repository's commit.
  @Test func theVersionNamesCommitAndPackages() throws {
    let other = folder.file("other")
    let made = try shell(
      "unset GIT_DIR; git init -q \(other) && git -C \(other) -c user.name=n -c user.email=e "
        + "commit -q --allow-empty -m m")
    #expect(made.status == 0, "\(made.errors)")
    let plain = try Tool.run("--version", in: folder)
    #expect(plain.status == 0 && plain.output.hasPrefix("\(suiteVersion)\ncommit: "))
    #expect(plain.output.contains("\npackages: ") && plain.output.contains("Box2D"))
    let hooked = try Tool.run(
      "--version", in: folder, prefix: ["GIT_DIR=\(other)/.git", "GIT_WORK_TREE=\(other)"])
    #expect(hooked.output == plain.output && hooked.errors.isEmpty)
    if let packages = RunManifest.currentPackages {
      #expect(
        packages.keys.sorted()
          == ["swift-argument-parser", "swift-mustache", "yams"])
      #expect(plain.output.contains("yams 6.2."))
    }
    try train()
    let manifest = try RunManifest(folder: RunFolder(path: folder.file("run")))
    #expect(manifest.packages == RunManifest.currentPackages)
  }
}
