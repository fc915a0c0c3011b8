import Environments
import Experiments
import Plasticity
import RLCore
import Robustness
import Training

/// Description of a controller, as text or JSON.
struct ControllerDescription: Description {
  var controller: String
  var summary: String
  var environments: [String]

  init(_ registered: RegisteredController) {
    controller = registered.identifier
    summary = registered.summary
    environments = registered.environmentIdentifiers
  }

  init(_ baseline: Baseline, in registry: Registry) {
    controller = baseline.rawValue
    summary = baseline.summary
    environments = registry.environments.map(\.identifier)
  }

  var text: String {
    environments.reduce("\(controller): \(summary)") {
      $0 + "\n  \(CommandLineTool.command) evaluate \(controller) --env \($1)"
    }
  }
}

/// Description of a planner and its settings, as text or JSON.
struct PlannerDescription: Description {
  var controller: String
  var summary: String
  var environments: [String]
  var settings: [SettingDescription]

  init(_ method: PlanningMethod, in registry: Registry) {
    controller = method.rawValue
    summary = method.summary
    environments = registry.environments.filter(\.canBePlanned).map(\.identifier)
    let standard = PlanningSettings(method)
    settings = PlanningSettings.table.map { SettingDescription($0, standard) }
  }

  var text: String {
    let lines = environments.reduce("\(controller): \(summary)") {
      $0 + "\n  \(CommandLineTool.command) evaluate \(controller) --env \($1)"
    }
    return "\(lines)\n\nSettings (\(controller):NAME=VALUE,…)\n\(SettingDescription.text(settings))"
  }
}

/// A numeric setting or a word, with its default.
struct SettingDescription: Encodable {
  var name: String
  var value: String?
  var allowed: String?
  var summary: String

  init(_ setting: InterventionKind.Setting) {
    name = setting.name
    value = setting.standard.isNaN ? nil : number(setting.standard)
    allowed = "\(number(setting.range.lowerBound)) … \(number(setting.range.upperBound))"
    summary = setting.summary
  }

  init(_ setting: Setting<PlanningSettings>, _ standard: PlanningSettings) {
    (name, value) = (setting.key, setting.text(of: standard))
    (allowed, summary) = (setting.allowed, setting.summary)
  }

  init(_ choice: RatioRuleKind.Choice) {
    (name, value, summary) = (choice.name, choice.standard, choice.summary)
    allowed = choice.allowed?.joined(separator: ", ") ?? "a probe"
  }

  /// The setting of an intervention that waits for a probe.
  init(probe summary: String) {
    (name, allowed, self.summary) = ("probe", "a probe", summary)
  }

  static func text(_ settings: [SettingDescription]) -> String {
    table(settings.map { [$0.name, $0.value ?? "", $0.allowed ?? "", $0.summary] }, indent: "  ")
  }
}

/// Description of a rule for the replay ratio, as text or JSON.
struct RatioRuleDescription: Description {
  var rule: String
  var summary: String
  var source: String
  var settings: [SettingDescription]

  init(_ kind: RatioRuleKind) {
    rule = kind.name
    summary = kind.summary
    source = kind.source
    settings = kind.choices.map { .init($0) } + kind.settings.map { .init($0) }
  }

  var text: String {
    [
      "\(rule): \(summary)", "source: \(source)", "",
      "Settings (train --adaptive-ratio \(rule):NAME=value,…)", SettingDescription.text(settings),
    ].joined(separator: "\n")
  }
}

/// Description of an intervention, as text or JSON.
struct InterventionDescription: Description {
  var intervention: String
  var summary: String
  var source: String
  var settings: [SettingDescription]

  init(_ kind: InterventionKind) {
    intervention = kind.name
    summary = kind.summary
    source = kind.source
    settings = kind.settings.map { .init($0) }
    if kind.takesProbe {
      settings.append(.init(probe: "value that triggers it, VALUE[@network[/layer]]"))
    }
  }

  var text: String {
    let head = "\(intervention): \(summary)\nsource: \(source)\n\n"
    guard !settings.isEmpty else {
      return head + "train --intervention \(intervention)[@NETWORK]; it has no settings"
    }
    return head + "Settings (train --intervention \(intervention)[@NETWORK]:NAME=value,…)\n"
      + SettingDescription.text(settings)
  }
}

/// Description of a perturbation, as text or JSON.
struct PerturbationDescription: Description {
  var perturbation: String
  var form: String
  var summary: String

  init(_ kind: PerturbationKind) {
    (perturbation, form, summary) = (kind.name, kind.form, kind.summary)
  }

  var text: String { "\(perturbation): \(summary).\n\ntrain --perturb \(perturbation)=\(form)" }
}

/// Description of a wrapper, as text or JSON.
struct WrapperDescription: Description {
  var wrapper: String
  var form: String
  var summary: String
  var isForTraining: Bool

  enum CodingKeys: String, CodingKey {
    case wrapper, form, summary
    case isForTraining = "for-training"
  }

  init(_ kind: WrapperKind) {
    (wrapper, form, summary) = (kind.name, kind.form, kind.summary)
    isForTraining = kind.isForTraining
  }

  var text: String {
    "\(wrapper): \(summary).\n"
      + (isForTraining
        ? "It acts in training only, never in evaluations.\n"
        : "Policy files hold it, so that it acts wherever the policy does.\n")
      + "\ntrain --wrap \(wrapper)=\(form)"
  }
}

/// Description of a probe, as text or JSON.
struct ProbeDescription: Description {
  var probe: String
  var summary: String
  var source: String
  var scope: String
  var columns: [String]
  var isBasic: Bool

  enum CodingKeys: String, CodingKey {
    case probe, summary, source, scope, columns
    case isBasic = "basic"
  }

  init(_ probe: Probe) {
    self.probe = probe.name
    summary = probe.summary
    source = probe.source
    columns = probe.columns
    isBasic = probe.isBasic
    let (unit, hasTotal) =
      switch probe.scope {
      case .features(let hasTotal): ("each hidden layer's features", hasTotal)
      case .parameters(let hasTotal): ("each dense layer's parameters", hasTotal)
      case .network: ("each network", false)
      case .policy: ("the policy", false)
      }
    scope = unit + (hasTotal ? ", and all layers together" : "")
  }

  var text: String {
    [
      "\(probe): \(summary)", "source: \(source)", "measures: \(scope)",
      "columns: \(columns.joined(separator: ", "))", "",
      "train --probes \(probe)[@NETWORK[/LAYER]]"
        + (isBasic ? "; also part of --probes basic" : ""),
    ].joined(separator: "\n")
  }
}
