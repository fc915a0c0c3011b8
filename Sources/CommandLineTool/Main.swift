import ArgumentParser
import Foundation
import Logging
import Training

/// The command-line tool.
@main struct RLSuite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rlsuite",
    abstract: "Train, test and inspect control policies.",
    discussion: """
      Exit codes: 0 done; 1 a check failed; 3 training diverged; 64 bad arguments; 65 a file is \
      damaged; 66 a file is missing; 69 a system library is missing; 74 could not read or write; \
      130 interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Evaluate.self, Record.self, ReplayRecording.self, Play.self, List.self,
      Describe.self,
      Inspect.self, Trace.self, Bench.self,
    ])

  static func main() {
    // Results go to standard output, everything else to standard error.
    LoggingSystem.bootstrap { label in StreamLogHandler.standardError(label: label) }
    do {
      let verbs = configuration.subcommands.compactMap { $0.configuration.commandName }
      if let verb = CommandLine.arguments.dropFirst().first, !verb.hasPrefix("-"),
        !(verbs + ["help"]).contains(verb)
      {
        throw ConfigurationError.unknown("verb", verb, allowed: verbs)
      }
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Failure.exit(error, of: self)
    }
  }
}
