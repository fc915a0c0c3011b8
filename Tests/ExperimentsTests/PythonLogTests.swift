import Experiments
import Foundation
import Storage
import TestSupport
import Testing

/// The files that Python's programs look for in a run's folder.
@Suite struct PythonLogTests {
  private func trained(_ folder: TemporaryFolder) throws -> RunFolder {
    var experiment = try Experiment(environment: "pendulum-v1", agent: "ppo")
    try experiment.set("steps", to: 8000)
    try experiment.set("environments", to: 4)
    try experiment.set("steps-per-rollout", to: 500)
    try experiment.set("minibatch-size", to: 500)
    try experiment.set("epochs", to: 1)
    try experiment.set("evaluation.every", to: 2000)
    try experiment.set("evaluation.episodes", to: 3)
    let run = try experiment.start(in: folder.file("run"), threads: 1)
    try run.train()
    return run.folder
  }

  /// The fields of a row, as `evaluations.csv` has them.
  private func rows(_ run: RunFolder) throws -> [[String]] {
    try FileSystem.readText(run.evaluationsFile).lines.map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(.enabled(if: Python.has("numpy"), "python3 has no NumPy"))
  func numPyReadsTheEvaluations() throws {
    let folder = try TemporaryFolder()
    let run = try trained(folder)
    let program = """
      import numpy as np
      with np.load("run/evaluations.npz") as file:
          print(sorted(file.files))
          for name in file.files:
              print(name, file[name].dtype, file[name].shape)
          for i, step in enumerate(file["timesteps"]):
              print(step, *[repr(float(x)) for x in file["results"][i]], *file["ep_lengths"][i])
      """
    let (status, output) = try Python.run(["-c", program], in: folder.path)
    #expect(status == 0)
    let lines = output.lines.map(String.init)
    #expect(
      lines.prefix(4) == [
        "['ep_lengths', 'results', 'timesteps']", "timesteps int64 (4,)", "results float64 (4, 3)",
        "ep_lengths int64 (4, 3)",
      ])
    let rows = try rows(run)
    let columns = try ["steps", "returns", "lengths"].map { name in
      try #require(rows[0].firstIndex(of: name))
    }
    let expected = rows.dropFirst().map { row in columns.map { row[$0] }.joined(separator: " ") }
    #expect(Array(lines.dropFirst(4)) == expected)
  }

  @Test(
    .enabled(if: Python.has("stable_baselines3"), "python3 has no Stable-Baselines3"))
  func stableBaselinesReadsTheEpisodes() throws {
    let folder = try TemporaryFolder()
    let run = try trained(folder)
    let program = """
      from stable_baselines3.common.monitor import load_results
      from stable_baselines3.common.results_plotter import X_TIMESTEPS, ts2xy
      frame = load_results("run")
      x, y = ts2xy(frame, X_TIMESTEPS)
      for step, value, length in zip(x, y, frame.l):
          print(step, repr(float(value)), length)
      """
    let (status, output) = try Python.run(["-c", program], in: folder.path)
    #expect(status == 0)
    let episodes = try FileSystem.readText(run.monitorFile).lines.dropFirst(2).map {
      $0.split(separator: ",").map(String.init)
    }
    // 4 environments, 10 episodes of 200 steps each.
    #expect(episodes.count == 40)
    let expected = episodes.enumerated().map { "\(200 * ($0 + 1)) \($1[0]) \($1[1])" }
    #expect(output.lines.map(String.init) == expected)
  }

  /// A ZIP archive and an array of known bytes, as NumPy 2.4 writes them without dates.
  @Test func arraysHaveKnownBytes() throws {
    let archive = NumPyArchive([("a", .integers([1, -1]), shape: [2])]).data
    let header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"
    let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    var array = Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]) + Data(padded.utf8)
    array.append(Data([1] + Array(repeating: 0, count: 7) + Array(repeating: 0xFF, count: 8)))
    #expect(array.count == 144)
    let local = bytes(hexadecimal: "504b0304140000000000000021 00".replacing(" ", with: ""))
    #expect(archive.prefix(14) == local)
    #expect(archive[35..<35 + 144] == array)
    #expect(archive.suffix(22).prefix(4) == bytes(hexadecimal: "504b0506"))
  }

  /// Episodes and evaluations are the same with a stop in between.
  @Test func theyAreTheSameAfterAStop() throws {
    let folder = try TemporaryFolder()
    let whole = try trained(folder)
    var experiment = try Experiment(environment: "pendulum-v1", agent: "ppo")
    experiment.settings = try Experiment(environment: "pendulum-v1", agent: "ppo").settings
    try experiment.settings.overlay(
      yaml: ConfigurationResolver.read(whole.configurationFile), source: "config.yaml")
    let other = try TemporaryFolder()
    let run = try experiment.start(in: other.file("run"), threads: 1)
    var iterations = 0
    try run.train {
      iterations += 1
      return iterations == 2
    }
    // A killed session's rows, which the next one drops.
    for (file, row) in [
      (run.folder.monitorFile, "-1.5,200,9.0\n-1"),
      (run.folder.evaluationsFile, "8000,deterministic,3,1,1,1,1,,1 2 3,1 2 3,200 200 200\n"),
    ] {
      let text = try FileSystem.readText(file)
      try FileSystem.write(Data((text + row).utf8), to: file)
    }
    var warnings: [String] = []
    #expect(
      try StoredRun(run.folder.path).resume(threads: 2) { warnings.append($0) }.train() == .finished
    )
    // Whether OpenBLAS has kernels for it depends on the machine.
    #expect(warnings.filter { !$0.contains("OpenBLAS runs its") } == [])
    func episodes(_ folder: RunFolder) throws -> [String] {
      try FileSystem.readText(folder.monitorFile).lines.dropFirst().map {
        $0.split(separator: ",").prefix(2).joined(separator: ",")
      }
    }
    let (expected, found) = (try episodes(whole), try episodes(run.folder))
    #expect(found == expected && found.count == 41)
    #expect(
      try FileSystem.read(run.folder.evaluationArraysFile)
        == FileSystem.read(whole.evaluationArraysFile))
  }
}
