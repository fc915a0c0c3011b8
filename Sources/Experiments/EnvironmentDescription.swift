package import RLCore

/// The description of an environment, as data that are written as JSON.
package struct EnvironmentDescription: Encodable {
  /// One component of an observation or action; its bounds are absent for a choice.
  package struct Component: Encodable {
    package var name: String
    package var unit: String
    package var low: Double?
    package var high: Double?
  }
  /// One physical parameter.
  package struct Parameter: Encodable {
    package var name: String
    package var unit: String
    package var nominal: Double
    package var low: Double
    package var high: Double
    package var reversible: Bool
    package var summary: String
  }
  /// One way in which an episode ends.
  package struct End: Encodable {
    package var meaning: String
    package var condition: String
    /// Whether such an episode is a success; nil if it is neither a success nor a failure.
    package var isSuccess: Bool?

    enum CodingKeys: String, CodingKey {
      case meaning, condition
      case isSuccess = "success"
    }
  }
  /// One component of a disturbance.
  package struct Disturbance: Encodable {
    package var name: String
    package var unit: String
    package var bound: Float
  }
  /// One key of manual control.
  package struct Control: Encodable {
    package var summary: String
    package var key: String
    package var axis: String?
    package var action: [Float]
  }

  package var environment: String
  package var version: Int
  package var summary: String
  package var source: String
  package var timeStep: Double
  package var episodeSteps: Int
  package var solvedReturn: Double?
  package var reward: String?
  package var ends: [End]
  package var observation: [Component]
  package var action: [Component]
  package var isDiscrete: Bool
  package var agents: Int
  package var parameters: [Parameter]
  package var disturbance: [Disturbance]
  package var controls: [Control]
  package var restingActions: [[Float]]
  package var pace: Double

  enum CodingKeys: String, CodingKey {
    case environment, version, summary, source, reward, ends, observation, action, parameters
    case disturbance, controls, pace, agents
    case restingActions = "resting-actions"
    case timeStep = "time-step"
    case episodeSteps = "episode-steps"
    case solvedReturn = "solved-return"
    case isDiscrete = "discrete"
  }

  /// Describes a registered environment.
  package init(_ registered: RegisteredEnvironment) {
    let specification = registered.specification
    environment = specification.identifier
    version = specification.version
    summary = specification.summary
    source = specification.source
    timeStep = specification.timeStep
    episodeSteps = specification.episodeSteps
    solvedReturn = specification.solvedReturn
    reward = specification.reward
    let judged = registered.judgesLastObservation ? ", judged by its last observation" : ""
    ends =
      specification.ends.map {
        End(
          meaning: $0.meaning.rawValue, condition: $0.condition, isSuccess: $0.meaning.isSuccess)
      } + [
        End(
          meaning: EpisodeEnd.timeLimit.description,
          condition: "after \(specification.episodeSteps) steps\(judged)")
      ]
    observation = Self.components(
      specification.observationSpace, specification.observationComponents)
    action = Self.components(specification.actionSpace, specification.actionComponents)
    if case .discrete = specification.actionSpace { isDiscrete = true } else { isDiscrete = false }
    agents = specification.agents
    parameters = registered.parameters.map {
      Parameter(
        name: $0.name, unit: $0.unit, nominal: $0.nominal, low: $0.range.lowerBound,
        high: $0.range.upperBound, reversible: $0.isReversible, summary: $0.summary)
    }
    disturbance = registered.disturbanceComponents.map {
      Disturbance(name: $0.name, unit: $0.unit, bound: $0.bound)
    }
    controls = registered.manualControls.bindings.map { binding in
      Control(
        summary: binding.summary, key: binding.key.rawValue,
        axis: binding.axis.map { "\($0.0.rawValue) \($0.isPositive ? "+" : "-")" },
        action: binding.action)
    }
    restingActions = registered.manualControls.rest
    pace = registered.manualControls.pace
  }

  private static func components(
    _ space: Space, _ components: [EnvironmentSpecification.Component]
  ) -> [Component] {
    components.enumerated().map { index, component in
      guard case .box(let low, let high) = space else {
        return Component(name: component.name, unit: component.unit)
      }
      return Component(
        name: component.name, unit: component.unit, low: Double(low[index]),
        high: Double(high[index]))
    }
  }
}
