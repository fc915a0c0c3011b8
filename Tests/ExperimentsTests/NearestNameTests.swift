import Experiments
import Testing
import Training

/// The names that a message suggests, and those that it must not.
@Suite struct NearestNameTests {
  /// Names that mean something else, however alike they look.
  @Test(arguments: [
    ("zzzzzz", ["lander", "walker"]), ("x", []), ("dqn", ["ppo", "a2c", "sac"]),
    ("td3", ["ppo", "a2c", "sac"]), ("trpo", ["ppo", "a2c", "sac"]),
    ("adam-beta2", ["adam-beta1"]), ("l1", ["l2", "l2-init"]), ("tau", ["tanh", "relu"]),
    ("n-steps", ["steps", "epochs"]), ("num-steps", ["steps"]), ("gamma", ["gae-lambda"]),
    ("n-critics", ["n-crits"]), ("use-sde", ["seed"]), ("target-update-interval", ["target-rate"]),
    ("num-minibatches", ["minibatch-size"]), ("actor-hidden", ["critic-hidden"]),
    ("Walker2d-v5", ["walker", "walker-hardcore"]), ("Acrobot-v1", ["cartpole-v1"]),
    ("InvertedPendulum-v5", ["pendulum-v1"]), ("policy", ["policy-hidden", "policy-delay"]),
    ("reward-scale", ["replay-ratio", "target-rate"]),
  ])
  func otherMeaningsAreNotSuggested(name: String, names: [String]) {
    #expect(NearestName.candidates(name, among: names).isEmpty)
  }

  @Test(arguments: [
    ("walkr", "walker"), ("wlaker", "walker"), ("WALKER", "walker"), ("gae_lambda", "gae-lambda"),
    ("learning-rat", "learning-rate"), ("pendul", "pendulum-v1"), ("clip", "clip-range"),
    ("entropy-coef", "entropy-coefficient"),
  ])
  func misspellingsAndBeginningsAre(name: String, meant: String) {
    let names = [
      "lander", "walker", "walker-hardcore", "gae-lambda", "learning-rate", "pendulum-v1",
      "clip-range", "clip-range-schedule", "entropy-coefficient",
    ]
    #expect(NearestName.candidates(name, among: names) == [meant])
  }

  /// Settings of Stable-Baselines3 and CleanRL, by agent.
  @Test(arguments: [
    ("ppo", "n_steps", "steps-per-rollout"), ("sac", "n_steps", "multi-step"),
    ("ppo", "n-steps", "steps-per-rollout"), ("a2c", "num_steps", "steps-per-rollout"),
    ("ppo", "gamma", "discount"), ("sac", "gamma", "discount"), ("sac", "tau", "target-rate"),
    ("ppo", "ent_coef", "entropy-coefficient"), ("sac", "ent_coef", "initial-temperature"),
    ("sac", "learning_starts", "warm-up-steps"), ("ppo", "clip_range", "clip-range"),
    ("ppo", "batch_size", "minibatch-size"), ("sac", "batch_size", "batch-size"),
    ("ppo", "n_epochs", "epochs"), ("sac", "buffer_size", "buffer-size"),
    ("sac", "train_freq", "steps-per-round"), ("sac", "gradient_steps", "replay-ratio"),
    ("ppo", "vf_coef", "value-coefficient"), ("ppo", "max_grad_norm", "maximum-gradient-norm"),
    ("ppo", "learning_rate", "learning-rate"),
    ("sac", "n_eval_episodes", "evaluation.episodes"), ("ppo", "num-envs", "environments"),
  ])
  func wordsOfThePeersLeadToOurs(agent: String, word: String, ours: String) throws {
    var experiment = try Experiment(environment: "walker", agent: agent)
    let error = #expect(throws: ConfigurationError.self) {
      try experiment.settings.overlay(assignment: "\(word)=1")
    }
    let text = error?.description ?? ""
    #expect(text.contains("did you mean '\(ours)'?"), "\(text.prefix(120))")
  }

  @Test func oneWordMayMeanSeveralSettings() throws {
    var experiment = try Experiment(environment: "walker", agent: "sac")
    let error = #expect(throws: ConfigurationError.self) {
      try experiment.settings.overlay(assignment: "learning_rate=1")
    }
    let hint =
      "'policy-learning-rate', 'critic-learning-rate' or 'temperature-learning-rate'?"
    #expect(error?.description.contains(hint) == true)
  }

  @Test(arguments: [
    ("BipedalWalker-v3", "walker"), ("BipedalWalkerHardcore-v3", "walker-hardcore"),
    ("Pendulum-v1", "pendulum-v1"), ("CartPole-v1", "cartpole-v1"), ("CartPole-v0", "cartpole-v1"),
  ])
  func gymnasiumsEnvironmentsLeadToOurs(name: String, ours: String) {
    let error = #expect(throws: ConfigurationError.self) {
      _ = try Registry.standard.environment(name)
    }
    #expect(error?.description.contains("did you mean '\(ours)'?") == true)
  }

  /// A name of ours that no longer exists would never be suggested.
  @Test func everyNameOfOursExists() throws {
    let registry = Registry.standard
    var ours = Set(registry.identifiers + RunSettings.table.map(\.key))
    // Options and verbs of the tool.
    ours.formUnion([
      "env", "envs", "eval-every", "eval-episodes", "checkpoint-every", "set", "config", "out",
      "threads", "evaluate", "episodes", "checkpoint",
    ])
    for agent in registry.agents {
      let keys = try Experiment(environment: "walker", agent: agent.identifier).settings.unchecked
        .flattened.map(\.name)
      ours.formUnion(keys.filter { $0.hasPrefix("settings.") }.map { String($0.dropFirst(9)) })
    }
    for (peer, names) in PeerNames.all {
      for name in names { #expect(ours.contains(name), "\(peer) leads to \(name)") }
      #expect(peer == peer.lowercased() && !peer.contains("_"))
    }
  }
}
