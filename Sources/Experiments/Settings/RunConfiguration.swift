public import RLCore
public import Robustness
internal import Storage
public import Training

/// All settings on which the results of a run depend, as stored in `config.yaml`.
///
/// The number of threads is not among them, since results do not depend on it.
public struct RunConfiguration: Sendable {
  /// Settings of the run other than the agent's settings and the physical parameters.
  public var run: RunSettings
  /// All physical parameters of the environment, in table order.
  public var parameters: [ParameterValue]
  /// Settings of the agent.
  public var settings: any AgentConfiguration
  let descriptions: [ParameterDescription]
  /// Tasks with physical parameters of their own, from ``RunSettings/drift``; nil without drift.
  public internal(set) var tasks: TaskSchedule?

  /// Whether all evaluations measure the same task, so that one can be the best; false if physical
  /// parameters change.
  public var hasOneTask: Bool { run.drift.hasOneTask }

  /// Contents of `config.yaml`, with which `train --config` repeats the run.
  public var yaml: String { table.tree(of: self).yaml() }

  /// Environment steps that the run takes: those of its settings, rounded up to whole rollouts or
  /// rounds of all environments.
  public var stepsTaken: Int {
    let (round, overflow) = run.environments.multipliedReportingOverflow(by: settings.stepsAtOnce)
    guard !overflow, (1...1 << 60).contains(round) else { return run.steps }
    return (run.steps + round - 1) / round * round
  }

  /// Dotted names and values of all settings as text, for tables and TensorBoard.
  public var flattened: [(name: String, value: String)] {
    table.map { ($0.key, $0.text(of: self)) }
  }

  /// Table of all settings: the run's, `parameters.NAME`, and `settings.KEY` for the agent's.
  public var table: [Setting<RunConfiguration>] {
    RunSettings.table(at: \.run) + descriptions.indices.map(parameter) + Self.agentTable(settings)
  }

  private static func agentTable<C: AgentConfiguration>(
    _ settings: C
  ) -> [Setting<RunConfiguration>] {
    C.table.map { setting in
      setting.lifted(under: nil) { whole in
        guard let settings = whole.settings as? C else {
          preconditionFailure("\(type(of: whole.settings)) in place of \(C.self)")
        }
        return settings
      } set: {
        $0.settings = $1
      }.keyed(under: "settings")
    }
  }

  private func parameter(_ index: Int) -> Setting<RunConfiguration> {
    let description = descriptions[index]
    let range =
      "\(description.isReversible ? "±" : "")\(AllowedValues.text(description.range)) "
      + description.unit
    return Setting(
      "parameters.\(description.name)", \.parameters[index].value,
      .numbers(range, verb: "lie in") { description.allows($0) },
      description.summary)
  }

  /// Returns the conditions under which the run's episodes run.
  ///
  /// - Parameter environment: Environment of the run.
  /// - Throws: `ConfigurationError` if the environment does not allow them or they contradict the
  ///   run's parameters or their drift.
  /// - Returns: The conditions, checked.
  public func conditions(
    in environment: RegisteredEnvironment
  ) throws(ConfigurationError) -> EpisodeConditions {
    let drawn = run.randomize.draws.map(\.name)
    if let name = run.drift.names.first(where: drawn.contains) {
      throw ConfigurationError(
        "drift.change changes \(name) from task to task and randomize would draw another value for "
          + "every episode; leave it out of one of them")
    }
    let changed = zip(parameters, descriptions).filter { $0.value != $1.nominal }
    return try EpisodeConditions(
      run.randomize, run.perturb, in: environment, parameters: parameters,
      fixed: Set(changed.map { $0.0.name }))
  }

  /// Returns the parameters whose worst case the agent looks for; empty for other agents.
  ///
  /// - Throws: `ConfigurationError` if the run randomises none, or not within ranges.
  func uncertainParameters() throws(ConfigurationError) -> [UncertainParameter] {
    settings.searchesParameters ? try run.randomize.uncertainParameters(for: run.agent) : []
  }

  /// Sentence about an invalid value or combination of values; nil if all are valid.
  var problem: String? {
    table.problem(in: self) ?? extensionProblem
      ?? settings.problem(environments: run.environments, totalSteps: run.steps)
  }
}

extension RunConfiguration {
  private var extensionProblem: String? {
    let steps = run.extensions + [run.steps]
    guard zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) && steps[0] >= 1 else {
      return "extensions must be ascending numbers of steps below steps, \(run.steps)"
    }
    return run.constantExtensions.allSatisfy(run.extensions.contains)
      ? nil : "constant-extensions must be some of extensions, \(run.extensions)"
  }

  /// The settings before the last extension; nil if there is none.
  var beforeExtension: RunConfiguration? {
    guard let planned = run.extensions.last else { return nil }
    var earlier = self
    earlier.run.extensions.removeLast()
    earlier.run.constantExtensions.removeAll { $0 == planned }
    earlier.run.steps = planned
    return earlier
  }

  /// The settings with further steps.
  func extended(by steps: Int, keepingSchedules: Bool) -> RunConfiguration {
    var later = self
    later.run.extensions.append(run.steps)
    if keepingSchedules { later.run.constantExtensions.append(run.steps) }
    later.run.steps += steps
    return later
  }

  /// Checksum of `config.yaml`, by which a checkpoint knows its configuration.
  var checksum: UInt32 { CRC32C.checksum(yaml.utf8) }
}

/// Settings of a run other than its agent's settings and physical parameters.
public struct RunSettings: SettingGroup {
  /// Interval and length of evaluations.
  public struct Evaluation: Sendable, Equatable {
    /// Environment steps between two evaluations.
    public var every = 100_000
    /// Number of episodes per evaluation.
    public var episodes = 10
  }

  /// Interval and number of checkpoints.
  public struct Checkpoints: Sendable, Equatable {
    /// Environment steps between two checkpoints; nil for one at every evaluation.
    public var every: Int?
    /// Number of the newest checkpoints to keep, besides the best.
    public var keep = 5
  }

  /// Choice of the episodes to record.
  public struct Recordings: Sendable, Equatable {
    /// Interval n, for every n-th episode of the first environment; nil to record none.
    public var every: Int?
  }

  /// Measurements of the agent's networks.
  public struct Probes: Sendable, Equatable {
    /// Names of probes, `all`, `basic` or `none`; each may be followed by `@network` or
    /// `@network/layer`.
    public var select: [String] = []
    /// Iterations between two measurements; nil to keep their cost below 5 % of the time.
    public var every: Int?
  }

  /// Changes of physical parameters during training.
  public struct Drift: Sendable, Equatable {
    /// Specifications `NAME=SPEC`, one for each parameter that changes.
    public var change: [String] = []
    /// Environment steps per task, between two changes.
    public var every = 200_000
    /// Index of the only task to train on; nil to train on one task after another.
    public var task: Int?

    /// Names of the parameters that change.
    var names: [String] { change.map { String($0.prefix { $0 != "=" }) } }
    /// Whether the whole run has one task.
    var hasOneTask: Bool { change.isEmpty || task != nil }
  }

  /// Id of the environment.
  public var environment = ""
  /// Id of the agent.
  public var agent = ""
  /// Seed of all random numbers.
  public var seed: UInt64 = 1
  /// Environment steps to train for, over all environments.
  public var steps = 1_000_000
  /// Number of environments that run in parallel.
  public var environments = 8
  /// Interval and length of evaluations.
  public var evaluation = Evaluation()
  /// Interval and number of checkpoints.
  public var checkpoints = Checkpoints()
  /// Choice of the episodes to record.
  public var recordings = Recordings()
  /// Measurements of the agent's networks.
  public var probes = Probes()
  /// Interventions that keep networks plastic, each `NAME[@NETWORK][:KEY=VALUE,…]`.
  public var interventions: [String] = []
  /// Rule that sets the replay ratio, `RULE[:KEY=VALUE,…]`; nil for the agent's setting.
  public var adaptiveRatio: String?
  /// Changes of physical parameters during training.
  public var drift = Drift()
  /// Physical parameters that every episode draws for itself, in training and its evaluations.
  public var randomize = Randomization()
  /// Perturbations of actions, bodies and observations, in training and its evaluations.
  public var perturb = Perturbations()
  /// Steps for which the run was planned before each of its extensions; empty if it has none.
  public var extensions: [Int] = []
  /// Those of ``extensions`` in which schedules keep their initial values instead of beginning anew.
  public var constantExtensions: [Int] = []
  /// Whether schedules keep their initial values from the last extension on.
  var keepsSchedules: Bool { extensions.last.map(constantExtensions.contains) ?? false }
  /// Run, checkpoint or file of the policy with whose weights and normaliser the run starts; nil for
  /// new ones.
  public var from: String?
  /// Recordings, folders and runs with recordings, and `CONTROLLER:STEPS`, from which alone the agent
  /// learns.
  public var dataset: [String] = []
  /// The same, with which the replay buffer is filled before the first step.
  public var prefill: [String] = []
  /// Wrappers of the environment: what the agent sees and does, and from which rewards it learns.
  public var wrap = Wrappers()
  /// Mean return of an evaluation at which training ends early; nil for never.
  public var untilReturn: Double?

  /// Creates the default settings.
  public init() {}

  /// Table of the settings, in which one text may also stand for a list.
  public static let table: [Setting<Self>] = [
    Setting("environment", \.environment, .any, "the environment's id"),
    Setting("agent", \.agent, .any, "the agent's id"),
    Setting("seed", \.seed, .any, "seed of all random numbers"),
    Setting(
      "steps", \.steps, .range(1...0x1p50), "environment steps to train for, over all environments"),
    Setting(
      "environments", \.environments, .range(1...65536),
      "number of environments that run in parallel"),
    Setting(
      "evaluation.every", \.evaluation.every, .atLeast(1),
      "environment steps between two evaluations"),
    Setting(
      "evaluation.episodes", \.evaluation.episodes, .range(1...100_000),
      "number of episodes per evaluation"),
    Setting(
      "checkpoints.every", \.checkpoints.every, .atLeast(1),
      "environment steps between two checkpoints; null for one at every evaluation"),
    Setting(
      "checkpoints.keep", \.checkpoints.keep, .atLeast(1),
      "number of the newest checkpoints to keep, besides the best"),
    Setting(
      "recordings.every", \.recordings.every, .atLeast(1),
      "record every n-th episode of the first environment; null for none"),
    Setting(
      "probes.select", \.probes.select, .any,
      "probes of the networks: all, basic, none, or names separated by commas; each may be "
        + "followed by @network or @network/layer"
    ).splitting(at: ","),
    Setting(
      "probes.every", \.probes.every, .atLeast(1),
      "iterations between two measurements; null to keep their cost below 5 % of the time"),
    Setting(
      "interventions", \.interventions, .any,
      "interventions that keep networks plastic, each NAME[@NETWORK][:KEY=VALUE,…]"
    )
    .splitting(at: " "),
    Setting(
      "adaptive-ratio", \.adaptiveRatio, .any,
      "rule that sets the replay ratio, RULE[:KEY=VALUE,…]; null for the agent's setting"),
    Setting(
      "drift.change", \.drift.change, .any,
      "changes of physical parameters, NAME=SPEC separated by commas; SPEC is walk:STEP, "
        + "uniform:LOW..HIGH, log-uniform:LOW..HIGH, cycle:A;B;… or flip"
    ).splitting(at: ","),
    Setting(
      "drift.every", \.drift.every, .range(1...0x1p50),
      "environment steps between two changes of physical parameters"),
    Setting(
      "drift.task", \.drift.task, .atLeast(0),
      "train only on this task, counted from 0; null for one after another"),
    Setting(
      "randomize", \.randomize, .any,
      "physical parameters drawn anew for every episode, NAME=SPEC separated by commas, or none; "
        + "SPEC is LOW..HIGH, log:LOW..HIGH, normal:MEAN:STD or choice:A:B:…, and @STEPS behind it "
        + "widens it over that many steps"),
    Setting(
      "perturb", \.perturb, .any,
      "perturbations of actions, bodies and observations, NAME=VALUE separated by commas, or none: "
        + PerturbationKind.all.map(\.name).joined(separator: ", ")),
    Setting(
      "extensions", \.extensions, .any,
      "steps for which the run was planned before each extension, at the last of which its schedules "
        + "began anew; written by --extend"
    ).splitting(at: ","),
    Setting(
      "constant-extensions", \.constantExtensions, .any,
      "those of extensions after which schedules keep their initial values; written by --extend"
    ).splitting(at: ","),
    Setting(
      "from", \.from, .any,
      "start with the weights and normaliser of this policy, a run, checkpoint or policy file, and "
        + "with new optimisers and critics; null for new weights"),
    Setting(
      "dataset", \.dataset, .any,
      "recordings, folders or runs with recordings, datasets of Minari, or CONTROLLER:STEPS, from which "
        + "bc learns"
    ).splitting(at: ","),
    Setting(
      "prefill", \.prefill, .any,
      "recordings, folders or runs with recordings, datasets of Minari, or CONTROLLER:STEPS, with which "
        + "the replay buffer is filled before the first step; their steps count as warm-up"
    ).splitting(at: ","),
    Setting(
      "wrap", \.wrap, .any,
      "wrappers of the environment, NAME=VALUE separated by commas, or none: "
        + WrapperKind.all.map(\.name).joined(separator: ", ")),
    Setting(
      "until-return", \.untilReturn, .finite,
      "end training once an evaluation's mean return reaches this; null for never"),
  ]
}
