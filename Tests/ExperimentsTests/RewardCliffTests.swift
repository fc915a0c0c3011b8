import Environments
import Experiments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import Testing
import TestSupport
import Training

@Suite struct RewardCliffTests {
  /// Watches returns from iteration 1 on and returns the iterations of all alarms.
  private func alarms(_ returns: [Double], episodes: Int = 100) -> [Int] {
    var cliff = RewardCliff()
    return returns.indices.filter {
      cliff.watch(returns[$0], iteration: $0 + 1, episodes: episodes) != nil
    }.map { $0 + 1 }
  }

  private func repeating(_ value: Double, _ count: Int) -> [Double] {
    Array(repeating: value, count: count)
  }

  @Test func aFallOfThirtyPercentIsToldOnce() {
    // The peak is in iteration 10; iterations 110 to 159 are the first window.
    let rise = (1...10).map { Double($0) * 10 }
    #expect(alarms(rise + repeating(70, 400)) == [159])
    #expect(alarms(rise + repeating(70.01, 400)) == [])
    #expect(alarms(rise + repeating(-5, 140) + repeating(95, 9) + repeating(-5, 200)) == [159])
    #expect(alarms(rise + repeating(70, 100) + repeating(95, 400)) == [])
    // Only a mean over the window counts, wherever it lies.
    #expect(alarms(rise + repeating(90, 300) + repeating(40, 60)) == [330])
    #expect(alarms(rise + repeating(60, 148)) == [], "the window is not full")
  }

  @Test func returnsMayBeNegative() {
    #expect(alarms([-100] + repeating(-130, 200)) == [150])
    #expect(alarms([-100] + repeating(-129, 200)) == [])
  }

  @Test func smallPeaksAndFewEpisodesSayNothing() {
    #expect(alarms([9.9] + repeating(0, 300)) == [])
    #expect(alarms([10] + repeating(0, 300)) == [150])
    #expect(alarms([100] + repeating(0, 300), episodes: 99) == [])
    #expect(alarms(repeating(.nan, 50) + [100] + repeating(0, 300)) == [200])
  }

  @Test func aNewPeakStartsAnew() {
    let first = [100.0] + repeating(60, 140)
    #expect(alarms(first + [101] + repeating(60, 148)) == [])
    #expect(alarms(first + [101] + repeating(60, 149)) == [291])
  }

  /// Stops in the first window, and after the alarm.
  @Test(arguments: [140, 200]) func aCollapsedRunTellsAndResumesExactly(stop: Int) throws {
    let folder = try TemporaryFolder()
    let whole = Listener()
    try collapsing().start(in: folder.file("whole"), threads: 1).train(observer: whole)
    #expect(whole.sentences.count == 1)
    #expect(whole.sentences.first?.contains("has collapsed") == true)
    let rows = try folder.text("whole/alarms.csv").split(separator: "\n")
    #expect(rows.count == 2 && rows.last?.contains("reward-cliff") == true)

    let stopped = try collapsing().start(in: folder.file("stopped"), threads: 1)
    var iterations = 0
    let first = Listener()
    try stopped.train(observer: first) {
      iterations += 1
      return iterations == stop
    }
    let second = Listener()
    try StoredRun(folder.file("stopped"), registry: registry())
      .resume(threads: 1).train(observer: second)
    #expect(first.sentences.count == (stop > 169 ? 1 : 0))
    #expect(first.sentences + second.sentences == whole.sentences)
    #expect(try folder.text("stopped/alarms.csv") == folder.text("whole/alarms.csv"))
  }

  /// A run whose returns rise for 20 iterations and then fall to a third.
  private func collapsing() throws -> Experiment {
    var experiment = try Experiment(
      environment: "cartpole-v1", agent: "collapsing", registry: registry())
    try experiment.set("steps", to: 250)
    try experiment.set("environments", to: 1)
    try experiment.set("evaluation.every", to: 125)
    try experiment.set("evaluation.episodes", to: 1)
    return experiment
  }

  private func registry() throws -> Registry {
    var registry = Registry.standard
    try registry.add(
      RegisteredAgent("collapsing", "invents returns", defaults: Settings()) { _, context in
        CollapsingAgent(context)
      })
    return registry
  }

  private final class Listener: TrainingObserver {
    var sentences: [String] = []
    func didCollapse(_ sentence: String, _ progress: TrainingProgress) {
      sentences.append(sentence)
    }
  }
}

private struct Settings: AgentConfiguration {
  static let table: [Setting<Settings>] = []
}

/// An agent that learns nothing and reports invented returns, of ten episodes in each iteration.
private final class CollapsingAgent: Agent {
  var (environmentSteps, iterations) = (0, 0)
  let policy: any Policy
  let networks: [NamedNetwork] = []
  let metricNames = ["episode-return"]
  private let environment: any BatchedEnvironment

  init(_ context: AgentContext) {
    environment = context.environment
    var random = RandomStream(seed: 1, name: "weights")
    policy = MLPPolicy(
      specification: environment.specification, hidden: [4], activation: .tanh,
      usesLayerNorm: false, initialLogDeviation: 0, normalizesObservations: false, random: &random)
  }

  func iterate() throws(TrainingError) -> IterationReport {
    iterations += 1
    environmentSteps += 1
    let value = iterations <= 20 ? Double(iterations) * 10 : 66
    let episode = FinishedEpisode(step: 0, environment: 0, episodeReturn: value, length: 1)
    return IterationReport(
      metrics: [value], environmentTime: 1, policyTime: 1, updateTime: 1,
      episodes: Array(repeating: episode, count: 10))
  }

  func save(to archive: inout TensorArchive) {
    archive.setProgress([environmentSteps, iterations])
  }

  func load(from archive: TensorArchive) throws {
    let counts = try archive.progress(count: 2)
    (environmentSteps, iterations) = (counts[0], counts[1])
  }
}
