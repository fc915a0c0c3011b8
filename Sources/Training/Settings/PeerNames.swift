/// The names that other suites have for the settings, environments, agents and options of this one.
///
/// Names are compared without case, and with dashes for underscores.
///
/// - Source: Stable-Baselines3 2.9 and its zoo, CleanRL 1.2, Gymnasium 1.4, dm_control 1.0,
///   safe-control-gym 2.0.
public enum PeerNames {
  /// Returns this suite's names for another suite's name, of which some may not exist for the agent
  /// at hand; empty if there is no equivalent, and nil if the name is not known.
  public static func find(_ name: String) -> [String]? {
    let spelling = NearestName.spelling(name)
    if let ours = table[spelling] { return ours }
    guard let version = spelling.firstRange(of: /-v[0-9]+$/) else { return nil }
    return environments[String(spelling[..<version.lowerBound])]
  }

  /// All names of other suites, for tests.
  package static var all: [String: [String]] {
    table.merging(environments.map { ("\($0)-v9", $1) }) { first, _ in first }
  }

  private static let table = settings.merging(others) { first, _ in first }

  private static let settings: [String: [String]] = [
    // Stable-Baselines3: on-policy.
    "n-steps": ["steps-per-rollout", "multi-step"],
    "n-epochs": ["epochs"],
    "gamma": ["discount"],
    "lambda": ["gae-lambda"],
    "clip-range-vf": ["value-clip-range"],
    "normalize-advantage": ["normalize-advantages"],
    "ent-coef": ["entropy-coefficient", "initial-temperature"],
    "vf-coef": ["value-coefficient"],
    "max-grad-norm": ["maximum-gradient-norm"],
    "policy-kwargs": ["policy-hidden", "critic-hidden"],
    "net-arch": ["policy-hidden", "critic-hidden"],
    "activation-fn": ["activation"],
    "log-std-init": ["initial-log-std"],
    "normalize": ["normalize-observations", "normalize-rewards"],
    "rms-prop-eps": ["optimizer-epsilon"],
    "use-rms-prop": ["optimizer"],
    "use-sde": [],
    "n-critic-updates": ["value-epochs"],
    "cg-max-steps": ["conjugate-gradient-steps"],
    "cg-damping": ["fisher-damping"],
    "line-search-shrinking-factor": ["line-search-factor"],
    "line-search-max-iter": ["line-search-steps"],
    "sub-sampling-factor": ["fisher-stride"],
    // Stable-Baselines3: off-policy.
    "learning-starts": ["warm-up-steps"],
    "tau": ["target-rate"],
    "train-freq": ["steps-per-round"],
    "gradient-steps": ["replay-ratio"],
    "target-entropy": ["target-entropy-per-component"],
    "target-update-interval": [],
    "action-noise": [],
    "top-quantiles-to-drop-per-net": ["dropped-quantiles"],
    "n-quantiles": ["quantiles"],
    "n-critics": ["critics"],
    // An agent has one learning rate or several.
    "learning-rate": [
      "learning-rate", "policy-learning-rate", "critic-learning-rate", "temperature-learning-rate",
    ],
    "lr": [
      "learning-rate", "policy-learning-rate", "critic-learning-rate", "temperature-learning-rate",
    ],
    "batch-size": ["batch-size", "minibatch-size", "value-minibatch-size"],
    // CleanRL.
    "num-steps": ["steps-per-rollout"],
    "num-minibatches": [],
    "update-epochs": ["epochs"],
    "anneal-lr": ["learning-rate-schedule"],
    "norm-adv": ["normalize-advantages"],
    "clip-coef": ["clip-range"],
    "clip-vloss": ["value-clip-range"],
    "policy-lr": ["policy-learning-rate"],
    "q-lr": ["critic-learning-rate"],
    "policy-frequency": ["policy-delay"],
    "target-network-frequency": [],
    "alpha": ["initial-temperature"],
    "autotune": ["learn-temperature"],
  ]

  /// Settings and options of a run, agents and verbs.
  private static let others: [String: [String]] = [
    "total-timesteps": ["steps"],
    "n-timesteps": ["steps"],
    "num-envs": ["environments", "envs"],
    "n-envs": ["environments", "envs"],
    "eval-freq": ["evaluation.every", "eval-every"],
    "eval-every": ["evaluation.every"],
    "n-eval-episodes": ["evaluation.episodes", "eval-episodes", "episodes"],
    "eval-episodes": ["evaluation.episodes"],
    "save-freq": ["checkpoints.every", "checkpoint-every"],
    "checkpoint-every": ["checkpoints.every"],
    "env-id": ["env"],
    "load-checkpoint": ["checkpoint"],
    "hyperparams": ["set"],
    "conf-file": ["config"],
    "log-folder": ["out"],
    "num-threads": ["threads"],
    "a3c": ["a2c"],
    "redq": ["sac"],
    "tqc": ["sac"],
    "droq": ["sac"],
    "crossq": ["sac"],
    "enjoy": ["evaluate"],
  ]

  /// Environments, without their versions.
  private static let environments: [String: [String]] = [
    "bipedalwalker": ["walker"],
    "bipedalwalkerhardcore": ["walker-hardcore"],
    "cartpole": ["cartpole-v1"],
    "pendulum": ["pendulum-v1"],
    "lunarlander": ["lander"],
    "lunarlandercontinuous": ["lander-continuous"],
    "acrobot": ["acrobot-v1"],
    "mountaincar": ["mountain-car"],
    "mountaincarcontinuous": ["mountain-car-continuous"],
    "infhcartpole": ["cartpole-infinite"],
    "dm-control/cartpole-swingup": ["cartpole-swingup"],
    // Tasks that this suite lacks, whatever they resemble.
    "inverteddoublependulum": [],
    "invertedpendulum": [],
    "walker2d": [],
  ]
}
