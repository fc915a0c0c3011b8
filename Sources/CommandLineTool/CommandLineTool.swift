import ArgumentParser
public import Experiments
import Foundation
import Storage
import Training

/// The command-line tool, for the suite and for apps that add their own environments and agents.
public enum CommandLineTool {
  /// Runs the verb on the command line; ends the process with an exit code if it fails.
  ///
  /// Call this before anything opens a file: standard streams that are closed are opened on
  /// `/dev/null`, and the signals SIGPIPE and SIGXFSZ are ignored from then on, since they would end
  /// the process where an error of writing can be handled.
  ///
  /// ```swift
  /// CommandLineTool.main { try $0.add(RegisteredEnvironment(Bandit.self)) }
  /// ```
  ///
  /// - Parameter add: A closure that adds environments, agents and controllers to the suite's.
  public static func main(adding add: (inout Registry) throws -> Void = { _ in }) {
    ProcessSetup.run()
    do {
      var registry = Registry.standard
      try add(&registry)
      try Registry.$ofTheTool.withValue(registry, operation: run)
    } catch {
      Failure.exit(error, of: Root.self)
    }
  }

  private static func run() throws {
    var command = try Arguments.parse()
    try command.run()
    if StandardOutput.hasFailed { throw ExitCode(ExitStatus.inputOutput.rawValue) }
  }

  /// Name of the program, for help and messages.
  static let name = URL(filePath: CommandLine.arguments[0]).lastPathComponent
  /// The program as it was called, for command lines to copy.
  static let command = CommandLine.arguments[0]
}

extension Registry {
  /// Registry of the running tool: the suite's entries and those that an app added.
  @TaskLocal static var ofTheTool = Registry.standard
}

/// The root command, of which every verb is a subcommand.
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandLineTool.name,
    abstract: "Train, test and inspect control policies.",
    discussion: """
      Exit codes: 0 success; 1 a check failed; 3 training diverged, or a policy's actions or \
      returns are not finite; 64 invalid arguments; 65 a file is damaged; 66 a file is missing; 69 \
      a system library is missing, or threads are refused; 74 a file could not be read or written, \
      or another process uses the run; 130 interrupted.
      """,
    // Its details take a few programs of git, so they are found only when asked for.
    version: CommandLine.arguments.contains("--version") ? suiteVersionInDetail : suiteVersion,
    subcommands: [
      Train.self, Evaluate.self, Stress.self, Compare.self, ReportRuns.self, Watch.self,
      Record.self, ReplayRecording.self, Play.self,
      List.self,
      Describe.self, Inspect.self, Export.self, Check.self, Trace.self, Bench.self,
    ])
}
