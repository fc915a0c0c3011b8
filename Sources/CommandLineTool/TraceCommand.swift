import ArgumentParser
import Environments
import Experiments
import Foundation
import Storage
import RLCore
import Traces
import Training

/// The verb `trace`: re-simulates recorded actions in full precision.
struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Re-simulate recorded actions and compare with another implementation.",
    discussion: """
      Reads JSON lines, each with a seed or an initial state and the actions, and writes the same \
      lines with observations, states, rewards and flags in full precision. With --check, compares \
      these with the values that the lines already hold, and exits with 1 if any differ, if the \
      name of a member is misspelt or if there is nothing to compare. A line may have at most 16 MiB.
      """)

  /// Maximum length of a line, in bytes.
  private static let longestLine = 16 << 20

  @Argument(input: "A file of JSON lines; - for standard input.") var path: String
  @Flag(help: "Compare with the values in the file instead of writing.") var check = false
  @Option(help: "Environment of all lines, if the file names none.") var env: String?
  @Flag(help: "With --check: write one JSON object per compared member.") var json = false

  func run() throws {
    var engine = try makeEngine()
    let lines = try FileSystem.readText(path).allLines
    var tally = TraceTally()
    for (index, line) in lines.enumerated() where line.utf8.contains(where: { $0 > 0x20 }) {
      let result: TraceResult
      guard line.utf8.count <= Self.longestLine else {
        throw FileError.damaged(
          path: path, reason: "line \(index + 1) has more than \(Self.longestLine) bytes")
      }
      do {
        result = try engine.process(String(line))
      } catch {
        throw FileError.damaged(path: path, reason: "line \(index + 1): \(error)")
      }
      if check {
        try tally.add(result, line: index + 1, json: json)
      } else {
        writeLine(result.line)
        if StandardOutput.isClosed { return }
      }
    }
    if check { try tally.finish(json: json) }
  }

  private func makeEngine() throws -> TraceEngine {
    // The registry's error names the nearest match.
    if let env {
      let identifier = try Registry.ofTheTool.environment(env).identifier
      guard TraceEngine.identifiers.contains(identifier) else {
        throw ConfigurationError(
          "\(identifier) can't be traced; environments that can: "
            + TraceEngine.identifiers.joined(separator: ", "))
      }
    }
    return try TraceEngine(environment: env)
  }
}

/// Sums of the comparisons over a file.
private struct TraceTally {
  private struct Sum {
    var numbers = 0
    var exact = 0
    var maximumError = 0.0
    var tolerance: Double?
    var failures = 0
  }

  private var sums: [(field: String, sum: Sum)] = []
  private var episodes = 0
  private var skipped = 0
  private var failures = 0
  private var misspelt = 0
  /// Members that were not compared, in order of appearance.
  private var unknown: [String] = []

  mutating func add(_ result: TraceResult, line: Int, json: Bool) throws {
    if result.isMetadata { return }
    if let reason = result.skipReason {
      skipped += 1
      writeError("line \(line): skipped, \(reason)")
      return
    }
    episodes += 1
    for name in result.unknownMembers {
      if let near = NearestName.find(name, among: result.knownMembers) {
        misspelt += 1
        writeError("line \(line): unknown member '\(name.printable)'; did you mean '\(near)'?")
      } else if !unknown.contains(name) {
        unknown.append(name)
      }
    }
    for comparison in result.comparisons {
      if json { writeLine(try jsonLine(Report(line: line, comparison))) }
      if !comparison.passes {
        failures += 1
        if !json { writeLine(sentence(comparison, line: line)) }
      }
      let index =
        sums.firstIndex {
          $0.field == comparison.field && $0.sum.tolerance == comparison.tolerance
        }
        ?? {
          sums.append((comparison.field, Sum(tolerance: comparison.tolerance)))
          return sums.count - 1
        }()
      sums[index].sum.numbers += comparison.count
      sums[index].sum.exact += comparison.exactCount
      sums[index].sum.maximumError = max(sums[index].sum.maximumError, comparison.maximumError)
      sums[index].sum.failures += comparison.passes ? 0 : 1
    }
  }

  private func sentence(_ comparison: TraceComparison, line: Int) -> String {
    guard comparison.hasSameShape else {
      return "line \(line): \(comparison.field) has a different length"
    }
    let place = comparison.firstDifference.map { " first at number \($0)" } ?? ""
    return "line \(line): \(comparison.field) differs\(place), by up to "
      + number(comparison.maximumError)
  }

  func finish(json: Bool) throws {
    if !json {
      let rows = sums.map { field, sum in
        [
          field, grouped(sum.numbers), grouped(sum.exact), number(sum.maximumError),
          sum.tolerance.map(number) ?? "reported only", sum.failures == 0 ? "ok" : "differs",
        ]
      }
      writeLine(
        table([["member", "numbers", "exact", "greatest error", "tolerance", ""]] + rows))
      writeLine("\(grouped(episodes)) lines compared, \(grouped(skipped)) skipped")
    }
    if !unknown.isEmpty {
      writeError("not compared: \(unknown.map(\.printable).joined(separator: ", "))")
    }
    if failures > 0 {
      throw CheckFailure("\(failures) members differ from the recording")
    }
    if misspelt > 0 {
      throw CheckFailure("\(misspelt) members are unknown and look misspelt")
    }
    guard sums.contains(where: { $0.sum.numbers > 0 && $0.sum.tolerance != nil }) else {
      throw CheckFailure(
        episodes == 0
          ? "nothing was compared: there is no episode" + (skipped > 0 ? " that can be traced" : "")
          : "nothing was compared: no line has a member that is computed and must agree")
    }
  }

  private struct Report: Encodable {
    var line: Int
    var member: String
    var numbers: Int
    var exact: Int
    var maximumError: Double
    var firstDifference: Int?
    var tolerance: Double?
    var passes: Bool

    init(line: Int, _ comparison: TraceComparison) {
      self.line = line
      member = comparison.field
      numbers = comparison.count
      exact = comparison.exactCount
      maximumError = comparison.maximumError
      firstDifference = comparison.firstDifference
      tolerance = comparison.tolerance
      passes = comparison.passes
    }

    enum CodingKeys: String, CodingKey {
      case line, member, numbers, exact, tolerance, passes
      case maximumError = "greatest-error"
      case firstDifference = "first-difference"
    }
  }
}
