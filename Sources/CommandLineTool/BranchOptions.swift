import ArgumentParser
import Experiments
import Recording
import Storage
import Training

/// Options of `replay` for an episode that goes on in another way than it was recorded.
struct BranchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Repeat this many steps, go on from there, and write the episode as a new recording.",
      valueName: "step"))
  var branch: Int?
  @Option(
    input: .long,
    help: ArgumentHelp(
      "Policy or controller that acts from there on; by default the recorded actions.",
      valueName: "policy"))
  var with: String?
  @Option(
    help: """
      Seed of the policy's random numbers, which are drawn from the episode's start; by default the \
      episode's.
      """)
  var seed: UInt64?
  @Flag(help: "Sample the policy's actions instead of taking the most likely ones.")
  var stochastic = false
  @Option(
    path: [.long, .customShort("o")],
    help: "The new recording (.rlrec) or a folder for it; by default beside the old one.")
  var out: String?
  @Flag(help: "Replace an existing recording.") var overwrite = false

  func validate() throws {
    let others: [(String, Bool)] = [
      ("--with", with != nil), ("--seed", seed != nil), ("--stochastic", stochastic),
      ("--out", out != nil), ("--overwrite", overwrite),
    ]
    if branch == nil, let (name, _) = others.first(where: \.1) {
      throw ValidationError("\(name) needs --branch")
    }
    guard with != nil || seed == nil && !stochastic else {
      throw ValidationError("--seed and --stochastic need --with")
    }
  }

  /// Records the branch of a recording at a step.
  func branch(_ recording: RecordingReader, at step: Int) throws -> RecordingReader {
    let policy = try with.map {
      try StoredPolicy($0, environment: recording.header.environment, registry: .ofTheTool)
    }
    if let remark = policy?.remark { complain(remark) }
    let branch = try EpisodeBranch(
      recording, at: step, with: policy, mode: stochastic ? .stochastic : nil, seed: seed,
      registry: .ofTheTool)
    return try branch.record(
      to: path(recording, step: step, policy: policy), overwrites: overwrite)
  }

  /// Returns the path of the new recording.
  private func path(
    _ recording: RecordingReader, step: Int, policy: StoredPolicy?
  ) throws(ConfigurationError) -> String {
    if let out, out.hasSuffix(".rlrec") { return out }
    if out == nil, recording.path == FileSystem.standardInput {
      throw ConfigurationError("name the new recording of the standard input with --out")
    }
    var name = FileSystem.split(recording.path).name
    for suffix in [RecordingWriter.partialSuffix, ".rlrec"] where name.hasSuffix(suffix) {
      name.removeLast(suffix.count)
    }
    let parts = [name, "step\(step)", policy?.recordedAgent, seed.map { "stream\($0)" }]
    name = parts.compactMap(\.self).joined(separator: "-") + ".rlrec"
    return out.map { "\($0)/\(name)" } ?? FileSystem.sibling(of: recording.path, named: name)
  }
}
