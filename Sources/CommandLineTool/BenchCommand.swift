import ArgumentParser
import Foundation
import Storage

/// The verb `bench`: runs the separate program that is linked with an allocation counter.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure speed, allocations and memory.",
    discussion: "See Benchmarks/README.md and, once it is built, 'rlsuite bench --help'.",
    shouldDisplay: FileSystem.exists(program))

  private static let program = (Bundle.main.executablePath ?? CommandLine.arguments[0]) + "-bench"

  @Argument(parsing: .captureForPassthrough, help: "Cases and options.") var arguments: [String] =
    []

  func run() throws {
    let program = Self.program
    guard FileSystem.exists(program) else { throw FileError.missing(path: program) }
    var pointers = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &pointers)
    throw FileError.unreadable(path: program, reason: "it can't be run")
  }
}
