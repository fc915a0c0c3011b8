import ArgumentParser
import Conformance
import Experiments
package import RLCore
import Storage

/// The verb `check`: finds out whether environments keep their promises.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check that an environment keeps its promises.",
    discussion: """
      Steps the environment with random actions and checks its specification, spaces, seeds, \
      parameters, disturbances, time limit and pictures: determinism after any history, different \
      starts for different seeds, actions beyond their bounds or not a number, independence of \
      threads and blocks. It takes a few seconds for each environment. Exits with 1 if a check fails.
      """)

  @Argument(help: "Environments to check; all of them if none is named.") var environments:
    [String] = []
  @Flag(help: "Write one JSON object per check to standard output.") var json = false

  func run() throws {
    let registry = Registry.ofTheTool
    let chosen =
      environments.isEmpty
      ? registry.environments : try environments.map { try registry.environment($0) }
    try EnvironmentAudit(of: chosen).run(json: json) {
      writeLine($0)
      return !StandardOutput.isClosed
    }
  }
}

/// All conformance checks over some environments.
package struct EnvironmentAudit {
  private let environments: [RegisteredEnvironment]

  /// Prepares the checks of these environments.
  package init(of environments: [RegisteredEnvironment]) { self.environments = environments }

  /// Checks one environment after the other.
  ///
  /// - Parameters:
  ///   - json: Whether to write JSON instead of text.
  ///   - write: A closure called with each line as soon as it is known; returns whether to go on.
  /// - Throws: `CheckFailure` if a check fails, after all are done.
  package func run(json: Bool, write: (String) -> Bool) throws {
    var failed: [Result] = []
    for environment in environments {
      guard json || write(environment.identifier) else { return }
      for check in EnvironmentCheck.all {
        let result = Result(environment, check)
        if !result.passes { failed.append(result) }
        guard write(json ? try jsonLine(result) : result.text) else { return }
      }
    }
    let count = environments.count * EnvironmentCheck.all.count
    if let first = failed.first {
      throw CheckFailure(
        "\(failed.count) of \(count) checks failed, the first of \(first.environment): "
          + "\(first.check)")
    }
    if !json { _ = write("\(grouped(count)) checks passed") }
  }

  /// The outcome of one check.
  private struct Result: Encodable {
    var environment: String
    var check: String
    var passes: Bool
    var faults: [String]

    /// Checks an environment; an error that it throws is a fault.
    init(_ environment: RegisteredEnvironment, _ check: EnvironmentCheck) {
      self.environment = environment.identifier
      self.check = check.description
      do { faults = try check.faults(of: environment) } catch { faults = ["it threw: \(error)"] }
      passes = faults.isEmpty
    }

    /// A line for the check, and at most six for its faults.
    var text: String {
      let shown = faults.prefix(5).map { "          \($0.printable)" }
      let rest = faults.count > 5 ? ["          and \(faults.count - 5) more"] : []
      return (["  \(passes ? "ok    " : "FAILED")  \(check)"] + shown + rest)
        .joined(separator: "\n")
    }
  }
}
