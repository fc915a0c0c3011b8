import Environments
import Experiments
import Foundation
import LinearAlgebra
import Recording
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Runs that learn from recorded episodes.
@Suite struct RecordedRunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func cloning(_ changes: [String: String] = [:]) throws -> Experiment {
    try experiment(
      "cartpole-v1", "bc",
      [
        "dataset": folder.file("recorded"), "steps": "12800", "evaluation.every": "6400",
        "evaluation.episodes": "5", "minibatch-size": "64", "updates-per-iteration": "50",
      ].merging(changes) { $1 })
  }

  private func filled(_ changes: [String: String] = [:]) throws -> Experiment {
    try experiment(
      "pendulum-v1", "sac",
      [
        "prefill": "pendulum-energy:600", "steps": "600", "evaluation.every": "300",
        "evaluation.episodes": "2", "steps-per-iteration": "100", "buffer-size": "1500",
        "policy-hidden": "[16]", "critic-hidden": "[16]", "normalize-observations": "true",
      ].merging(changes) { $1 })
  }

  private func experiment(
    _ environment: String, _ agent: String, _ changes: [String: String]
  ) throws -> Experiment {
    var experiment = try Experiment(environment: environment, agent: agent)
    for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
      try experiment.settings.overlay(assignment: "\(key)=\(value)")
    }
    return experiment
  }

  private func record(
    _ controller: String, in environment: String, to name: String = "recorded"
  ) throws {
    try StoredPolicy(controller, environment: environment).record(
      to: folder.file(name), episodes: 4)
  }

  /// The files of a run's latest checkpoint.
  private func latest(_ run: String) throws -> Checkpoint {
    let stored = RunFolder(path: folder.file(run))
    return try Checkpoint(path: stored.checkpoint("\(stored.checkpointSteps.last ?? 0)"))
  }

  /// From 2,000 steps of a controller that balances for ever.
  @Test func aControllerIsCloned() throws {
    try record("cartpole-linear", in: "cartpole-v1")
    let run = try cloning().start(in: folder.file("run"), threads: 1)
    try run.train()
    #expect(try #require(run.bestReturn) == 500)
    let manifest = try RunManifest(folder: run.folder)
    #expect(manifest.recordings?.episodes == 4 && manifest.recordings?.steps == 2000)
    #expect(manifest.recordings?.sources == [folder.file("recorded")])
    #expect(run.configuration.yaml.contains("dataset: [\"\(folder.file("recorded"))\"]"))
  }

  @Test(arguments: ["bc", "sac"]) func runsAreExactHoweverTheyAreStopped(agent: String) throws {
    try record("cartpole-linear", in: "cartpole-v1")
    let experiment = try agent == "bc" ? cloning() : filled()
    try experiment.start(in: folder.file("whole"), threads: 1).train()
    _ = try experiment.start(in: folder.file("stopped"), threads: 1)
    try FileSystem.removeFolder(folder.file("recorded"))
    // Once before its first checkpoint, once after it.
    let stopped = folder.file("stopped")
    #expect(try StoredRun(stopped).resume(threads: 1).train { true } == .interrupted)
    #expect(try StoredRun(stopped).resume(threads: 2).train() == .finished)
    #expect(try latest("whole").policy == latest("stopped").policy)
    #expect(try latest("whole").trainer == latest("stopped").trainer)
    for file in ["metrics.csv", "evaluations.csv", "dataset.safetensors"] {
      let files = try ["whole", "stopped"].map { try FileSystem.read(folder.file("\($0)/\(file)")) }
      #expect(files[0] == files[1], "\(file)")
    }
  }

  /// One bit of a number, with which the file is as well-formed as before.
  @Test func aCopyThatHasChangedIsRefused() throws {
    try record("cartpole-linear", in: "cartpole-v1")
    let run = try cloning().start(in: folder.file("run"), threads: 1)
    #expect(try run.train { true } == .interrupted)
    let file = run.folder.datasetFile
    var bytes = try FileSystem.read(file)
    bytes[bytes.count / 2] ^= 1
    try FileSystem.write(bytes, to: file)
    #expect { try StoredRun(run.folder.path).resume(threads: 1) } throws: {
      "\($0)".contains("dataset.safetensors is damaged: its checksum")
    }
  }

  /// From a dataset that was made of them, from its data and by its id, runs learn the same as from
  /// recordings.
  @Test(arguments: ["", "/data/main_data.hdf5"])
  func aDatasetOfMinariIsLikeItsRecordings(place: String) throws {
    try record("cartpole-linear", in: "cartpole-v1")
    let recordings = try (0..<4).map {
      try RecordingReader(path: folder.file("recorded/cartpole-v1-cartpole-linear-seed\($0).rlrec"))
    }
    let dataset = try MinariDataset("cartpole/linear-v0", in: folder.file("datasets"))
    try dataset.write(recordings)
    for (run, source) in [("one", folder.file("recorded")), ("two", dataset.folder + place)] {
      _ = try cloning(["dataset": source]).start(in: folder.file(run), threads: 1)
    }
    let copies = try ["one", "two"].map {
      try FileSystem.read(folder.file("\($0)/dataset.safetensors"))
    }
    #expect(copies[0] == copies[1])
  }

  /// Three episodes of Gymnasium's CartPole-v1 by Minari 0.5.4, which end when the pole falls.
  @Test func whatMinariWritesIsLearntFrom() throws {
    let experiment = try cloning(["dataset": Fixture.url("minari").path])
    let run = try experiment.start(in: folder.file("run"), threads: 1)
    let manifest = try RunManifest(folder: run.folder)
    #expect(manifest.recordings?.episodes == 3 && manifest.recordings?.steps == 41 + 51 + 35)
    let copy = try Checkpoint.readArchive(run.folder.datasetFile)
    #expect(try copy.words("terminated") == [1, 1, 1] && copy.words("steps") == [41, 51, 35])
    #expect(try copy.floats("rewards").allSatisfy { $0 == 1 })
    // The environment begins the episode of the seed 2 and goes on in the same way.
    let vector = try EnvironmentRegistry.find("cartpole-v1")?.makeVector(1)
    let cartPole = try #require(vector)
    cartPole.reset(environment: 0, seed: 2)
    let (observations, taken) = (try copy.floats("observations"), try copy.floats("actions"))
    let actions = Matrix(rows: 1, columns: 1)
    for step in 0..<34 {
      let row = 42 + 52 + step
      #expect(
        (0..<4).allSatisfy { cartPole.batch.observations[0, $0] == observations[row * 4 + $0] })
      actions[0, 0] = taken[41 + 51 + step]
      cartPole.step(actions: actions, in: 0..<1)
    }
  }

  @Test func datasetsThatDoNotFitAreRefused() throws {
    try record("cartpole-linear", in: "cartpole-v1")
    let recording = try RecordingReader(
      path: folder.file("recorded/cartpole-v1-cartpole-linear-seed0.rlrec"))
    let dataset = try MinariDataset("cartpole/linear-v0", in: folder.file("datasets"))
    try dataset.write([recording])
    try FileSystem.write(Data("no HDF5".utf8), to: folder.file("a.hdf5"))
    func refused(
      _ environment: String, _ changes: [String: String], _ words: String
    ) throws {
      let experiment = try experiment(environment, "bc", changes)
      #expect {
        try experiment.start(in: folder.file("run"), threads: 1)
      } throws: {
        "\($0)".contains(words)
      }
    }
    try refused(
      "cartpole", ["dataset": dataset.folder],
      "is of rlsuite/CartpoleV1-v0, and the run of cartpole")
    try refused(
      "cartpole-v1", ["dataset": dataset.folder, "wrap": "history=2"],
      "and the run is behind history=2")
    try refused(
      "pendulum-v1", ["dataset": Fixture.url("minari").path],
      "observations of episode 0 have the shape [42, 4], and pendulum-v1 needs [42, 3]")
    try refused(
      "cartpole-v1", ["dataset": folder.file("a.hdf5")], "a.hdf5 is damaged: it does not begin")
    try refused(
      "cartpole-v1", ["dataset": Fixture.url("arrays.hdf5").path], "it has no episodes")
    #expect(throws: ConfigurationError.self) {
      try MinariDataset("cartpole/both-v0", in: folder.file("datasets")).write([
        recording,
        StoredPolicy("mountain-car-push", environment: "mountain-car").record(to: folder.path)[0],
      ])
    }
  }

  /// All that was played is in the buffer, in place of random steps.
  @Test func playedEpisodesComeFirstInTheReplayBuffer() throws {
    try filled().start(in: folder.file("run"), threads: 1).train()
    let trainer = try latest("run").trainer
    #expect(try trainer.words("replay.prefilled") == [600])
    #expect(try trainer.words("replay.position")[1] == 1200)
    #expect(try trainer.words("progress", count: 5)[2] == 600, "one update for every step")
    #expect(try latest("run").policy.doubles("observation-normalizer.count")[0].rounded() == 1200)
    let copy = try Checkpoint.readArchive(folder.file("run/dataset.safetensors"))
    #expect(
      try Array(trainer.floats("replay.records").prefix(3))
        == Array(copy.floats("observations").prefix(3)))
  }

  @Test func whatDoesNotFitIsRefusedAndLeavesNothing() throws {
    try record("mountain-car-push", in: "mountain-car")
    let file = folder.file("recorded/mountain-car-push-seed0.rlrec")
    let bytes = try FileSystem.read(file)
    try FileSystem.makeFolder(folder.file("empty"))
    try FileSystem.makeFolder(folder.file("damaged"))
    try FileSystem.write(bytes.prefix(900), to: folder.file("damaged/a.rlrec"))
    try record("cartpole-linear", in: "cartpole-v1", to: "right")
    let before = folder.contents
    func refused(_ experiment: Experiment, _ words: String) {
      #expect {
        try experiment.start(in: folder.file("run"), threads: 1)
      } throws: {
        "\($0)".contains(words)
      }
      #expect(folder.contents == before)
    }
    refused(try cloning(), "it is a recording of mountain-car, and the run is of cartpole-v1")
    refused(try cloning(["dataset": folder.file("empty")]), "has no recordings (.rlrec)")
    refused(try cloning(["dataset": folder.file("nowhere")]), "does not exist")
    refused(try cloning(["dataset": folder.file("damaged")]), "is cut off")
    refused(try cloning(["dataset": "[]"]), "name some with --dataset")
    refused(
      try cloning(["dataset": folder.file("right"), "wrap": "history=2"]),
      "it was recorded without wrappers, and the run is with history=2")
    refused(try cloning(["dataset": "walker-heuristic:100"]), "can't control cartpole-v1")
    refused(
      try cloning(["dataset": folder.file("right"), "recordings.every": "1"]),
      "leave out --record-every")
    refused(try filled(["buffer-size": "500"]), "set buffer-size=600")
    refused(try filled(["dataset": folder.file("right")]), "--prefill fills its replay buffer")
  }
}
