internal import RLCore
public import Training

/// The on-policy method of one player of a game, with its settings.
public struct PlayerSettings: SettingGroup {
  /// The methods that a player can learn by.
  public enum Method: String, SettingValue, CaseIterable {
    /// Proximal policy optimisation.
    case ppo
    /// Advantage actor-critic.
    case a2c
    /// Mirror descent policy optimisation.
    case mdpo
    /// Trust region policy optimisation.
    case trpo
    /// On-policy maximum a posteriori policy optimisation.
    case vmpo
  }

  /// Method of the player.
  public var method = Method.ppo
  /// Settings that all methods share; they replace the methods' own copies.
  public var shared = OnPolicySettings()
  /// PPO's own settings.
  public var ppo = PPOConfiguration()
  /// A2C's own settings.
  public var a2c = A2CConfiguration()
  /// MDPO's own settings.
  public var mdpo = MDPOConfiguration()
  /// TRPO's own settings.
  public var trpo = TRPOConfiguration()
  /// V-MPO's own settings.
  public var vmpo = VMPOConfiguration()

  /// Creates the default settings.
  public init() {}

  /// Table of all settings; each method's own are a group with its name.
  public static let table: [Setting<Self>] =
    [Setting("method", \.method, .any, "on-policy method that the player learns by")]
    + OnPolicySettings.table(at: \.shared)
    + PPOConfiguration.ownTable.map { $0.at(\.ppo, under: "ppo") }
    + A2CConfiguration.ownTable.map { $0.at(\.a2c, under: "a2c") }
    + MDPOConfiguration.ownTable.map { $0.at(\.mdpo, under: "mdpo") }
    + TRPOConfiguration.ownTable.map { $0.at(\.trpo, under: "trpo") }
    + VMPOConfiguration.ownTable.map { $0.at(\.vmpo, under: "vmpo") }

  /// Table of an opponent's settings, without those that both players share and that of several agents:
  /// an opponent is one.
  static let opponentTable = table.filter {
    !["steps-per-rollout", "discount", "normalize-rewards", "shared-policy"].contains($0.key)
  }

  /// Returns an opponent's settings with those that both players share.
  func sharing(_ protagonist: OnPolicySettings) -> PlayerSettings {
    var complete = self
    complete.shared.stepsPerRollout = protagonist.stepsPerRollout
    complete.shared.discount = protagonist.discount
    complete.shared.normalizeRewards = protagonist.normalizeRewards
    return complete
  }

  /// The settings of the method, with the shared ones in their place.
  var configuration: any OnPolicyConfiguration {
    switch method {
    case .ppo: ppo.with(shared)
    case .a2c: a2c.with(shared)
    case .mdpo: mdpo.with(shared)
    case .trpo: trpo.with(shared)
    case .vmpo: vmpo.with(shared)
    }
  }

  /// Creates a player with new weights.
  ///
  /// - Parameters:
  ///   - specification: Observations and choices of the player.
  ///   - environments: The number of environments in a rollout.
  ///   - episodeSteps: The fewest steps of an episode whose end is bootstrapped.
  ///   - taskChanges: The maximum number of changes of task within a rollout.
  ///   - seed: The seed of weights and minibatches.
  /// - Returns: The player.
  func makePlayer(
    specification: EnvironmentSpecification, environments: Int, episodeSteps: Int,
    taskChanges: Int, seed: UInt64
  ) -> any RolloutPlayer {
    func player<Method: OnPolicyMethod>(
      _: Method.Type, _ own: Method.Configuration
    ) -> any RolloutPlayer {
      OnPolicyPlayer<Method>(
        own.with(shared), specification: specification, environments: environments,
        episodeSteps: episodeSteps, taskChanges: taskChanges, seed: seed)
    }
    return switch method {
    case .ppo: player(PPO.self, ppo)
    case .a2c: player(A2C.self, a2c)
    case .mdpo: player(MDPO.self, mdpo)
    case .trpo: player(TRPO.self, trpo)
    case .vmpo: player(VMPO.self, vmpo)
    }
  }

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  ///
  /// - Parameters:
  ///   - environments: The number of environments of the run.
  ///   - population: The number of players of this kind, who share out the environments.
  ///   - totalSteps: The steps of the run.
  ///   - group: The key of the player's group of settings; nil if they are in none.
  /// - Returns: The problem.
  func problem(
    environments: Int, population: Int = 1, totalSteps: Int, group: String?
  ) -> String? {
    configuration.problem(environments: environments / population, totalSteps: totalSteps).map {
      $0.replacing(/[a-z]+(-[a-z0-9]+)+/) { word in key(String(word.output.0), group: group) }
        .replacing(/environments=([0-9]+)/) { found in
          "environments=\((Int(found.output.1) ?? 0) * population)"
        }
    }
  }

  /// Returns what rollouts, networks and minibatches need.
  func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int, group: String?
  ) -> [MemoryNeed] {
    configuration.memoryNeeds(in: specification, environments: environments).map {
      MemoryNeed(key: key($0.key, group: group), bytes: $0.bytes, isSaved: $0.isSaved)
    }
  }

  /// Returns the whole key of a method's setting; both players share the rollout's steps.
  private func key(_ key: String, group: String?) -> String {
    let isOwn = Self.table.contains { $0.key == "\(method.rawValue).\(key)" }
    let isShared = OnPolicySettings.table.contains { $0.key == key }
    guard isOwn || isShared, key != "steps-per-rollout" else { return key }
    return [group, isOwn ? method.rawValue : nil, key].compactMap(\.self).joined(separator: ".")
  }
}

extension OnPolicyConfiguration {
  /// The method's settings other than those that on-policy methods share, and other than the number
  /// of rollouts per row of metrics.
  fileprivate static var ownTable: [Setting<Self>] {
    let others = Set(OnPolicySettings.table.map(\.key) + ["rollouts-per-iteration"])
    return table.filter { !others.contains($0.key) }
  }

  /// Returns the settings with other shared ones.
  fileprivate func with(_ shared: OnPolicySettings) -> Self {
    var copy = self
    copy.shared = shared
    return copy
  }
}
