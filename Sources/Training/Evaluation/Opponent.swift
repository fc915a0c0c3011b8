package import LinearAlgebra
public import RLCore

/// An adversary with fixed weights, against which a policy is evaluated or recorded.
public struct Opponent {
  /// What the adversary acts on.
  public enum Target: String, SettingValue, CaseIterable {
    /// The environment's disturbance port.
    case force
    /// The protagonist's action, which is mixed with the adversary's.
    case action
  }

  /// The adversary's policy, whose choices lie in −1...1.
  public let policy: any Policy
  /// What it acts on.
  public let target: Target
  /// Its strength in 0...1: a fraction of the port's bounds, or its share of the action.
  public let strength: Float
  /// Whether its choices are scaled down to a length of 1.
  public let isBall: Bool

  /// Creates an opponent.
  public init(_ policy: any Policy, acts target: Target, strength: Float, isBall: Bool = false) {
    (self.policy, self.target, self.strength, self.isBall) = (policy, target, strength, isBall)
  }

  /// Creates the channel to a batch of environments that have taken no step.
  func makeChannel(
    to environment: any BatchedEnvironment, actions: Matrix
  ) -> AdversaryChannel {
    let channel = AdversaryChannel(
      AdversaryChannel.Target(target, in: environment.specification), isBall: isBall,
      environment: environment, actions: actions, steps: 1)
    channel.strength = strength
    return channel
  }
}

extension AdversaryChannel.Target {
  /// Creates a target in an environment, which must have continuous actions if they are mixed.
  package init(_ target: Opponent.Target, in specification: EnvironmentSpecification) {
    switch (target, specification.actionSpace) {
    case (.force, _): self = .force
    case (.action, .box(let low, let high)): self = .action(low: low, high: high)
    case (.action, .discrete):
      preconditionFailure("\(specification.identifier) has no continuous actions to mix")
    }
  }
}

extension Opponent {
  /// Returns why the adversary can't act in an environment, in one sentence; nil if it can.
  public func problem(in environment: RegisteredEnvironment) -> String? {
    let specification = environment.specification
    let width: Int
    switch (target, specification.actionSpace) {
    case (.force, _): width = environment.disturbanceComponents.count
    case (.action, .box): width = specification.actionWidth
    case (.action, .discrete): width = 0
    }
    let space = Space.box(
      low: Array(repeating: -1, count: width), high: Array(repeating: 1, count: width))
    guard width > 0, policy.fits(specification.withChoices(space)) else {
      return "an adversary for \(policy.environmentIdentifier) can't act in "
        + "\(specification.identifier)"
    }
    return nil
  }
}

/// An opponent's part in the episodes of a batch of environments.
package final class Opposition {
  let opponent: Opponent
  let channel: AdversaryChannel

  /// Creates an opponent's part in environments that have taken no step.
  package init(_ opponent: Opponent, in environment: any BatchedEnvironment, actions: Matrix) {
    self.opponent = opponent
    channel = opponent.makeChannel(to: environment, actions: actions)
  }
}

extension EnvironmentSpecification {
  /// Returns the specification that another player sees: the same observations, other actions.
  package func withChoices(_ space: Space) -> EnvironmentSpecification {
    EnvironmentSpecification(
      identifier: identifier, version: version, summary: summary, reward: reward,
      observationSpace: observationSpace, observationComponents: observationComponents,
      actionSpace: space, actionComponents: [], timeStep: timeStep, episodeSteps: episodeSteps,
      ends: ends, solvedReturn: solvedReturn, source: source)
  }
}
