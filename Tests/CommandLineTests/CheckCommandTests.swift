import Foundation
import RLCore
import RLSuiteTool
import TestSupport
import Testing

/// The verb `check`.
@Suite struct CheckCommandTests {
  private struct Line: Decodable {
    var environment: String
    var check: String
    var passes: Bool
    var faults: [String]
  }

  @Test func environmentsOfTheSuitePass() throws {
    let folder = try TemporaryFolder()
    let text = try Tool.run("check", "diagnostic-two-goals", in: folder)
    #expect(text.status == 0 && text.output.hasPrefix("diagnostic-two-goals\n"), "\(text.output)")
    #expect(text.output.contains("ok      different seeds differ"))
    #expect(text.output.hasSuffix(" checks passed\n"))
    let json = try Tool.run("check", "mountain-car", "--json", in: folder)
    let lines = try json.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(json.status == 0 && lines.count > 20)
    #expect(
      lines.allSatisfy { $0.environment == "mountain-car" && $0.passes && $0.faults.isEmpty })
  }

  @Test func unknownEnvironmentsAreRefused() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run("check", "mountain-cart", in: folder)
    #expect(result.status == 64 && result.remarks.contains("did you mean 'mountain-car'?"))
  }

  /// A step out of turn in an app's own environment is named, and makes the verb fail.
  @Test func faultsAreNamed() throws {
    var lines: [String] = []
    let error = #expect(throws: (any Error).self) {
      try EnvironmentAudit(of: [RegisteredEnvironment(Unseeded.self)]).run(json: false) {
        lines.append($0)
        return true
      }
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("the first of unseeded: different seeds"))
    let fault = lines.first { $0.contains("FAILED  different seeds differ") }
    #expect(fault?.contains("start alike") == true, "\(lines)")
    #expect(lines.contains { $0.contains("ok      a seed gives one trajectory") })
  }
}

/// Counts up from the same start, whatever the seed is.
private struct Unseeded: Environment {
  static let specification = EnvironmentSpecification(
    identifier: "unseeded", summary: "counts", observationSpace: .box(low: [0], high: [99]),
    observationComponents: [.init("count")], actionSpace: .discrete(count: 2),
    actionComponents: [.init("wait"), .init("count")], timeStep: 1, episodeSteps: 20,
    solvedReturn: nil, source: "none")

  private var count = 0

  init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) { observation[0] = 0 }

  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome {
    count += Int(action[0])
    observation[0] = Float(count)
    return StepOutcome(reward: 1)
  }

  func hashState(into hasher: inout StateHasher) { hasher.combine(count) }
}
