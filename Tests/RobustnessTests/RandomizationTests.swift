import Environments
import Foundation
import LinearAlgebra
import RLCore
import Robustness
import TestSupport
import Testing
import Training

/// What a specification says is what episodes draw.
@Suite struct RandomizationTests {
  private static let walker = EnvironmentRegistry.find("walker")
  private static let pendulum = EnvironmentRegistry.find("pendulum-v1")

  /// Values of the first parameter in many episodes, by the rule itself.
  private func values(
    _ text: String, of environment: RegisteredEnvironment?, episodes: Int = 20_000,
    base: [ParameterValue] = [], stepsBefore: Int = 0, isGrowing: Bool = false
  ) throws -> [Double] {
    let environment = try #require(environment)
    let conditions = try EpisodeConditions(
      Randomization(parsing: text), in: environment, parameters: base)
    let vector = try environment.makeVector(1, parameters: base)
    conditions.apply(to: vector, isGrowing: isGrowing)
    let rule = try #require(vector.episodeParameters)
    let seeds = EpisodeSeeds.training(runSeed: 1)
    return (0..<episodes).map { episode in
      rule.values(
        .init(
          environment: 0, number: episode, seed: seeds.seed(environment: 0, episode: episode),
          stepsBefore: stepsBefore))[0].value
    }
  }

  @Test func drawsHaveTheirDistributions() throws {
    let uniform = try values("mass=0.5..2", of: Self.pendulum)
    #expect(distance(uniform) { ($0 - 0.5) / 1.5 } < bound(20_000))
    let logarithmic = try values("mass=log:0.25..2", of: Self.pendulum)
    #expect(distance(logarithmic) { log($0 / 0.25) / log(8) } < bound(20_000))
    let normal = try values("mass=normal:1:0.1", of: Self.pendulum)
    #expect(distance(normal) { 0.5 * erfc(-($0 - 1) / 0.1 / 2.0.squareRoot()) } < bound(20_000))
    let choice = try values("mass=choice:0.5:1:2", of: Self.pendulum)
    #expect(Set(choice) == [0.5, 1, 2])
    for value in [0.5, 1, 2] {
      // Three deviations of a binomial share of one third.
      let share = Double(choice.count { $0 == value }) / 20_000
      #expect(abs(share - 1.0 / 3) < 0.01)
    }
  }

  /// Draws beyond the parameter's range lie at its ends, on the side of the mean.
  @Test func normalDrawsAreClipped() throws {
    let environment = try #require(Self.pendulum)
    let range = try #require(environment.parameters.first { $0.name == "motor-strength" }).range
    for sign in [1.0, -1] {
      let values = try values("motor-strength=normal:\(sign):5", of: Self.pendulum, episodes: 2000)
      let ends = [sign * range.lowerBound, sign * range.upperBound].sorted()
      #expect(values.min() == ends[0] && values.max() == ends[1])
      #expect(Set(values).count > 100, "not all are clipped")
    }
  }

  @Test func drawsAreThoseOfTheEpisodesNamedStream() throws {
    let values = try values("mass=0.5..2", of: Self.pendulum, episodes: 100)
    for (episode, value) in values.enumerated() {
      let seed = EpisodeSeeds.training(runSeed: 1).seed(environment: 0, episode: episode)
      var stream = RandomStream(seed: seed, name: "randomize.mass")
      #expect(value == 0.5 + 1.5 * Double(stream.next() >> 11) * 0x1p-53)
    }
    let both = try self.values("mass=0.5..2,length=0.5..2", of: Self.pendulum, episodes: 100)
    #expect(both == values, "another parameter changes nothing")
    let length = try self.values("length=0.5..2", of: Self.pendulum, episodes: 100)
    #expect(length != values, "parameters are independent")
  }

  @Test func rangesGrowFromTheParametersOwnValue() throws {
    func ends(_ text: String, after steps: Int, base: Double = 1) throws -> ClosedRange<Double> {
      let values = try values(
        text, of: Self.pendulum, episodes: 4000, base: [.init(name: "mass", value: base)],
        stepsBefore: steps, isGrowing: true)
      return try #require(values.min())...(try #require(values.max()))
    }
    for spec in ["0.5..2@1000", "log:0.5..2@1000"] {
      #expect(try ends("mass=\(spec)", after: 0) == 1...1)
      for (steps, expected) in [(250, 0.875...1.25), (500, 0.75...1.5), (1000, 0.5...2)] {
        let range = try ends("mass=\(spec)", after: steps)
        #expect(abs(range.lowerBound - expected.lowerBound) < 2e-3, "\(spec) \(steps)")
        #expect(abs(range.upperBound - expected.upperBound) < 2e-3, "\(spec) \(steps)")
        #expect(expected.lowerBound <= range.lowerBound && range.upperBound <= expected.upperBound)
      }
      #expect(try ends("mass=\(spec)", after: 5000) == ends("mass=\(spec)", after: 1000))
    }
    let beside = try ends("mass=1..2@1000", after: 500, base: 0.5)
    #expect(abs(beside.lowerBound - 0.75) < 2e-3 && abs(beside.upperBound - 1.25) < 2e-3)
    let normal = try values(
      "mass=normal:1:0.2@1000", of: Self.pendulum, episodes: 4000, stepsBefore: 500,
      isGrowing: true)
    #expect(distance(normal) { 0.5 * erfc(-($0 - 1) / 0.1 / 2.0.squareRoot()) } < 0.03)
    let whole = try values("mass=0.5..2@1000", of: Self.pendulum, episodes: 4000)
    #expect(try #require(whole.max()) > 1.99, "evaluations have the whole range")
  }

  /// A range of the nominal value alone is the environment without randomisation, bit for bit.
  @Test func aPointAtTheNominalValueChangesNoBit() throws {
    let environment = try #require(Self.walker)
    let texts = environment.parameters.map { parameter in
      let value = parameter.nominal
      return "\(parameter.name)=\(value)..\(value)"
    }
    let conditions = try EpisodeConditions(
      Randomization(parsing: texts.joined(separator: ",")), in: environment)
    let (plain, drawn) = (try environment.makeVector(3), try environment.makeVector(3))
    conditions.apply(to: drawn, isGrowing: true)
    #expect(drawn.episodeParameters != nil)
    let actions = Matrix(rows: 3, columns: environment.specification.actionWidth)
    for vector in [plain, drawn] { vector.reset(seeds: .training(runSeed: 4)) }
    var random = RandomStream(seed: 1, name: "actions")
    for _ in 0..<300 {
      for i in 0..<3 {
        for j in 0..<actions.columns { actions[i, j] = random.uniform(from: -1, to: 1) }
      }
      for vector in [plain, drawn] { vector.step(actions: actions, in: 0..<3) }
      for i in 0..<3 { #expect(plain.stateHash(of: i) == drawn.stateHash(of: i)) }
    }
    #expect(drawn.snapshot(of: 0).episode > 0, "several episodes")
  }

  /// Blocks of any size, in any order, and a vector restored in the middle of a growing range draw
  /// the same.
  @Test func growthDependsOnTheStepsAlone() throws {
    let environment = try #require(Self.pendulum)
    let conditions = try EpisodeConditions(
      Randomization(parsing: "mass=0.5..2@6000,length=log:0.5..1.5"), in: environment)
    func make() throws -> any BatchedEnvironment {
      let vector = try environment.makeVector(4)
      conditions.apply(to: vector, isGrowing: true)
      vector.reset(seeds: .training(runSeed: 9))
      return vector
    }
    let actions = Matrix(rows: 4, columns: 1)
    func parameters(_ vector: any BatchedEnvironment) -> [[ParameterValue]] {
      (0..<4).map { vector.snapshot(of: $0).parameters }
    }
    let (whole, split) = (try make(), try make())
    var seen: Set<Double> = []
    for _ in 0..<4 {
      for _ in 0..<230 { whole.step(actions: actions, in: 0..<4) }
      // The last slot is ahead of the others by 230 steps.
      for block in [3..<4, 0..<1, 1..<3] {
        for _ in 0..<230 { split.step(actions: actions, in: block) }
      }
      #expect(parameters(whole) == parameters(split))
      seen.insert(parameters(whole)[0].first { $0.name == "mass" }?.value ?? 0)
    }
    #expect(seen.count == 4, "several episodes")
    let copy = try environment.makeVector(4)
    conditions.apply(to: copy, isGrowing: true)
    copy.countSteps(from: 3680)
    copy.reset(seeds: .training(runSeed: 9))
    for i in 0..<4 { try copy.restore(whole.snapshot(of: i), to: i) }
    for _ in 0..<450 {
      for vector in [whole, copy] { vector.step(actions: actions, in: 0..<4) }
      #expect(parameters(whole) == parameters(copy))
    }
  }

  // MARK: Texts

  @Test(arguments: [
    ("mass=0.5..2", "mass=0.5..2"), ("mass = 0.5 ... 2.0", "mass=0.5..2"),
    ("mass=uniform:0.5..2@2e5", "mass=0.5..2@200000"),
    ("mass=log-uniform:0.2..2,length=log:1e-1..1", "mass=log:0.2..2,length=log:0.1..1"),
    ("mass=normal:1,0.2,length=normal:1:0", "mass=normal:1:0.2,length=normal:1:0"),
    ("mass=choice:1|2|0.5", "mass=choice:1:2:0.5"),
    ("motor-strength=-1..-0.5", "motor-strength=-1..-0.5"), ("none", "none"), ("", "none"),
    ("mass=1e-05..1e+20", "mass=1.0e-05..1.0e+20"),
  ]) func textsHaveOneForm(written: String, expected: String) throws {
    let randomization = try Randomization(parsing: written)
    #expect(randomization.description == expected)
    #expect(try Randomization(parsing: expected) == randomization)
    // As config.yaml holds it.
    let format = Randomization.settingFormat
    let yaml = SettingNode.nested(["randomize"], format.write(randomization)).yaml()
    let node = try #require(SettingNode(yaml: yaml, source: "config.yaml")["randomize"])
    #expect(try format.read(node, "randomize") == randomization, "\(yaml)")
  }

  @Test(arguments: [
    ("mass", "randomize needs NAME=SPEC"), ("mass=", "needs NAME=SPEC"), ("=1..2", "NAME=SPEC"),
    (",", "NAME=SPEC"), ("mass=2..1", "'2..1' is not a valid randomize of mass"),
    ("mass=log:0..1", "LOW above 0"), ("mass=normal:1", "normal:MEAN:STD"),
    ("mass=normal:1:-1", "STD at least 0"), ("mass=choice:", "choice:A:B:…"),
    ("mass=1..2@0", "from 1 up"), ("mass=1..2@1.5", "@STEPS"), ("mass=1..2@", "@STEPS"),
    ("mass=1..inf", "not a valid"), ("mass=nan..1", "not a valid"), ("mass=1", "LOW..HIGH"),
    ("mass=choice:1:2@100", "leave out @100"), ("mass=0.5..1,mass=1..2", "names mass twice"),
    ("a b:c=1..2", "NAME=SPEC"),
  ]) func mistakesAreNamed(written: String, words: String) throws {
    #expect {
      try Randomization(parsing: written)
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test(arguments: [
    ("mas=0.5..2", "unknown parameter 'mas' (randomize); did you mean 'mass'?"),
    ("mass=0.01..2", "randomize mass=0.01..2: mass must lie in"),
    ("motor-strength=-1..1", "motor-strength must lie in ±0.25...2"),
    ("motor-strength=choice:0:1", "could be drawn beyond"),
    ("motor-strength=normal:0:1", "could be drawn beyond"),
    ("motor-strength=-1..-0.5@100", "grows from 1.0 and would pass values outside"),
  ]) func valuesBeyondTheRangeAreRefused(written: String, words: String) throws {
    let environment = try #require(Self.pendulum)
    #expect {
      try EpisodeConditions(Randomization(parsing: written), in: environment)
    } throws: {
      "\($0)".contains(words)
    }
  }

  /// The sign may be reversed, and a range may grow on that side.
  @Test func reversedRangesAreAllowed() throws {
    let environment = try #require(Self.pendulum)
    _ = try EpisodeConditions(
      Randomization(parsing: "motor-strength=-1..-0.5@100"), in: environment,
      parameters: [.init(name: "motor-strength", value: -2)])
    let values = try values("motor-strength=choice:-1:1", of: Self.pendulum, episodes: 100)
    #expect(Set(values) == [-1, 1])
  }

  @Test func whatIsSetIsNotDrawnAsWell() throws {
    let environment = try #require(Self.pendulum)
    let set = [ParameterValue(name: "mass", value: 0.5)]
    #expect {
      try EpisodeConditions(
        Randomization(parsing: "mass=0.5..2"), in: environment, parameters: set, fixed: ["mass"])
    } throws: {
      "\($0)".contains("parameters.mass is set to 0.5 and randomize would draw another value")
    }
    _ = try EpisodeConditions(
      Randomization(parsing: "mass=0.5..2@100"), in: environment, parameters: set, fixed: ["mass"])
  }
}
