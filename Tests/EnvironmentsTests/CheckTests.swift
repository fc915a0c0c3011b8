import Conformance
import RLCore
import Testing

/// The checks find the flaws they are for, and nothing else.
@Suite struct CheckTests {
  @Test func flawsAreFound() throws {
    try expect(Flawed<Sound>.self, toFail: [])
    try expect(Flawed<IgnoresItsParameter>.self, toFail: ["every parameter changes something"])
    try expect(
      Flawed<ActsOnZeroPushes>.self,
      toFail: ["no push changes no bit", "every component pushes each way"])
    try expect(
      Flawed<LeavesItsSpace>.self, toFail: ["observations are finite and in their space"])
    try expect(Flawed<EndsWithoutMeaning>.self, toFail: ["every end has a declared meaning"])
    try expect(
      Flawed<IgnoresItsSeed>.self, toFail: ["different seeds differ", "every reset heeds its seed"])
    try expect(
      Flawed<HidesItsPlace>.self, toFail: ["no component of the observation is constant"])
  }

  private func expect<F: Flaw>(_ type: Flawed<F>.Type, toFail expected: [String]) throws {
    let environment = RegisteredEnvironment(type)
    let failed = try EnvironmentCheck.all.filter { try !$0.faults(of: environment).isEmpty }
    #expect(failed.map(\.description) == expected)
  }
}

/// What is wrong with an environment.
private protocol Flaw: SendableMetatype {
  static var ignoresParameter: Bool { get }
  static var pushOffset: Double { get }
  static var scale: Double { get }
  static var undeclaredEnd: TaskEnd? { get }
  static var isSeeded: Bool { get }
}

extension Flaw {
  static var ignoresParameter: Bool { false }
  static var pushOffset: Double { 0 }
  static var scale: Double { 1 }
  static var undeclaredEnd: TaskEnd? { nil }
  static var isSeeded: Bool { true }
}

private enum Sound: Flaw {}
private enum IgnoresItsParameter: Flaw { static let ignoresParameter = true }
private enum ActsOnZeroPushes: Flaw { static let pushOffset = 0.25 }
private enum LeavesItsSpace: Flaw { static let scale = 99.0 }
private enum IgnoresItsSeed: Flaw { static let isSeeded = false }
private enum HidesItsPlace: Flaw { static let scale = 0.0 }
private enum EndsWithoutMeaning: Flaw { static let undeclaredEnd: TaskEnd? = .fell }

/// Steps left and right, pushed from outside.
private struct Flawed<F: Flaw>: Environment {
  struct Parameters: EnvironmentParameters {
    var stride = 1.0
  }

  static var specification: EnvironmentSpecification {
    EnvironmentSpecification(
      identifier: "flawed", summary: "steps", observationSpace: .box(low: [-99], high: [99]),
      observationComponents: [.init("x")], actionSpace: .discrete(count: 2),
      actionComponents: [.init("left"), .init("right")], timeStep: 1, episodeSteps: 20,
      solvedReturn: nil, source: "none")
  }
  static var parameterTable: [PhysicalParameter<Parameters>] {
    [.init("stride", unit: "m", range: 0.5...2, "length of a step", \.stride)]
  }
  static var disturbanceComponents: [DisturbanceComponent] {
    [.init("push", unit: "m", bound: 1)]
  }

  private let parameters: Parameters
  private var x: Double
  private var push = 0.0

  init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    x = F.isSeeded ? random.uniform(-1, 1) : 0.5
    observation[0] = Float(F.scale * x)
  }

  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome {
    let stride = F.ignoresParameter ? 1 : parameters.stride
    x += (action[0] == 1 ? stride : -stride) + push
    push = 0
    observation[0] = Float(F.scale * x)
    return StepOutcome(reward: x, end: abs(x) > 8 ? F.undeclaredEnd : nil)
  }

  mutating func disturb(_ disturbance: Span<Float>) {
    push = Double(min(max(disturbance[0], -1), 1)) + F.pushOffset
  }

  func hashState(into hasher: inout StateHasher) { hasher.combine(x) }
}
