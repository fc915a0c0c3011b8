import Environments
import RLCore
import Robustness
import Testing
import Training

/// Perturbations as text: what is written is what is read, and mistakes are named.
@Suite struct PerturbationTextTests {
  @Test(arguments: [
    ("none", "none"), ("", "none"), ("action-delay=0", "none"),
    ("observation-noise=0.050,action-noise=1e-1", "action-noise=0.1,observation-noise=0.05"),
    (
      "push=ou:0.2:2e1,push=impulse:1:5,action-delay=1.0",
      "action-delay=1,push=ou:0.2:20,push=impulse:1:5"
    ),
    ("push=impulse:0.5:10:100", "push=impulse:0.5:10:100"),
    ("push=constant:0.5,push=periodic:0.1:50", "push=constant:0.5,push=periodic:0.1:50"),
    ("observation-bias=0.1:0:0.2", "observation-bias=0.1:0:0.2"),
    ("observation-bias=constant:-0.1", "observation-bias=constant:-0.1"),
    (
      "observation-noise = 0.1:0.2, observation-delay = 3",
      "observation-noise=0.1:0.2,observation-delay=3"
    ),
    ("action-dropout=0.05", "action-dropout=0.05"),
  ]) func textsHaveOneForm(written: String, expected: String) throws {
    let perturbations = try Perturbations(parsing: written)
    #expect(perturbations.description == expected)
    #expect(try Perturbations(parsing: expected) == perturbations)
    let format = Perturbations.settingFormat
    let yaml = SettingNode.nested(["perturb"], format.write(perturbations)).yaml()
    let node = try #require(SettingNode(yaml: yaml, source: "config.yaml")["perturb"])
    #expect(try format.read(node, "perturb") == perturbations, "\(yaml)")
  }

  @Test(arguments: [
    ("observation-nois=1", "did you mean 'observation-noise'?"),
    ("push=1", "must be impulse:MAGNITUDE:STEPS"), ("push=impulse:2:5", "in 0...1"),
    ("push=impulse:1:0", "from 1 up"), ("push=periodic:1:1", "periods of at least 2"),
    ("push=ou:0.1:0", "and is 'ou:0.1:0'"), ("push=wind:1", "ou:STD:STEPS"),
    ("action-delay=1.5", "a whole number in 0...1000, and is '1.5'"),
    ("action-delay=-1", "0...1000"), ("observation-delay=1001", "0...1000"),
    ("action-noise=-0.1", "at least 0"), ("action-dropout=1.1", "in 0...1"),
    ("observation-noise=0.1:-1", "at least 0"), ("observation-bias=-1", "unless it is constant"),
    ("observation-noise=nan", "at least 0"), ("action-noise=0.1,action-noise=0.2", "twice"),
  ]) func mistakesAreNamed(written: String, words: String) throws {
    #expect {
      try Perturbations(parsing: written)
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test(arguments: [
    ("walker", "observation-noise=1:2", "has 2 numbers, and walker observes 24 components"),
    ("cartpole-v1", "action-delay=500", "episodes of cartpole-v1 have at most 500 steps"),
    ("cartpole-v1", "action-noise=1.5", "their noise is a probability in 0...1"),
    ("diagnostic-two-goals", "push=constant:1", "has no disturbance that could push it"),
    ("walker", "push=impulse:1:1601", "ends with step 1601 at the earliest"),
    ("walker", "push=impulse:1:2:1600", "ends with step 1601"),
  ]) func whatMakesNoSenseIsRefused(environment: String, text: String, words: String) throws {
    let environment = try #require(EnvironmentRegistry.find(environment))
    #expect {
      try EpisodeConditions(Randomization(), Perturbations(parsing: text), in: environment)
    } throws: {
      "\($0)".contains(words)
    }
  }

  /// Each kind is listed, and its name is read.
  @Test func everyKindIsRead() throws {
    let values = [
      "action-delay": "1", "action-dropout": "0.1", "action-noise": "0.1", "push": "constant:0.1",
      "observation-bias": "0.1", "observation-noise": "0.1", "observation-delay": "1",
    ]
    #expect(Set(values.keys) == Set(PerturbationKind.all.map(\.name)))
    for kind in PerturbationKind.all {
      let value = try #require(values[kind.name])
      let perturbations = try Perturbations(parsing: "\(kind.name)=\(value)")
      #expect(perturbations.parts == ["\(kind.name)=\(value)"] && !perturbations.isEmpty)
      #expect(perturbations.keepsObservations == !kind.name.hasPrefix("observation"))
    }
  }
}
