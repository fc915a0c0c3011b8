import ArgumentParser
public import Experiments
import Foundation
import Training

/// The command-line tool, for the suite and for apps with environments and agents of their own.
public enum CommandLineTool {
  /// Runs the verb on the command line, and ends the process if it fails.
  ///
  /// ```swift
  /// CommandLineTool.main { try $0.add(RegisteredEnvironment(Bandit.self)) }
  /// ```
  ///
  /// - Parameter add: Adds an app's environments, agents and controllers to the suite's.
  public static func main(adding add: (inout Registry) throws -> Void = { _ in }) {
    do {
      var registry = Registry.standard
      try add(&registry)
      try Registry.$ofTheTool.withValue(registry, operation: run)
    } catch {
      Failure.exit(error, of: Root.self)
    }
  }

  private static func run() throws {
    let verbs = Root.configuration.subcommands.compactMap { $0.configuration.commandName }
    if let verb = CommandLine.arguments.dropFirst().first, !verb.hasPrefix("-"),
      !(verbs + ["help"]).contains(verb)
    {
      throw ConfigurationError.unknown("verb", verb, allowed: verbs)
    }
    var command = try Root.parseAsRoot()
    try command.run()
  }

  /// The name of the program, for help and messages.
  static let name = URL(filePath: CommandLine.arguments[0]).lastPathComponent
}

extension Registry {
  /// What the tool was started with.
  @TaskLocal static var ofTheTool = Registry.standard
}

/// The command above all verbs.
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandLineTool.name,
    abstract: "Train, test and inspect control policies.",
    discussion: """
      Exit codes: 0 done; 1 a check failed; 3 training diverged; 64 bad arguments; 65 a file is \
      damaged; 66 a file is missing; 69 a system library is missing; 74 could not read or write; \
      130 interrupted.
      """,
    version: suiteVersion,
    subcommands: [
      Train.self, Evaluate.self, Record.self, ReplayRecording.self, Play.self, List.self,
      Describe.self, Inspect.self, Trace.self, Bench.self,
    ])
}
