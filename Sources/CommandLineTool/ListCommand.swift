import Agents
import ArgumentParser
import Environments
import Experiments
import Plasticity
import RLCore
import Robustness
import Training

/// The verb `list`: prints the id and summary of everything that can be chosen by name.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: """
      List environments, agents, controllers, probes, interventions, perturbations, wrappers and \
      ratio rules.
      """
  )

  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func run() throws {
    if json {
      for entry in entries { writeLine(try jsonLine(entry)) }
      return
    }
    for (kind, title) in [
      ("environment", "Environments"), ("agent", "Agents"), ("controller", "Controllers"),
      ("probe", "Probes (train --probes)"),
      ("intervention", "Interventions (train --intervention)"),
      ("perturbation", "Perturbations (--perturb NAME=VALUE)"),
      ("wrapper", "Wrappers (train --wrap NAME=VALUE)"),
      ("ratio-rule", "Rules for the replay ratio (train --adaptive-ratio)"),
    ] {
      let rows = entries.filter { $0.kind == kind }.map { [$0.id, $0.summary] }
      writeLine("\(title)\n\(table(rows, indent: "  "))\n")
    }
    writeLine("Details: \(CommandLineTool.command) describe NAME")
  }

  private struct Entry: Encodable {
    var kind: String
    var id: String
    var summary: String
  }

  private var entries: [Entry] {
    Registry.ofTheTool.environments.map {
      Entry(kind: "environment", id: $0.identifier, summary: $0.specification.summary)
    }
      + Registry.ofTheTool.agents.map {
        Entry(kind: "agent", id: $0.identifier, summary: $0.summary)
      }
      + Registry.ofTheTool.controllers.map {
        let served = $0.environmentIdentifiers.joined(separator: ", ")
        return Entry(kind: "controller", id: $0.identifier, summary: "\($0.summary) For \(served).")
      }
      + Registry.ofTheTool.planners.map {
        Entry(
          kind: "controller", id: $0.rawValue,
          summary: "\($0.summary) For every environment whose state can be copied.")
      }
      + Registry.ofTheTool.baselines.map {
        Entry(
          kind: "controller", id: $0.rawValue, summary: "\($0.summary) For every environment.")
      }
      + Probe.all.map { Entry(kind: "probe", id: $0.name, summary: $0.summary) }
      + InterventionKind.all.map { kind in
        let probe = kind.takesProbe ? ["probe (VALUE[@network[/layer]])"] : []
        let settings = kind.settings.map(text) + probe
        let list = settings.isEmpty ? "" : "; \(settings.joined(separator: ", "))"
        return Entry(kind: "intervention", id: kind.name, summary: kind.summary + list)
      }
      + PerturbationKind.all.map {
        Entry(kind: "perturbation", id: $0.name, summary: "\($0.summary): \($0.form)")
      }
      + WrapperKind.all.map {
        Entry(kind: "wrapper", id: $0.name, summary: "\($0.summary): \($0.form)")
      }
      + RatioRuleKind.all.map { Entry(kind: "ratio-rule", id: $0.name, summary: $0.summary) }
  }

  private func text(_ setting: InterventionKind.Setting) -> String {
    let standard = setting.standard.isNaN ? "" : "=\(number(setting.standard))"
    return "\(setting.name)\(standard) (\(setting.summary))"
  }
}
