import Experiments
import Foundation
import Recording
import Storage
import TestSupport
import Testing
import Training

/// Recorded episodes as datasets of Minari.
@Suite struct MinariDatasetTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two episodes of a controller, the second left unfinished after five steps.
  private func write(_ controller: String, _ environment: String) throws -> [RecordingReader] {
    let policy = try StoredPolicy(controller, environment: environment)
    let whole = try policy.record(to: folder.file("whole"), seed: 3)
    let short = try RecordingPlan(policy, seed: 4, stepLimit: 5, to: folder.file("short")).run()
    let dataset = try MinariDataset("rlsuite/\(environment)/test-v0", in: folder.file("datasets"))
    try dataset.write(whole + short)
    return whole + short
  }

  @Test func aDatasetHasItsFolderMetadataAndNamespaces() throws {
    let recordings = try write("cartpole-linear", "cartpole-v1")
    let path = "datasets/rlsuite/cartpole-v1/test-v0/data"
    let metadata = try folder.text("\(path)/metadata.json")
    let size = try FileSystem.read(folder.file("\(path)/main_data.hdf5")).count
    for line in [
      "\"total_episodes\" : 2", "\"total_steps\" : \(recordings[0].stepCount + 5)",
      "\"dataset_size\" : \(Double(size) / 1e6)",
      #"\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": 2"#,
      #"\"low\": [-Infinity, -Infinity"#, #"\"id\":\"rlsuite/CartpoleV1-v0\""#,
    ] { #expect(metadata.contains(line), "\(line) in \(metadata)") }
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.file("datasets"))
    #expect(
      names.sorted() == [
        "rlsuite", "rlsuite/cartpole-v1", "rlsuite/cartpole-v1/namespace_metadata.json",
        "rlsuite/cartpole-v1/test-v0", "rlsuite/cartpole-v1/test-v0/data",
        "rlsuite/cartpole-v1/test-v0/data/main_data.hdf5",
        "rlsuite/cartpole-v1/test-v0/data/metadata.json", "rlsuite/namespace_metadata.json",
      ])
  }

  @Test(arguments: ["a", "../a-v0", "/a-v0", "a b-v0", "a-v0/", ""])
  func otherIdsAreRefused(identifier: String) {
    #expect(throws: ConfigurationError.self) {
      try MinariDataset(identifier, in: folder.file("datasets"))
    }
  }

  @Test func aDatasetIsNeverReplaced() throws {
    _ = try write("cartpole-linear", "cartpole-v1")
    #expect { try write("cartpole-linear", "cartpole-v1") } throws: {
      "\($0)".contains("exists; choose another")
    }
  }

  @Test(
    .enabled(if: Python.has("h5py"), "python3 has no h5py"),
    arguments: [("cartpole-linear", "cartpole-v1"), ("pendulum-energy", "pendulum-v1")])
  func hdf5Opens(controller: String, environment: String) throws {
    let recordings = try write(controller, environment)
    let program = """
      import h5py, sys
      with h5py.File(sys.argv[1]) as file:
          for name in file:
              episode = file[name]
              print(name, sorted(episode), [int(episode.attrs[k]) for k in ("id", "total_steps", "seed")])
              print([str(episode[k].dtype) for k in ("observations", "actions", "rewards", "terminations")])
              print(episode["observations"].shape, episode["actions"].shape, len(episode["infos"]))
              print(repr(float(episode["observations"][-1, 1])), repr(float(episode["actions"][:].ravel()[2])))
              print(repr(float(episode["rewards"][2])), list(episode["truncations"][-2:]))
              print(bool(episode["terminations"][-1]))
      """
    let path = "datasets/rlsuite/\(environment)/test-v0/data/main_data.hdf5"
    let result = try Python.run(["-c", program, folder.file(path)])
    var expected: [String] = []
    for (k, recording) in recordings.enumerated() {
      let (count, last) = (recording.stepCount, try recording.step(recording.stepCount))
      let third = try recording.step(3)
      let width = recording.header.initialObservation.count
      let isDiscrete = environment == "cartpole-v1"
      expected += [
        "episode_\(k) ['actions', 'infos', 'observations', 'rewards', 'terminations', 'truncations'] "
          + "[\(k), \(count), \(3 + k)]",
        "['float32', '\(isDiscrete ? "int64" : "float32")', 'float64', 'bool']",
        "(\(count + 1), \(width)) (\(count)\(isDiscrete ? ",)" : ", 1)") 0",
        "\(Double(last.observation[1])) \(Double(third.action[0]))",
        "\(Double(third.reward)) [np.False_, np.True_]", "False",
      ]
    }
    #expect(result.status == 0 && result.output.split(separator: "\n").map(String.init) == expected)
  }

  /// As training in Python reads it.
  @Test(.enabled(if: Python.has("minari"), "python3 has no minari"))
  func minariLoadsADataset() throws {
    _ = try write("pendulum-energy", "pendulum-v1")
    let program = """
      import os, sys
      os.environ["MINARI_DATASETS_PATH"] = sys.argv[1]
      import minari
      data = minari.load_dataset("rlsuite/pendulum-v1/test-v0")
      print(data.total_episodes, data.total_steps, data.action_space, data.env_spec.id)
      for episode in data.iterate_episodes():
          print(episode.id, episode.observations.shape, episode.truncations[-1], repr(episode)[:11])
      print(len(data.sample_episodes(2)), list(minari.list_local_datasets()))
      """
    let result = try Python.run(["-c", program, folder.file("datasets")])
    #expect(
      result.status == 0
        && result.output == """
          2 205 Box(-2.0, 2.0, (1,), float32) rlsuite/PendulumV1-v0
          0 (201, 3) True EpisodeData
          1 (6, 3) True EpisodeData
          2 ['rlsuite/pendulum-v1/test-v0']

          """
    )
  }
}
