public import RLCore
public import Training

/// Every setting a run's results depend on; what `config.yaml` holds.
///
/// The number of threads is not among them: results do not depend on it.
public struct RunConfiguration: Sendable {
  /// What is set besides the agent's own settings and the physical parameters.
  public var run: RunSettings
  /// All physical parameters of the environment, in table order.
  public var parameters: [ParameterValue]
  /// The agent's settings.
  public var settings: any AgentConfiguration
  let descriptions: [ParameterDescription]
  /// How physical parameters change while it trains, as ``RunSettings/drift`` says; nil where they
  /// do not.
  public internal(set) var tasks: TaskSchedule?

  /// The contents of `config.yaml`: `train --config` on it repeats the run.
  public var yaml: String { table.tree(of: self).yaml() }

  /// One setting a line by dotted name, for tables and TensorBoard.
  public var flattened: [(name: String, value: String)] {
    table.map { ($0.key, $0.text(of: self)) }
  }

  /// Every setting: those of the run, `parameters.NAME`, and `settings.KEY` for the agent's.
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
      .numbers(range, verb: "lie in") { description.allows($0) || $0 == description.nominal },
      description.summary)
  }

  /// What is wrong with a value or with several together, in one sentence; nil when nothing is.
  var problem: String? {
    table.problem(in: self)
      ?? settings.problem(environments: run.environments, totalSteps: run.steps)
  }
}

/// What is set about a run besides its agent.
public struct RunSettings: SettingGroup {
  /// When and how long to evaluate.
  public struct Evaluation: Sendable, Equatable {
    /// Environment steps between two evaluations.
    public var every = 100_000
    /// Episodes of each.
    public var episodes = 10
  }

  /// When to write checkpoints and how many to keep.
  public struct Checkpoints: Sendable, Equatable {
    /// Environment steps between two checkpoints; nil for one at every evaluation.
    public var every: Int?
    /// How many of the newest stay, beside the best.
    public var keep = 5
  }

  /// Which episodes to record.
  public struct Recordings: Sendable, Equatable {
    /// Every n-th episode of the first environment; nil for none.
    public var every: Int?
  }

  /// What to measure of the agent's networks.
  public struct Probes: Sendable, Equatable {
    /// Names of probes, `all`, `basic` or `none`; each may be followed by `@network` or
    /// `@network/layer`.
    public var select: [String] = []
    /// Iterations between two measurements; nil for as few as keep their cost small.
    public var every: Int?
  }

  /// How physical parameters change while training.
  public struct Drift: Sendable, Equatable {
    /// `NAME=SPEC` for each parameter that does.
    public var change: [String] = []
    /// Environment steps of a task, between two changes.
    public var every = 200_000
    /// Trains on the task of this index only; nil for one after another.
    public var task: Int?
  }

  /// The environment's id.
  public var environment = ""
  /// The agent's id.
  public var agent = ""
  /// What all randomness derives from.
  public var seed: UInt64 = 1
  /// Environment steps to train for, over all environments.
  public var steps = 1_000_000
  /// How many environments run side by side.
  public var environments = 8
  /// When and how long to evaluate.
  public var evaluation = Evaluation()
  /// When to write checkpoints and how many to keep.
  public var checkpoints = Checkpoints()
  /// Which episodes to record.
  public var recordings = Recordings()
  /// What to measure of the agent's networks.
  public var probes = Probes()
  /// What is done to keep networks plastic: `NAME[@NETWORK][:KEY=VALUE,…]` each.
  public var interventions: [String] = []
  /// What sets the replay ratio: `RULE[:KEY=VALUE,…]`; nil for the agent's setting.
  public var adaptiveRatio: String?
  /// How physical parameters change while training.
  public var drift = Drift()
  /// Training ends early once an evaluation's mean return reaches this.
  public var untilReturn: Double?

  /// The defaults.
  public init() {}

  /// Every setting of a run besides the agent's; a text may stand for a list.
  public static let table: [Setting<Self>] = [
    Setting("environment", \.environment, .any, "the environment's id"),
    Setting("agent", \.agent, .any, "the agent's id"),
    Setting("seed", \.seed, .any, "seed of all randomness"),
    Setting(
      "steps", \.steps, .range(1...0x1p50), "environment steps to train for, over all environments"),
    Setting(
      "environments", \.environments, .range(1...65536), "environments that run side by side"),
    Setting(
      "evaluation.every", \.evaluation.every, .atLeast(1),
      "environment steps between two evaluations"),
    Setting(
      "evaluation.episodes", \.evaluation.episodes, .range(1...100_000),
      "episodes of each evaluation"),
    Setting(
      "checkpoints.every", \.checkpoints.every, .atLeast(1),
      "environment steps between two checkpoints; null for one at every evaluation"),
    Setting(
      "checkpoints.keep", \.checkpoints.keep, .atLeast(1), "newest checkpoints that stay"),
    Setting(
      "recordings.every", \.recordings.every, .atLeast(1),
      "records every n-th episode of the first environment; null for none"),
    Setting(
      "probes.select", \.probes.select, .any,
      "what to measure of the networks: all, basic, none, or names of probes with commas; each may be "
        + "followed by @network or @network/layer"
    ).splitting(at: ","),
    Setting(
      "probes.every", \.probes.every, .atLeast(1),
      "iterations between two measurements; null for less than 5 % of the time"),
    Setting(
      "interventions", \.interventions, .any,
      "what keeps networks plastic: NAME[@NETWORK][:KEY=VALUE,…] each"
    )
    .splitting(at: " "),
    Setting(
      "adaptive-ratio", \.adaptiveRatio, .any,
      "what sets the replay ratio while training: RULE[:KEY=VALUE,…]; null for the agent's setting"),
    Setting(
      "drift.change", \.drift.change, .any,
      "physical parameters that change while training, NAME=SPEC with commas; SPEC is walk:STEP, "
        + "uniform:LOW..HIGH, log-uniform:LOW..HIGH, cycle:A;B;… or flip"
    ).splitting(at: ","),
    Setting(
      "drift.every", \.drift.every, .range(1...0x1p50),
      "environment steps between two such changes"),
    Setting(
      "drift.task", \.drift.task, .atLeast(0),
      "trains on this task only, counted from 0; null for one after another"),
    Setting(
      "until-return", \.untilReturn, .finite,
      "ends once an evaluation's mean return reaches this; null for never"),
  ]
}
