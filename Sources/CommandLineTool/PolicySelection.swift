import ArgumentParser
import Experiments
import Training

/// Which policy or controller, in which environment, with which physical parameters.
struct PolicySelection: ParsableArguments {
  @Argument(help: "A run folder, a checkpoint folder, a policy.safetensors or a controller.")
  var path: String
  @Option(help: "Use this environment instead of the policy's own.") var env: String?
  @Option(help: "For a run folder: best (the default), latest or a step count.")
  var checkpoint: String?
  @Flag(help: "Use the checkpoint of the best evaluation.") var loadBest = false
  @OptionGroup var parameterOptions: ParameterOptions

  func validate() throws {
    guard !(loadBest && checkpoint != nil) else {
      throw ValidationError("--load-best and --checkpoint exclude each other")
    }
  }

  /// Loads the policy and checks that everything fits together.
  func resolve() throws -> StoredPolicy {
    var policy = try StoredPolicy(
      path, checkpoint: loadBest ? "best" : checkpoint, environment: env, registry: .ofTheTool)
    for (name, value) in try parameterOptions.values() { try policy.setParameter(name, to: value) }
    return policy
  }
}

/// Physical parameters from the command line.
struct ParameterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A physical parameter of the environment.", valueName: "parameters.X=v"))
  var set: [String] = []

  /// What the options say.
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
