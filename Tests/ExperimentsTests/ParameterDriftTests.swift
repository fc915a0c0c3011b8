import Foundation
import LinearAlgebra
import RLCore
import TestSupport
import Testing
import Training
import Experiments

/// Every way to drift does what its name says, in any order of asking.
@Suite struct ParameterDriftTests {
  private static let parameters = Pulled.parameterDescriptions

  private func drift(_ text: String, base: Double? = nil) throws -> ParameterDrift {
    try ParameterDrift(text, Self.parameters) { _ in base }
  }

  /// The number in 0 ..< 1 that belongs to a parameter and a task.
  private func draw(_ name: String, _ task: Int, seed: UInt64) -> Double {
    var stream = RandomStream(seed: seed, name: "drift.\(name)", index: task)
    return Double(stream.next() >> 11) / 9_007_199_254_740_992
  }

  @Test func uniformDrawsAreThoseOfTheNamedStream() throws {
    let drift = try drift("pull=uniform:2..10")
    let values = (0..<1000).map { drift.value(task: $0, seed: 7) }
    for (task, value) in values.enumerated() {
      #expect(abs(value - (2 + 8 * draw("pull", task, seed: 7))) < 1e-12)
    }
    #expect(abs(values.reduce(0, +) / 1000 - 6) < 0.3)
    #expect(values.allSatisfy { (2...10).contains($0) } && Set(values).count == 1000)
    #expect(values[0] != drift.value(task: 0, seed: 8))
    #expect(try self.drift("push=uniform:2..10").value(task: 0, seed: 7) != values[0])
    #expect(try self.drift("pull=uniform:2...10").value(task: 0, seed: 7) == values[0])
  }

  @Test func logUniformDrawsHaveUniformLogarithms() throws {
    let drift = try drift("pull=log-uniform:1..16")
    let values = (0..<2000).map { drift.value(task: $0, seed: 3) }
    for (task, value) in values.enumerated() {
      #expect(abs(log2(value) - 4 * draw("pull", task, seed: 3)) < 1e-12)
    }
    for octave in 0..<4 {
      let range = exp2(Double(octave))..<exp2(Double(octave + 1))
      #expect(abs(values.count { range.contains($0) } - 500) < 80)
    }
  }

  @Test func cyclesRepeatAndFlipsReturn() throws {
    let cycle = try drift("pull=cycle:3;1.5;20")
    #expect((0..<7).map { cycle.value(task: $0, seed: 1) } == [3, 1.5, 20, 3, 1.5, 20, 3])
    let flip = try drift("push=flip", base: 12)
    #expect((0..<4).map { flip.value(task: $0, seed: 1) } == [12, -12, 12, -12])
  }

  /// Step by step, each that would leave the range turned back at its end.
  @Test func walksTakeStepsAndTurnBackAtTheEnds() throws {
    let drift = try drift("pull=walk:2.5:4..12", base: 9)
    var position = 9.0
    var direction = 1.0
    var turns = 0
    for task in 0..<200 {
      #expect(abs(drift.value(task: task, seed: 5) - position) < 1e-9, "task \(task)")
      position += direction * (draw("pull", task + 1, seed: 5) < 0.5 ? -2.5 : 2.5)
      if position > 12 { (position, direction, turns) = (24 - position, -direction, turns + 1) }
      if position < 4 { (position, direction, turns) = (8 - position, -direction, turns + 1) }
    }
    #expect(turns > 10)
    #expect(drift.value(task: 150, seed: 5) == drift.value(task: 150, seed: 5))
    #expect(try self.drift("pull=walk:1").value(task: 0, seed: 5) == 9.81, "starts at its base")
    let wide = try self.drift("pull=walk:19")
    #expect((0..<50).allSatisfy { (1...20).contains(wide.value(task: $0, seed: 2)) })
  }

  @Test(
    arguments: [
      ("pull", "drift needs NAME=SPEC and got 'pull'"),
      ("pul=flip", "did you mean 'pull'? Allowed: pull 1...20 m/s², push ±2...30 N."),
      ("pull=flip", "pull must lie in 1...20 m/s² and would be -9.81"),
      ("pull=cycle:3", "is not a valid drift of pull"),
      ("pull=cycle:3;x", "is not a valid drift"), ("pull=cycle:3;;5", "is not a valid drift"),
      ("pull=cycle:3;21", "would be 21.0"), ("pull=uniform:5..2", "LOW below HIGH"),
      ("pull=uniform:2", "is not a valid drift"), ("pull=uniform:2..nan", "is not a valid drift"),
      ("push=log-uniform:-3..5", "log-uniform above 0"), ("push=uniform:-3..5", "would be 0.0"),
      ("push=uniform:1..5", "push must lie in ±2...30 N and would be 1.0"),
      ("pull=walk:0", "is not a valid drift"), ("pull=walk:20", "STEP above 0 and at most"),
      ("pull=walk:1:12..15", "pull starts at 9.81, outside"),
      ("pull=walk:1:0..15", "would be 0.0"), ("pull=cylce:2;3", "did you mean 'cycle'?"),
      ("pull=", "is not a valid drift"), ("=flip", "unknown parameter ''"),
    ])
  func mistakesAreExplained(text: String, message: String) {
    let error = #expect(throws: ConfigurationError.self) { try drift(text) }
    let found = error?.description ?? ""
    #expect(found.contains(message), "\(found)")
  }

  @Test func environmentsWithoutParametersSaySo() {
    let error = #expect(throws: ConfigurationError.self) {
      try ParameterDrift("pull=flip", []) { _ in nil }
    }
    #expect(
      error?.description == "unknown parameter 'pull' (drift). The environment has no parameters.")
  }
}

/// An environment whose only purpose is its parameters.
private struct Pulled: Environment {
  struct Parameters: EnvironmentParameters {
    var pull = 9.81
    var push = 10.0
  }
  static let specification = EnvironmentSpecification(
    identifier: "pulled", summary: "", observationSpace: .box(low: [0], high: [1]),
    observationComponents: [.init("x")], actionSpace: .discrete(count: 2),
    actionComponents: [.init("left"), .init("right")], timeStep: 1, episodeSteps: 1,
    solvedReturn: nil, source: "")
  static let parameterTable: [PhysicalParameter<Parameters>] = [
    PhysicalParameter("pull", unit: "m/s²", range: 1...20, "pull", \.pull),
    PhysicalParameter("push", unit: "N", range: 2...30, isReversible: true, "push", \.push),
  ]
  init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {}
  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome {
    StepOutcome(reward: 0, end: .completed)
  }
  func hashState(into hasher: inout StateHasher) {}
}
