import ArgumentParser
import Experiments
import Robustness
import Storage
import Training

/// Options for a policy or controller, its environment and the physical parameters.
struct PolicyOptions: ParsableArguments {
  @Argument(
    input: """
      A run folder, a checkpoint folder, a policy.safetensors file, or a controller; for 'evaluate' \
      and 'stress' also a folder of runs with several seeds.
      """)
  var path: String
  @Option(help: "Use this environment instead of the policy's own.") var env: String?
  @Option(
    help: """
      Checkpoint of a run folder: best (the default, unless the run's tasks change), latest or a \
      step count.
      """)
  var checkpoint: String?
  @Flag(help: "The same as --checkpoint best.") var loadBest = false
  @OptionGroup var parameterOptions: ParameterOptions

  func validate() throws {
    guard !(loadBest && checkpoint != nil) else {
      throw ValidationError("--load-best and --checkpoint can't be combined")
    }
  }

  /// Folders of the runs in a folder of several; nil for everything else.
  var runFolders: [String]? {
    guard FileSystem.isFolder(path) else { return nil }
    let folders = RunGroup.runFolders(path)
    return folders.isEmpty || folders == [path] ? nil : folders
  }

  /// Loads the policy and checks that it fits the environment and the parameters.
  func resolve() throws -> StoredPolicy {
    var policy = try StoredPolicy(
      path, checkpoint: loadBest ? "best" : checkpoint, environment: env, registry: .ofTheTool)
    if let remark = policy.remark { complain(remark) }
    for (name, value) in try parameterOptions.values() { try policy.setParameter(name, to: value) }
    return policy
  }
}

/// Options for a policy or controller and everything that it meets.
struct PolicySelection: ParsableArguments {
  @OptionGroup var options: PolicyOptions
  @Option(
    path: .long,
    help: ArgumentHelp(
      "Let the adversary of this run of rarl, rap or hinf act against the policy; with :i, the i-th "
        + "of a population.", valueName: "run"))
  var adversary: String?
  @OptionGroup var conditionOptions: ConditionOptions

  /// Loads the policy and checks that it fits the environment, the parameters and the conditions.
  func resolve() throws -> StoredPolicy {
    var policy = try options.resolve()
    if let randomization = try conditionOptions.randomization() {
      try policy.randomize(randomization)
    }
    if let perturbations = try conditionOptions.perturbations() {
      try policy.perturb(perturbations)
    }
    if let adversary { try policy.oppose(adversary, registry: .ofTheTool) }
    return policy
  }
}

/// The options for conditions under which episodes run.
struct ConditionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Draw physical parameters anew for every episode, as in 'train'; none for the set values. By "
        + "default those that the policy's training drew.", valueName: "name=spec,…"))
  var randomize: String?
  @Option(
    help: ArgumentHelp(
      "Perturb actions, bodies and observations, as in 'train'; none for nothing. By default as in "
        + "the policy's training.", valueName: "name=value,…"))
  var perturb: String?

  /// Returns what the option says; nil if it is not given.
  func perturbations() throws(ConfigurationError) -> Perturbations? {
    guard let perturb else { return nil }
    return try Perturbations(parsing: perturb, origin: "--perturb")
  }

  /// Returns what the option says; nil if it is not given.
  func randomization() throws(ConfigurationError) -> Randomization? {
    guard let randomize else { return nil }
    return try Randomization(parsing: randomize, origin: "--randomize")
  }
}

/// The options for physical parameters.
struct ParameterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Set a physical parameter of the environment.", valueName: "parameters.X=v"))
  var set: [String] = []

  /// Returns the names and values that the options give.
  func values() throws(ConfigurationError) -> [(name: String, value: Double)] {
    var values: [(name: String, value: Double)] = []
    for assignment in set {
      let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let value = Double(parts[1]), value.isFinite else {
        throw ConfigurationError("--set needs parameters.NAME=number and got '\(assignment)'")
      }
      let name = parts[0].hasPrefix("parameters.") ? String(parts[0].dropFirst(11)) : parts[0]
      values.append((name, value))
    }
    return values
  }
}
