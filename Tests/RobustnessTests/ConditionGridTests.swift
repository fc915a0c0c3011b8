import Environments
import Experiments
import RLCore
import Robustness
import Testing
import Training

/// Grids of parameters and perturbations, from their texts.
@Suite struct ConditionGridTests {
  private func grid(
    _ texts: String..., in environment: String = "walker"
  ) throws -> ConditionGrid {
    try ConditionGrid(parsing: texts, in: Registry.standard.environment(environment))
  }

  @Test func bothEndsAreValues() throws {
    let axis = try grid("mass=0.5..1.5:21").axes[0]
    #expect(axis.values == (10...30).map { Double($0 * 5) / 100 })
    #expect(axis.values.contains(1), "the nominal value itself")
    #expect(axis.name == "mass" && !axis.isLogarithmic && axis.isParameter)
    #expect(try grid("mass=1.25..1.25:1").axes[0].values == [1.25])
    #expect(try grid("gravity=choice:0.9:1.1:1").axes[0].values == [0.9, 1.1, 1])
  }

  @Test func logarithmicValuesHaveEqualRatios() throws {
    let axis = try grid("friction=log:0.2..2:11").axes[0]
    #expect(axis.isLogarithmic && axis.values.first == 0.2 && axis.values.last == 2)
    for (a, b) in zip(axis.values, axis.values.dropFirst()) {
      #expect(abs(b / a - 1.258_925_411_794) < 1e-10)
    }
  }

  @Test func theLastAxisVariesFastest() throws {
    let both = try grid("mass=0.5..1.5:3", "friction=1..2:2")
    #expect(both.count == 6)
    #expect(
      (0..<6).map { both.values(of: $0) } == [
        [0.5, 1], [0.5, 2], [1, 1], [1, 2], [1.5, 1], [1.5, 2],
      ])
    #expect(try grid("mass=0.5..1.5:3,friction=1..2:2") == both)
  }

  @Test func sizesOfPerturbationsAreAxes() throws {
    let axes = try grid(
      "action-delay=0..4:3", "push=impulse:0..1:10:5:3", "observation-noise=log:0.01..1:3"
    ).axes
    #expect(axes.map(\.name) == ["action-delay", "push=impulse", "observation-noise"])
    #expect(axes.map(\.unit) == ["steps", "1", "1"])
    let cells = try grid("action-delay=0..4:3", "push=impulse:0..1:10:5:3")
    let base = try Perturbations(parsing: "action-noise=0.1")
    #expect(
      try cells.perturbations([2, 0.5], with: base).description
        == "action-delay=2,action-noise=0.1,push=impulse:0.5:10:5")
    #expect(cells.parameters([2, 0.5]).isEmpty)
  }

  @Test func samplesAreTheDrawsOfEpisodes() throws {
    let environment = try Registry.standard.environment("walker")
    let randomization = try Randomization(parsing: "mass=0.5..2,friction=log:0.2..2")
    let samples = try ConditionGrid(samples: 5, of: randomization, in: environment, seed: 7)
    #expect(samples.count == 5 && samples.axes.map(\.name) == ["mass", "friction"])
    let vector = try environment.makeVector(1)
    try EpisodeConditions(randomization, in: environment).apply(to: vector)
    for i in 0..<5 {
      vector.reset(environment: 0, seed: 7 + UInt64(i))
      let snapshot = vector.snapshot(of: 0).parameters
      let drawn = ["mass", "friction"].map { name in snapshot.first { $0.name == name }?.value }
      #expect(samples.values(of: i) == drawn)
    }
  }

  @Test(arguments: [
    ("mas=0.5..1.5:3", "walker has no parameter 'mas', nor is it a perturbation (--grid); did you"),
    ("mass=0.1..1.5:3", "grid mass=0.1..1.5:3: mass must lie in 0.5...2 1 and would be 0.1"),
    ("mass=0.5..1.5", "grid mass=0.5..1.5 must be LOW..HIGH:COUNT, log:LOW..HIGH:COUNT"),
    ("mass=0.5..1.5:1", "must be LOW..HIGH:COUNT"), ("mass=1..1:2", "must be LOW..HIGH:COUNT"),
    ("mass=0.5..1.5:0", "must be LOW..HIGH:COUNT"),
    ("mass=0.5..1.5:100001", "COUNT from 2 to 100000"),
    ("terrain-roughness=log:0..1:3", "log:LOW..HIGH:COUNT with LOW above 0"),
    ("mass=constant:0.5..1:3", "must be LOW..HIGH:COUNT"),
    ("mass=choice:1:1", "must be LOW..HIGH:COUNT"), ("mass", "grid needs NAME=SPEC"),
    ("mass=0.5..1.5:3,mass=0.5..1:2", "grid names mass twice; leave one of them out"),
    ("mass=0.5..1.5:2000,friction=0.2..2:2000", "grid has 4000000 cells, and at most 1000000"),
  ]) func mistakesAreNamed(text: String, words: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try self.grid(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
