import Foundation
import LinearAlgebra
import RLCore
import TestSupport
import Testing
import Training
import Experiments

private struct FakeSettings: AgentConfiguration {
  enum Colour: String, SettingValue, CaseIterable { case red, green, blue }

  var learningRate: Float = 3e-4
  var epochs = 10
  var hidden = [64, 64]
  var colour = Colour.red
  var isFast = false
  var limit: Float?

  static let table: [Setting<Self>] = [
    Setting("learning-rate", \.learningRate, .above(0), ""),
    Setting("epochs", \.epochs, .atLeast(1), ""),
    Setting("hidden", \.hidden, .hiddenWidths, ""),
    Setting("colour", \.colour, .any, ""), Setting("fast", \.isFast, .any, ""),
    Setting("limit", \.limit, .aboveOrInfinite(0), ""),
  ]
}

@Suite struct ConfigurationTests {
  private static let presets = """
    default: {steps: 500, settings: {epochs: 4}}
    walker: &base
      environments: 32
      evaluation: {every: 50}
      settings: {learning-rate: 0.001}
    lander: *base
    """

  private func resolver(
    _ environment: String = "walker", presets: [String] = [presets]
  ) throws -> ConfigurationResolver {
    try ConfigurationResolver(
      environment: environment, parameters: Gravity.parameterDescriptions,
      agent: RegisteredAgent(
        "fake", "a fake", presets: presets, defaults: FakeSettings(),
        make: { _, _ in preconditionFailure("never made") }))
  }

  private func settings(_ resolver: ConfigurationResolver) throws -> FakeSettings {
    try #require(resolver.resolve().settings as? FakeSettings)
  }

  @Test func presetsChangeThoseBefore() throws {
    let changes = "walker: {steps: 700, settings: {epochs: 9}}"
    var resolver = try resolver(presets: [Self.presets, changes])
    let walker = try resolver.resolve()
    #expect(walker.run.steps == 700 && walker.run.environments == 32)
    #expect(try settings(resolver).epochs == 9)
    #expect(try settings(resolver).learningRate == 0.001)
    resolver = try self.resolver("lander", presets: [Self.presets, changes])
    #expect(try resolver.resolve().run.steps == 500)
  }

  @Test func laterLayersWin() throws {
    var resolver = try resolver()
    let presets = try resolver.resolve()
    #expect(presets.run.steps == 500 && presets.run.environments == 32)
    #expect(presets.run.evaluation.every == 50 && presets.run.evaluation.episodes == 10)
    #expect(try settings(resolver).epochs == 4)
    #expect(try settings(resolver).learningRate == 0.001)
    try resolver.overlay(yaml: "steps: 6e2\nsettings:\n  epochs: 7\n", source: "f.yaml")
    try resolver.overlay(assignment: "epochs=8")
    try resolver.overlay(assignment: "settings.hidden=[1, 2, 3]")
    try resolver.overlay(assignment: "colour=blue")
    try resolver.overlay(assignment: "evaluation.episodes=3")
    try resolver.overlay(assignment: "parameters.gravity=11")
    try resolver.overlay(option: "--steps", key: "steps", value: "700")
    let resolved = try resolver.resolve()
    #expect(resolved.run.steps == 700 && resolved.run.evaluation.episodes == 3)
    #expect(resolved.parameters == [.init(name: "gravity", value: 11)])
    let settings = try settings(resolver)
    #expect(settings.epochs == 8 && settings.hidden == [1, 2, 3] && settings.colour == .blue)
  }

  @Test func writtenConfigurationGivesTheSameAgain() throws {
    var first = try resolver()
    try first.overlay(assignment: "learning-rate=1.2345678e-7")
    try first.overlay(assignment: "limit=0.1")
    try first.overlay(assignment: "parameters.gravity=9.123456789012345")
    try first.overlay(assignment: "seed=18446744073709551615")
    let yaml = try first.resolve().yaml
    // No presets here: the file alone must say everything.
    var second = try resolver(presets: [])
    try second.overlay(yaml: yaml, source: "config.yaml")
    #expect(try second.resolve().yaml == yaml)
    let (expectedSettings, foundSettings) = (try settings(first), try settings(second))
    #expect(foundSettings == expectedSettings)
    let (expected, found) = (try first.resolve(), try second.resolve())
    #expect(found.run == expected.run && found.parameters == expected.parameters)
  }

  @Test(
    arguments: [
      ("settings: {learnin-rate: 1}", "did you mean 'learning-rate'?"),
      ("settings: {learnin-rate: 1}", "(f.yaml:1:26)"),
      ("stepz: 1", "did you mean 'steps'?"),
      ("learning-rate: 1", "did you mean 'settings: {learning-rate: …}'?"),
      ("evaluation:\n  evry: 1", "did you mean 'every'?"),
      ("evaluation: 5", "evaluation (f.yaml:1:13) must be a mapping"),
      ("settings: {colour: gren}", "did you mean 'green'? Allowed: red, green, blue."),
      ("settings: {epochs: many}", "epochs must be a whole number and is many (f.yaml:1:20)"),
      ("settings: {epochs: 1.5}", "epochs must be a whole number and is 1.5"),
      ("settings: {epochs: 1e99}", "epochs must be a whole number"),
      ("settings: {epochs: null}", "epochs must be a whole number and is null"),
      ("settings: {epochs: {a: 1}}", "epochs must be a whole number and is {a: 1}"),
      ("settings: {learning-rate: 'fast'}", "learning-rate must be a number and is fast"),
      ("settings: {learning-rate: nan}", "learning-rate must be a number"),
      ("settings: {learning-rate: 1e60}", "learning-rate must be a smaller number"),
      ("settings: {hidden: 64}", "hidden must be a list such as [64, 64] and is 64"),
      ("settings: {hidden: [64, x]}", "hidden must be a whole number and is x"),
      ("settings: {fast: 2}", "fast must be true or false and is 2"),
      ("settings: {epochs: 0}", "epochs must be at least 1 and is 0 (f.yaml:1:20)"),
      ("seed: -1", "seed must be a whole number from 0 up and is -1"),
      ("steps: 0", "steps must lie in 1...2^50 and is 0 (f.yaml:1:8)"),
      ("environments: 1000000", "environments must lie in 1...65536"),
      ("parameters: {gravty: 1}", "did you mean 'gravity'?"),
      ("parameters: {gravity: 999}", "parameters.gravity must lie in 1...20 m/s² and is 999"),
      ("steps: [1", "f.yaml is not YAML"),
      ("steps: 1\nsteps: 2", "f.yaml is not YAML"),
      ("[1, 2]", "must be a mapping"),
    ])
  func mistakesAreExplained(yaml: String, message: String) throws {
    var resolver = try resolver()
    let error = #expect(throws: ConfigurationError.self) {
      try resolver.overlay(yaml: yaml, source: "f.yaml")
      _ = try resolver.resolve()
    }
    let text = error?.description ?? ""
    #expect(text.contains(message), "\(text)")
  }

  @Test(arguments: ["epochs", "=3", "environment=walker", "agent=x", "epocs=3", "a.b.c=1"])
  func badAssignmentsAreRefused(assignment: String) throws {
    var resolver = try resolver()
    #expect(throws: ConfigurationError.self) { try resolver.overlay(assignment: assignment) }
  }

  /// References that double each line would expand to a million values.
  @Test func multiplyingReferencesAreRefused() throws {
    var yaml = "settings:\n  a0: &a0 [1, 1]\n"
    for i in 1...30 { yaml += "  a\(i): &a\(i) [*a\(i - 1), *a\(i - 1)]\n" }
    var resolver = try resolver()
    let error = #expect(throws: ConfigurationError.self) {
      try resolver.overlay(yaml: yaml, source: "f.yaml")
    }
    #expect(error?.description.contains("too many values") == true)
  }

  /// Keys are compared while a tree is built: such a text took hours.
  @Test(
    arguments: [
      "? *a30\n: 1\n", "x: {*a30 : 1, b: 2}\n", "x: {*a30, b}\n", "x: [*a30 : 1]\n",
      "x: {[*a30]: 1, b: 2}\n", "x: {{a: *a30}: 1, b: 2}\n", "? - *a30\n: 1\n", "*a30 : 1\nb: 2\n",
      "x: {? *a30 : 1, ? b : 2}\n", "x:\n  ? a: *a30\n  : 1\n  ? b\n", "x: {'a' : 1, *a30 : 2}\n",
      "x: {\"}\", [*a30], ']' : 1}\n", "x: a\n  'b\ny: {*a30 : 1, b: 2}\nz: it's\n",
    ])
  func referencesInKeysAreRefused(end: String) throws {
    var yaml = "a0: &a0 [1, 1]\n"
    for i in 1...30 { yaml += "a\(i): &a\(i) [*a\(i - 1), *a\(i - 1)]\n" }
    let error = #expect(throws: ConfigurationError.self) {
      _ = try SettingNode(yaml: yaml + end, source: "f.yaml")
    }
    #expect(error?.description.contains("keys must be single words") == true, "\(error as Any)")
  }

  /// Nested keys took time in the product of size and depth.
  @Test func sizeDepthAndCountAreLimited() throws {
    func message(_ yaml: String) -> String {
      do {
        _ = try SettingNode(yaml: yaml, source: "f.yaml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    let deep = String(repeating: "{", count: 900) + String(repeating: "}: 1", count: 900)
    #expect(message(deep).contains("keys must be single words"))
    #expect(message(String(repeating: "[", count: 33)).contains("more than 32 levels"))
    #expect(message(String(repeating: "- ", count: 33) + "a").contains("more than 32 levels"))
    #expect(message("a: [\(String(repeating: "1,", count: 100_001))]").contains("more than 100000"))
    #expect(message("a: \(String(repeating: "x", count: 1 << 18))").contains("at most 262144"))
    #expect(message("a: [\(String(repeating: "1,", count: 50_000))]").isEmpty)
    let long = String(repeating: "n", count: 250_000)
    #expect(NearestName.find(long, among: ["walker"]) == nil)
    #expect(ConfigurationError.unknown("key", long, allowed: []).description.utf8.count < 300)
    var resolver = try resolver()
    let error = #expect(throws: ConfigurationError.self) {
      try resolver.overlay(yaml: "settings: {epochs: \(long)}", source: "f.yaml")
    }
    #expect((error?.description.utf8.count ?? .max) < 400)
  }

  /// Whatever text passes the check of structure, its tree has single words as keys, and building it
  /// ends.
  @Test func randomTextsAreRefusedOrRead() {
    var random = RandomStream(seed: 1, name: "texts")
    let parts = [
      "{", "}", "[", "]", ",", ":", " ", ": ", "- ", "? ", "\n", "\n  ", "\n    ", "&a ", "*a",
      "*a ",
      "a", "b: ", "'", "\"", "#", " # ", "|", ">", "|\n  ", "!!str ", "<<: ", "---\n", "\t",
      "x: &a [",
      "y: *a\n", "\u{FEFF}", "\\",
    ]
    var read = 0
    for _ in 0..<20_000 {
      let count = 1 + random.integer(below: 14)
      let text = (0..<count).map { _ in parts[Int(random.integer(below: UInt32(parts.count)))] }
      if (try? SettingNode(yaml: text.joined(), source: "f.yaml")) != nil { read += 1 }
    }
    #expect(read > 500)
  }
}

/// An environment whose only purpose is its parameter.
private struct Gravity: Environment {
  struct Parameters: EnvironmentParameters { var gravity = 9.81 }
  static let specification = EnvironmentSpecification(
    identifier: "gravity", summary: "", observationSpace: .box(low: [0], high: [1]),
    observationComponents: [.init("x")], actionSpace: .discrete(count: 2),
    actionComponents: [.init("left"), .init("right")], timeStep: 1, episodeSteps: 1,
    solvedReturn: nil, source: "")
  static let parameterTable: [PhysicalParameter<Parameters>] = [
    PhysicalParameter("gravity", unit: "m/s²", range: 1...20, "pull", \.gravity)
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
