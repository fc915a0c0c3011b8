import ArgumentParser
import Foundation
import Experiments
import Storage
import Training

/// The program behind `rlsuite bench`.
@main enum Program {
  static func main() {
    ProcessSetup.run()
    Bench.main()
  }
}

/// Measures the suite's own speed.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rlsuite bench", abstract: "Measure speed, allocations and memory.",
    discussion: "Cases: \(BenchmarkCase.all.map(\.name).joined(separator: ", "))")

  @Argument(help: "Cases to run; all by default.") var cases: [String] = []
  @Flag(help: "One JSON object per line.") var json = false
  @Option(help: "Threads to use.") var threads = 1
  @Flag(help: .hidden) var workload = false

  static func main() { main(SignedNumbers.joined(Array(CommandLine.arguments.dropFirst()))) }

  func validate() throws {
    guard threads >= 1 && threads <= 1024 else {
      throw ValidationError("--threads must be in 1...1024")
    }
    let known = BenchmarkCase.all.map(\.name)
    for name in cases where !known.contains(name) {
      throw ValidationError("unknown case '\(name)'. Allowed: \(known.joined(separator: ", "))")
    }
  }

  func run() throws {
    guard !workload else {
      TrainingCases.printWalkerMemory(threads: threads)
      return
    }
    let selected = BenchmarkCase.all.filter { cases.isEmpty || cases.contains($0.name) }
    if let warning = RunManifest.Machine.current.openBLASWarning {
      FileHandle.standardError.write(Data("rlsuite: \(warning)\n".utf8))
    }
    if !json { print(Self.facts.map { "\($0.key): \($0.value)" }.sorted().joined(separator: "\n")) }
    for benchmark in selected {
      for measurement in try benchmark.run(threads) { try report(measurement) }
    }
  }

  private func report(_ measurement: Measurement) throws {
    guard json else {
      let value = measurement.value.formatted(.number.precision(.significantDigits(4)))
      let parameters = measurement.parameters.map { " \($0.key) \($0.value)" }.sorted().joined()
      print("\(measurement.name): \(value) \(measurement.unit) (threads \(threads)\(parameters))")
      return
    }
    let line = Line(
      name: measurement.name, value: measurement.value,
      processorValue: measurement.processorValue, unit: measurement.unit, threads: threads,
      parameters: measurement.parameters, machine: Self.facts)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(line), as: UTF8.self))
  }

  private struct Line: Encodable {
    var name: String
    var value: Double
    var processorValue: Double?
    var unit: String
    var threads: Int
    var parameters: [String: Int]
    var machine: [String: String]

    enum CodingKeys: String, CodingKey {
      case name = "case"
      case processorValue = "cpu-value"
      case value, unit, threads, parameters, machine
    }
  }

  /// Facts about machine and build on which the figures depend.
  private static let facts: [String: String] = {
    let machine = RunManifest.Machine.current
    let sources = RunManifest.Sources.current()?.0
    return [
      "cpu": machine.processor,
      "toolchain": machine.toolchain,
      "kernels": machine.kernels,
      "openblas-core": machine.openBLASCore,
      "openblas-coretype": machine.openBLASCoreType ?? "unset",
      "box2d": machine.box2D,
      "commit": sources.map { $0.commit + ($0.isDirty ? ", changed" : "") } ?? "unknown",
    ]
  }()
}

/// One measured figure.
struct Measurement {
  var name: String
  var value: Double
  var unit: String
  /// The same figure by processor time; nil if it was not measured.
  var processorValue: Double?
  var parameters: [String: Int] = [:]
}

/// A named benchmark.
struct BenchmarkCase: Sendable {
  var name: String
  var run: @Sendable (_ threads: Int) throws -> [Measurement]

  static var all: [BenchmarkCase] {
    EnvironmentCases.all + TrainingCases.all + FlowCases.all + OnPolicyCases.all
      + StressCases.all + SACCases.all + RecordingCases.all + LoggingCases.all + NetworkCases.all
      + RenderingCases.all + PlasticityCases.all
  }
}

/// Returns the processor time of all threads of this process, in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Returns the shortest time of several repeats of some work, in seconds.
func shortestTime(repeats: Int, _ work: () -> Void) -> Double {
  let clock = ContinuousClock()
  let times = (0..<repeats).map { _ in clock.measure(work) }
  guard let best = times.min() else { return .nan }
  return Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
}
