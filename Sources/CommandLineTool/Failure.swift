import ArgumentParser
import Environments
import Experiments
import Foundation
import RLCore
import Rendering
import Training
import Storage
import Traces

/// Exit codes of the process.
enum ExitStatus: Int32 {
  case checkFailed = 1
  case diverged = 3
  case usage = 64
  case damaged = 65
  case missing = 66
  case unavailable = 69
  case inputOutput = 74
  case interrupted = 130
}

/// Turns errors into one sentence on standard error and an exit code.
enum Failure {
  /// Prints an error and ends the process with the error's exit code.
  static func exit(_ error: any Error, of root: any ParsableCommand.Type) -> Never {
    guard let status = status(of: error) else { root.exit(withError: error) }
    report(error)
    Foundation.exit(status.rawValue)
  }

  /// Prints an error as one sentence.
  static func report(_ error: any Error) { complain(sentence(error)) }

  static func status(of error: any Error) -> ExitStatus? {
    switch error {
    case let error as FileError:
      switch error {
      case .missing: .missing
      case .damaged, .unsuitable: .damaged
      case .unreadable, .unwritable: .inputOutput
      }
    case RenderingError.file(let error): status(of: error)
    case RenderingError.encoderMissing, is WindowError, is ThreadError,
      is ReportServer.Failure:
      .unavailable
    case is RenderingError, is ConfigurationError, is ParameterError: .usage
    case is TrainingError, is NotFiniteFailure: .diverged
    case is ArchiveError, is SnapshotError, is TraceError: .damaged
    case is CheckFailure: .checkFailed
    default: nil
    }
  }

  private static func sentence(_ error: any Error) -> String {
    switch error {
    case ParameterError.unknown(let name, let known):
      ConfigurationError.unknown("parameter", name, allowed: known).description
    default: "\(error)"
    }
  }
}

/// Writes a line to standard error; ignores a failure, which could not be reported anywhere.
func writeError(_ line: String) {
  try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
}

/// Writes a sentence to standard error, after the program's name.
func complain(_ sentence: String) { writeError("\(CommandLineTool.name): \(sentence)") }
