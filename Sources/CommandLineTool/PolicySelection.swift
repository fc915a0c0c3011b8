import ArgumentParser
import Environments
import RLCore
import Training
import Storage
import Experiments

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
  func resolve() throws -> (
    source: StoredRun.Source, environment: RegisteredEnvironment,
    parameters: [ParameterValue]
  ) {
    let source = try findSource()
    let environment = try Lookup.environment(env ?? source.policy.environmentIdentifier)
    if let policy = source.policy as? MLPPolicy, !policy.fits(environment.specification) {
      throw ConfigurationError(
        "a policy for \(policy.environmentIdentifier) does not fit \(environment.identifier)")
    }
    // The policy's own parameters, where it is the policy's environment, and what --set says.
    let isOwn = environment.identifier == source.policy.environmentIdentifier
    let values = try parameterOptions.overlay(isOwn ? source.parameters : [], environment)
    return (source, environment, values)
  }

  /// A file or folder of that name, or else a controller.
  private func findSource() throws -> StoredRun.Source {
    if !FileSystem.exists(path), let controller = ControllerRegistry.find(path) {
      guard checkpoint == nil, !loadBest else {
        throw ConfigurationError("a controller has no checkpoints")
      }
      let name = env ?? controller.environmentIdentifiers[0]
      guard controller.environmentIdentifiers.contains(name) else {
        throw ConfigurationError.unknown(
          "environment of \(path)", name, allowed: controller.environmentIdentifiers)
      }
      return StoredRun.Source(
        policy: ControllerPolicy(controller, environment: name), path: path, agent: path)
    }
    return try StoredRun.policy(at: path, checkpoint: loadBest ? "best" : checkpoint)
  }
}

/// Physical parameters from the command line.
struct ParameterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A physical parameter of the environment.", valueName: "parameters.X=v"))
  var set: [String] = []

  /// Values with what the options say in their place.
  ///
  /// - Throws: ``ConfigurationError`` or ``ParameterError``.
  func overlay(
    _ values: [ParameterValue], _ environment: RegisteredEnvironment
  ) throws -> [ParameterValue] {
    var values = values
    for assignment in set {
      let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let value = Double(parts[1]), value.isFinite else {
        throw ConfigurationError("--set needs parameters.NAME=number and got '\(assignment)'")
      }
      let name = parts[0].hasPrefix("parameters.") ? String(parts[0].dropFirst(11)) : parts[0]
      values.removeAll { $0.name == name }
      values.append(.init(name: name, value: value))
    }
    // Fails here rather than in every worker.
    try environment.makeVector(1).setParameters(values)
    return values
  }
}
