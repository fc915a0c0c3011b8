/// What lies between an agent and an environment: another clock, other actions, more to observe.
///
/// It changes the spaces and the time step that an agent sees, not the task: rewards add up over
/// repeated actions, and ends stay what they are.
public struct EnvironmentWrapping: Sendable, Equatable {
  /// Number of the environment's own steps after which an episode is truncated; nil for its own
  /// limit.
  public var episodeSteps: Int?
  /// Number of the environment's own steps for which each action acts, at least 1.
  public var actionRepeat = 1
  /// Number of the last observations that are observed together, the newest last, at least 1; before
  /// the first step all are the first one.
  public var history = 1
  /// Probability with which the last action acts again instead of the new one.
  public var stickyProbability = 0.0
  /// Range of each component of an agent's action, which is mapped onto its bounds; nil for the
  /// bounds themselves.
  public var actionRange: ClosedRange<Float>?
  /// Whether the part of the time limit that has passed is the last component of the observation.
  public var hasTime = false

  /// Creates a wrapping that changes nothing.
  public init() {}

  /// Whether nothing is changed.
  public var isEmpty: Bool { self == EnvironmentWrapping() }

  /// Makes the specification of a wrapped environment.
  ///
  /// - Parameter base: Specification of the environment itself.
  /// - Returns: The same id and task, with the spaces and steps of the wrapping; with history or time, an
  ///   observation no longer consists of the agents' parts.
  public func specification(of base: EnvironmentSpecification) -> EnvironmentSpecification {
    let ownSteps = episodeSteps ?? base.episodeSteps
    return EnvironmentSpecification(
      identifier: base.identifier, version: base.version, summary: base.summary,
      reward: base.reward, observationSpace: observationSpace(of: base),
      observationComponents: observationComponents(of: base), actionSpace: actionSpace(of: base),
      actionComponents: base.actionComponents, timeStep: base.timeStep * Double(actionRepeat),
      episodeSteps: (ownSteps + actionRepeat - 1) / actionRepeat, ends: base.ends,
      solvedReturn: base.solvedReturn, source: base.source,
      observationsMayLeaveSpace: base.observationsMayLeaveSpace,
      agents: history > 1 || hasTime ? 1 : base.agents)
  }

  /// The range of the newest observation's components within an observation.
  func newest(of base: EnvironmentSpecification) -> Range<Int> {
    let width = base.observationWidth
    return (history - 1) * width..<history * width
  }

  private func observationSpace(of base: EnvironmentSpecification) -> Space {
    guard history > 1 || hasTime else { return base.observationSpace }
    let bounds: (low: [Float], high: [Float]) =
      switch base.observationSpace {
      case .box(let low, let high): (low, high)
      case .discrete(let count): ([0], [Float(count - 1)])
      }
    func stacked(_ bound: [Float], time: Float) -> [Float] {
      (0..<history).flatMap { _ in bound } + (hasTime ? [time] : [])
    }
    return .box(low: stacked(bounds.low, time: 0), high: stacked(bounds.high, time: 1))
  }

  private func observationComponents(
    of base: EnvironmentSpecification
  ) -> [EnvironmentSpecification.Component] {
    (0..<history).flatMap { index in
      base.observationComponents.map { component in
        let age = history - 1 - index
        return age == 0
          ? component
          : .init("\(component.name), \(age) step\(age == 1 ? "" : "s") ago", unit: component.unit)
      }
    } + (hasTime ? [.init("part of the time that has passed")] : [])
  }

  private func actionSpace(of base: EnvironmentSpecification) -> Space {
    guard let actionRange, case .box(let low, _) = base.actionSpace else { return base.actionSpace }
    return .box(
      low: [Float](repeating: actionRange.lowerBound, count: low.count),
      high: [Float](repeating: actionRange.upperBound, count: low.count))
  }
}

extension RegisteredEnvironment {
  /// Puts the environment behind a wrapping.
  ///
  /// - Parameter wrapping: The wrapping, whose action range needs finite bounds of a box of actions.
  /// - Returns: The wrapped environment, under the same id.
  public func wrapped(in wrapping: EnvironmentWrapping) -> RegisteredEnvironment {
    guard !wrapping.isEmpty else { return self }
    let (base, simulate) = (specification, simulate)
    return RegisteredEnvironment(
      self, specification: wrapping.specification(of: base),
      manualControls: wrapping.controls(manualControls, of: base),
      finalObservation: wrapping.newest(of: base)
    ) {
      WrappedSimulator(simulate($0), count: $0, of: base, in: wrapping)
    }
  }
}

extension EnvironmentWrapping {
  /// Returns controls whose actions are those of the wrapped environment; none if the bounds' centres
  /// differ, since held keys add up from 0.
  fileprivate func controls(
    _ controls: ManualControls, of base: EnvironmentSpecification
  ) -> ManualControls {
    guard let actionRange, case .box(let low, let high) = base.actionSpace else { return controls }
    guard actionRange.lowerBound == -actionRange.upperBound,
      zip(low, high).allSatisfy({ $0 == -$1 })
    else { return .none }
    func scaled(_ action: [Float]) -> [Float] {
      zip(action, high).map { $0 * actionRange.upperBound / $1 }
    }
    return ManualControls(
      bindings: controls.bindings.map {
        .init($0.summary, key: $0.key, axis: $0.axis, action: scaled($0.action))
      }, rest: controls.rest.map(scaled), pace: controls.pace)
  }
}
