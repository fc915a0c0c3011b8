import Agents
import ArgumentParser
import Environments
import Plasticity
import RLCore
import Robustness
import Training
import Experiments

/// The verb `describe`: prints the description of anything that `list` shows.
struct Describe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Describe an environment, an agent or anything else that 'list' shows.",
    discussion: """
      For an environment: its reward and end, observation, action, physical parameters, \
      disturbances and keys. For an agent: its settings with their defaults or, with --env, the \
      values tuned for that environment.
      """)

  @Argument(help: "A name that 'list' shows.") var id: String
  @Option(help: "Show an agent's settings as tuned for this environment.") var env: String?
  @Flag(help: "Write one JSON object to standard output.") var json = false

  func run() throws {
    let registry = Registry.ofTheTool
    if let environment = try? registry.environment(id) {
      guard env == nil else {
        throw ConfigurationError("--env applies to agents, and \(id) is an environment")
      }
      try show(EnvironmentDescription(environment))
    } else if let agent = try? registry.agent(id) {
      try show(AgentDescription(agent, environment: env.map(registry.environment)))
    } else if let controller = registry.controller(id) {
      try show(ControllerDescription(controller))
    } else if let baseline = registry.baselines.first(where: { $0.rawValue == id }) {
      try show(ControllerDescription(baseline, in: registry))
    } else if let method = registry.planners.first(where: { $0.rawValue == id }) {
      try show(PlannerDescription(method, in: registry))
    } else if let rule = RatioRuleKind.find(id) {
      try show(RatioRuleDescription(rule))
    } else if let probe = Probe.find(id) {
      try show(ProbeDescription(probe))
    } else if let intervention = InterventionKind.find(id) {
      try show(InterventionDescription(intervention))
    } else if let perturbation = PerturbationKind.find(id) {
      try show(PerturbationDescription(perturbation))
    } else if let wrapper = WrapperKind.all.first(where: { $0.name == id }) {
      try show(WrapperDescription(wrapper))
    } else {
      throw ConfigurationError.unknown(
        "name", id,
        allowed: registry.identifiers + RatioRuleKind.all.map(\.name) + Probe.all.map(\.name)
          + InterventionKind.all.map(\.name) + PerturbationKind.all.map(\.name)
          + WrapperKind.all.map(\.name))
    }
  }

  private func show(_ description: some Description) throws {
    writeLine(json ? try jsonLine(description) : description.text)
  }
}

/// A description as text or JSON.
protocol Description: Encodable {
  var text: String { get }
}

extension EnvironmentDescription: Description {
  var text: String {
    let solved = solvedReturn.map { ", solved at \(number($0))" } ?? ""
    var lines = [
      "\(environment): \(summary)",
      "\(number(timeStep)) s per step, \(counted(episodeSteps, "step")) per episode\(solved)",
      "source: \(source)",
    ]
    if let reward { lines.append("reward: \(reward)") }
    lines += [
      "", "End of an episode",
      table(ends.map { [$0.meaning, $0.condition, Self.word($0.isSuccess)] }, indent: "  "), "",
      "Observation",
      table([["", "name", "unit", "range"]] + rows(observation), indent: "  "), "",
      isDiscrete ? "Action, one of" : "Action",
      table(
        [["", "name", "unit", "range"]].filter { _ in !isDiscrete } + rows(action), indent: "  "),
    ]
    if !parameters.isEmpty {
      let header = ["parameter", "unit", "nominal", "range", ""]
      let cells = parameters.map {
        [
          $0.name, $0.unit, number($0.nominal),
          "\($0.reversible ? "± " : "")\(number($0.low)) … \(number($0.high))", $0.summary,
        ]
      }
      lines += [
        "", "Physical parameters (--set parameters.NAME=value, --randomize NAME=LOW..HIGH)",
      ]
      lines.append(table([header] + cells, indent: "  "))
    }
    if !disturbance.isEmpty {
      let header = ["", "name", "unit", "range"]
      let cells = disturbance.enumerated().map { index, component in
        let bound = number(Double(component.bound))
        return ["\(index)", component.name, component.unit, "-\(bound) … \(bound)"]
      }
      lines += ["", "Disturbance (--perturb push=…)", table([header] + cells, indent: "  ")]
    }
    guard !controls.isEmpty else { return lines.joined(separator: "\n") }
    let cells = controls.map { [$0.key, $0.axis ?? "", $0.summary] }
    lines += [
      "", pace == 1 ? "Manual control" : "Manual control, at \(number(pace))x real time",
      table([["key", "stick", ""]] + cells, indent: "  "),
    ]
    return lines.joined(separator: "\n")
  }

  private static func word(_ isSuccess: Bool?) -> String {
    isSuccess.map { $0 ? "success" : "failure" } ?? ""
  }

  private func rows(_ components: [Component]) -> [[String]] {
    components.enumerated().map { index, component in
      guard let low = component.low, let high = component.high else {
        return ["\(index)", component.name]
      }
      return ["\(index)", component.name, component.unit, "\(number(low)) … \(number(high))"]
    }
  }
}

/// Description of an agent and its settings, as text or JSON.
private struct AgentDescription: Description {
  struct Setting: Encodable {
    var name: String
    var value: String
    var allowed: String
    var summary: String

    var cells: [String] { [name, value, allowed, summary] }
  }

  var agent: String
  var summary: String
  var environment: String?
  var run: [Setting]
  var settings: [Setting]

  init(_ registered: RegisteredAgent, environment: RegisteredEnvironment?) throws {
    agent = registered.identifier
    summary = registered.summary
    self.environment = environment?.identifier
    if let environment,
      let problem = registered.defaults.problem(
        in: environment, among: Registry.standard.environments)
    {
      throw ConfigurationError(problem)
    }
    let configuration = try ConfigurationResolver(
      environment: environment?.identifier ?? "default", parameters: [], agent: registered
    ).resolve()
    (run, settings) = ([], [])
    for setting in configuration.table {
      let name = setting.key.hasPrefix("settings.") ? String(setting.key.dropFirst(9)) : setting.key
      let line = Setting(
        name: name, value: setting.text(of: configuration), allowed: setting.allowed,
        summary: setting.summary)
      if name != setting.key {
        settings.append(line)
      } else if !["environment", "agent", "seed"].contains(name) {
        run.append(line)
      }
    }
  }

  var text: String {
    let title = environment.map { "Settings for \($0)" } ?? "Settings"
    return [
      "\(agent): \(summary)", "", "\(title) (--set NAME=value)",
      table(settings.map(\.cells), indent: "  "), "", "Run",
      table(run.map(\.cells), indent: "  "),
    ].joined(separator: "\n")
  }
}

/// Returns the shortest text of a number; whole numbers have no decimal point.
func number(_ value: Double) -> String {
  if value.isInfinite { return value < 0 ? "-∞" : "∞" }
  if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
  let single = Float(value)
  let text = Double(single) == value ? "\(single)" : "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
