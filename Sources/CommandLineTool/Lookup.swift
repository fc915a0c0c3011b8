import Agents
import ArgumentParser
import Environments
import Foundation
import RLCore
import Training

/// Finds registered things by name and refuses the rest with the nearest match.
enum Lookup {
  static func environment(_ name: String) throws(ConfigurationError) -> RegisteredEnvironment {
    guard let environment = EnvironmentRegistry.find(name) else {
      throw .unknown("environment", name, allowed: EnvironmentRegistry.all.map(\.identifier))
    }
    return environment
  }

  static func agent(_ name: String) throws(ConfigurationError) -> RegisteredAgent {
    guard let agent = AgentRegistry.find(name) else {
      throw .unknown("agent", name, allowed: AgentRegistry.all.map(\.identifier))
    }
    return agent
  }

  /// Refuses an agent that can't learn in an environment, and more experience than the memory holds.
  static func checkFit(
    _ settings: any AgentConfiguration, in environment: RegisteredEnvironment
  ) throws(ConfigurationError) {
    if let problem = settings.problem(in: environment.specification) {
      throw ConfigurationError(problem)
    }
    let bytes = settings.experienceBytes(in: environment.specification)
    let memory = ProcessInfo.processInfo.physicalMemory
    // A checkpoint holds all of it once as an array and once as the file's bytes.
    guard bytes < 0 || UInt64(bytes) > memory / 4 else { return }
    throw ConfigurationError(
      "buffer-size needs \(gigabytes(UInt64(max(0, bytes)))), thrice that while a checkpoint is "
        + "written, and this machine has \(gigabytes(memory)); lower it")
  }

  private static func gigabytes(_ bytes: UInt64) -> String {
    "\(decimals(Double(bytes) / 1e9, 1)) GB"
  }
}

/// How many threads to use.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads; results do not depend on them. All cores by default.")
  var threads: Int?

  var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  func validate() throws {
    guard (1...1024).contains(count) else {
      throw ValidationError("--threads must lie in 1...1024")
    }
  }

  func makePool() -> WorkerPool { WorkerPool(threads: count) }
}

/// Text of a fixed number of decimals, without Foundation's locale.
func decimals(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  return String(format: "%.\(places)f", value)
}

/// JSON on one line, keys sorted.
func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// A table with columns as wide as their widest cell.
func table(_ rows: [[String]], indent: String = "") -> String {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      index == row.count - 1
        ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
    }
    return indent + cells.joined(separator: "  ")
  }.joined(separator: "\n")
}
