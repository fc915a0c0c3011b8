import Environments
import Experiments
import RLCore
import Recording
import Storage
import TestSupport
import Testing
import Training

/// What a program that uses the suite does, and the mistakes it can make.
@Suite struct ExperimentTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func identifiersAreTakenOnce() throws {
    var registry = Registry.standard
    let walker = try registry.environment("walker")
    #expect(message { try registry.add(walker) }.contains("'walker' is taken"))
    let agent = try registry.agent("ppo")
    #expect(message { try registry.add(agent) }.contains("'ppo' is taken"))
    var own = Registry()
    try own.add(walker)
    #expect(own.identifiers == ["walker"])
    #expect(message { _ = try own.environment("walkr") }.contains("did you mean 'walker'?"))
  }

  @Test func mistakesAreThrown() throws {
    #expect(
      message { _ = try Experiment(environment: "walker", agent: "pp0") }.contains("mean 'ppo'"))
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    #expect(message { try experiment.set("epochs", to: 0) }.contains("at least 1 and is 0"))
    #expect(message { try experiment.set("epoch", to: 1) }.contains("did you mean 'epochs'?"))
    #expect(message { try experiment.set("epochs", to: 1.5) }.contains("a whole number"))
    #expect(message { _ = try experiment.start(threads: 0) }.contains("threads must lie in"))
    let sac = try Experiment(environment: "cartpole-v1", agent: "sac")
    #expect(message { _ = try sac.start() }.contains("continuous actions"))
    var controller = try StoredPolicy("walker-heuristic")
    #expect(message { _ = try controller.evaluate(episodes: 0) }.contains("episodes must lie in"))
    #expect(message { _ = try controller.evaluate(seed: 1 << 41) }.contains("below 2^40"))
    #expect(message { _ = try controller.evaluate(mode: .stochastic) }.contains("no sampled"))
    #expect(message { _ = try controller.evaluate(threads: 2000) }.contains("threads must lie"))
    #expect(message { try controller.setParameter("gravty", to: 1) }.contains("gravty"))
    #expect(message { try controller.record(episodes: 0) }.contains("episodes must lie in"))
    #expect(message { _ = try StoredPolicy("none") }.contains("none"))
    #expect(message { _ = try experiment.environment.makeVector(0) }.contains("at least 1"))
    for parameters in ["gravity=3", "[gravity, 3]"] {
      #expect(
        message { try experiment.settings.overlay(yaml: "parameters: \(parameters)", source: "f") }
          .contains("parameters (f:1:13) must be a mapping"))
    }
    experiment.settings = try Experiment(environment: "walker", agent: "ppo").settings
    #expect(
      message { _ = try experiment.start() }.contains("the settings are those of ppo on walker"))
    #expect(message { _ = try StoredRun("none") }.contains("none"))
  }

  @Test func aRunThatWasStartedAndNotTrainedIsResumed() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    try experiment.set("steps", to: 1000)
    _ = try experiment.start(in: path, threads: 1)
    #expect(try StoredRun(path).resume(threads: 1).train() == .finished)
    let finished = try StoredRun(path).resume(threads: 1)
    let manifest = try RunManifest(folder: finished.folder)
    #expect(try finished.train() == .finished)
    #expect(try RunManifest(folder: finished.folder) == manifest)
  }

  /// Notes what it is told of evaluations.
  private final class Watcher: TrainingObserver {
    var notes: [String] = []
    func willEvaluate(episodes: Int, _ progress: TrainingProgress) { notes.append("\(episodes)") }
    func didEvaluateEpisode(_ finished: Int, of episodes: Int) { notes.append("+\(finished)") }
    func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress) {
      notes.append("=\(result.episodes.count)")
    }
  }

  @Test func evaluationsCanBeWatched() throws {
    let folder = try TemporaryFolder()
    var experiment = try Experiment(environment: "pendulum-v1", agent: "ppo")
    try experiment.set("steps", to: 3200)
    try experiment.set("epochs", to: 1)
    try experiment.set("evaluation.every", to: 1600)
    try experiment.set("evaluation.episodes", to: 3)
    let watcher = Watcher()
    try experiment.start(in: folder.file("run"), threads: 2).train(observer: watcher)
    #expect(watcher.notes == ["3", "+1", "+2", "+3", "=3", "3", "+1", "+2", "+3", "=3"])
  }

  @Test func aRunGoesFromStartToRecording() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    try experiment.set("steps", to: 3000)
    try experiment.set("policy-hidden", to: [16, 16])
    try experiment.set("checkpoints.every", to: 1000)
    let run = try experiment.start(in: path, threads: 1)
    var iterations = 0
    let outcome = try run.train {  // stops after the first iteration
      iterations += 1
      return true
    }
    #expect(outcome == .interrupted && iterations == 1)
    let stored = try StoredRun(path)
    #expect(stored.configuration.yaml == run.configuration.yaml)
    #expect(try stored.resume(threads: 2).train() == .finished)
    #expect(try stored.resume().isFinished)
    let policy = try StoredPolicy(path)
    #expect(policy.agent == "ppo" && policy.folder?.path == path)
    let result = try policy.evaluate(episodes: 4, seed: 7, threads: 1)
    #expect(result.episodes.map(\.seed) == [7, 8, 9, 10])
    let recordings = try policy.record(episodes: 2, seed: 7)
    #expect(recordings.map(\.totalReward) == result.returns.prefix(2).map { $0 })
    #expect(message { try policy.record(episodes: 1, seed: 8) }.contains("exists"))
  }
}

/// Products of settings exceed integers and memories; every combination is accepted or refused.
@Suite struct ExtremeSettingTests {
  private static let numbers = [
    "9223372036854775807", "1125899906842624", "2147483648", "1048576", "65536", "8192",
  ]

  @Test(arguments: Registry.standard.agents.map(\.identifier))
  func noneEndsTheProgram(agent: String) throws {
    for environment in ["walker", "cartpole-infinite"] {
      let fresh = try Experiment(environment: environment, agent: agent)
      var together = fresh
      for setting in fresh.settings.unchecked.table {
        for number in Self.numbers + ["[8192, 8192, 8192, 8192]"] {
          var alone = fresh
          guard (try? alone.settings.overlay(assignment: "\(setting.key)=\(number)")) != nil else {
            continue
          }
          _ = try? alone.configuration().stepsTaken
          try? together.settings.overlay(assignment: "\(setting.key)=\(number)")
          _ = try? together.configuration().stepsTaken
        }
      }
    }
  }

  @Test func theErrorNamesFigureAndKey() throws {
    func message(_ agent: String, _ assignments: String...) throws -> String {
      var experiment = try Experiment(environment: "cartpole-infinite", agent: agent)
      for assignment in assignments { try experiment.settings.overlay(assignment: assignment) }
      do {
        _ = try experiment.configuration()
        return ""
      } catch {
        return "\(error)"
      }
    }
    let wide = "[\(Array(repeating: "8192", count: 64).joined(separator: ", "))]"
    #expect(
      try message("ppo", "critic-hidden=\(wide)").hasPrefix(
        "critic-hidden needs 84.6 GB, three times that while a checkpoint is written, and "))
    #expect(try message("ppo").isEmpty)
  }
}

/// What an agent needs that looks for the worst case.
@Suite struct WorstCaseRunTests {
  @Test(arguments: [
    ("none", "m2sac looks for the worst case of randomised parameters, and there are none"),
    ("mass=normal:1:0.1", "use mass=LOW..HIGH"), ("mass=0.8..1.2@1000", "use mass=LOW..HIGH"),
  ])
  func rangesAreNeeded(randomize: String, message: String) throws {
    var experiment = try Experiment(environment: "pendulum-v1", agent: "m2sac")
    try experiment.set("randomize", to: randomize)
    #expect {
      _ = try experiment.configuration()
    } throws: { "\($0)".contains(message) }
  }
}
