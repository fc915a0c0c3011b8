import Agents
import ArgumentParser
import Environments
import RLCore
import Training

/// The verb `list`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List environments, agents and controllers.")

  @Flag(help: "One JSON object per line on standard output.") var json = false

  func run() throws {
    if json {
      for entry in entries { writeLine(try jsonLine(entry)) }
      return
    }
    for (kind, title) in [
      ("environment", "Environments"), ("agent", "Agents"), ("controller", "Controllers"),
    ] {
      let rows = entries.filter { $0.kind == kind }.map { [$0.id, $0.summary] }
      writeLine("\(title)\n\(table(rows, indent: "  "))\n")
    }
    writeLine("More on each: rlsuite describe ID")
  }

  private struct Entry: Encodable {
    var kind: String
    var id: String
    var summary: String
  }

  private var entries: [Entry] {
    EnvironmentRegistry.all.map {
      Entry(kind: "environment", id: $0.identifier, summary: $0.specification.summary)
    }
      + AgentRegistry.all.map { Entry(kind: "agent", id: $0.identifier, summary: $0.summary) }
      + ControllerRegistry.all.map {
        let served = $0.environmentIdentifiers.joined(separator: ", ")
        return Entry(kind: "controller", id: $0.identifier, summary: "\($0.summary) For \(served).")
      }
  }
}
