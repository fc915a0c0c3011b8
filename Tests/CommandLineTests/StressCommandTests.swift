import Foundation
import Rendering
import Storage
import TestSupport
import Testing

/// The verb `stress`: its files, gates, interruptions and messages.
@Suite struct StressCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func stress(_ arguments: String...) throws -> Tool.Result {
    let process = try Tool.start(["stress"] + arguments, in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private struct Summary: Decodable {
    struct Cell: Decodable {
      var values: [String: Double]
      var mean: Double
    }
    var nominal: Cell
    var mean: Double
    var worst: Cell
    var cells: [Cell]
    var passes: Bool
  }

  private func summary(_ name: String) throws -> Summary {
    try JSONDecoder().decode(Summary.self, from: Data(folder.text("\(name)/summary.json").utf8))
  }

  private static let pendulum = ["pendulum-energy", "--env", "pendulum-v1"]

  @Test func allFilesAgree() throws {
    let result = try stress(
      "pendulum-energy", "--grid", "mass=0.5..1.5:3", "--grid", "length=0.5..1:2", "-n", "3",
      "--out", "test", "--size", "300x200")
    #expect(result.status == 0, "\(result.errors)")
    let own = try summary("test")
    #expect(own.cells.count == 6 && own.passes)
    #expect(own.mean == own.cells.map(\.mean).reduce(0, +) / 6)
    #expect(own.worst.mean == own.cells.map(\.mean).min())
    let rows = try folder.text("test/cells.csv").lines.map { $0.split(separator: ",") }
    #expect(rows.count == 7 && rows[0].prefix(3) == ["mass", "length", "mean"])
    for (cell, row) in zip(own.cells, rows.dropFirst()) {
      let numbers = row.prefix(3).map { Double($0) }
      #expect(numbers == [cell.values["mass"], cell.values["length"], cell.mean])
    }
    #expect(result.output.contains("3 × 2 cells, 3 episodes each"), "\(result.output)")
    #expect(result.output.contains("mean return; mass [kg] across, length [m] upwards"))
    let picture = try Picture.readPNG(folder.file("test/heat-map.png"))
    #expect((picture.width, picture.height) == (300, 200))
    // Another size of the picture needs no cell again, and a second name none of the options.
    let again = try stress(
      "pendulum-energy", "--grid", "mass=0.5..1.5:3,length=0.5..1:2", "-n", "3", "--out", "test",
      "--json")
    #expect(again.remarks.contains("all cells are in test already"), "\(again.errors)")
    let object = try JSONDecoder().decode(Summary.self, from: Data(again.output.utf8))
    #expect(object.mean == own.mean)
    #expect(try Picture.readPNG(folder.file("test/heat-map.png")).width == 960)
  }

  @Test func oneAxisAndSamplesAreListed() throws {
    let one = try stress("pendulum-energy", "-g", "gravity=5..15:3", "-n", "2")
    #expect(one.status == 0 && one.output.contains("gravity [m/s²]  mean return"), "\(one.output)")
    let name = try #require(folder.contents.contains("stress") ? one.output.lines.last : nil)
    let path = String(name.prefix { $0 != ":" })
    #expect(FileSystem.exists(folder.file("\(path)/cells.csv")), "\(path)")
    let samples = try stress(
      "pendulum-energy", "--samples", "4", "--randomize", "mass=0.5..1.5", "-n", "2", "--out", "s")
    #expect(samples.status == 0 && samples.output.contains("worst cells\n"), "\(samples.output)")
    #expect(try summary("s").cells.count == 4)
    #expect(!FileSystem.exists(folder.file("s/heat-map.png")))
  }

  @Test func gatesDecideTheExitCode() throws {
    let words = Self.pendulum + ["-g", "gravity=5..15:3", "-n", "2", "--out", "test"]
    func gate(_ more: String...) throws -> Tool.Result {
      let process = try Tool.start(["stress"] + words + more, in: folder)
      process.waitUntilExit()
      return Tool.Result(
        status: process.terminationStatus, output: "", errors: try folder.text("stderr"))
    }
    #expect(try gate().status == 0)
    let own = try summary("test")
    for (option, value) in [
      ("--min-worst", own.worst.mean), ("--min-mean", own.mean), ("--min-cvar", own.worst.mean),
      ("--min-nominal", own.nominal.mean),
    ] {
      #expect(try gate(option, "\(value)").status == 0, "\(option) is reached exactly")
      let missed = try gate(option, "\(value + 0.5)", "--junit", "report.xml")
      #expect(missed.status == 1 && missed.errors.contains("is below \(option)"), "\(option)")
      #expect(try folder.text("report.xml").contains("failures=\"1\""))
      #expect(try !summary("test").passes)
    }
    let refused = try gate("--min-worst-success", "0.5")
    #expect(refused.status == 64 && refused.errors.contains("does not say which episodes succeed"))
  }

  @Test func aKilledTestContinuesExactly() throws {
    let words =
      ["stress"] + Self.pendulum + [
        "--grid", "mass=0.5..1.5:8,action-delay=0..4:3", "-n", "20",
      ]
    let process = try Tool.start(words + ["--out", "parts", "--threads", "2"], in: folder)
    let cells = folder.file("parts/cells.jsonl")
    while process.isRunning, (try? FileSystem.readText(cells).lines.count) ?? 0 < 3 { usleep(1000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationStatus == SIGKILL)
    let kept = try FileSystem.readText(cells).lines.count
    #expect(kept >= 3 && kept < 25)
    let rest = try stress(
      "pendulum-energy", "--env", "pendulum-v1", "--grid", "mass=0.5..1.5:8,action-delay=0..4:3",
      "-n", "20", "--out", "parts", "--threads", "3")
    #expect(rest.status == 0 && rest.remarks.contains("continuing with"), "\(rest.errors)")
    let whole = try Tool.start(words + ["--out", "whole", "--threads", "1"], in: folder)
    whole.waitUntilExit()
    for file in ["cells.jsonl", "cells.csv", "summary.json", "heat-map.png", "test.json"] {
      #expect(
        try FileSystem.read(folder.file("parts/\(file)"))
          == FileSystem.read(folder.file("whole/\(file)")), "\(file)")
    }
  }

  @Test func anInterruptedTestSaysHowToContinue() throws {
    let words = ["stress"] + Self.pendulum + ["--grid", "mass=0.5..1.5:500", "-n", "200"]
    let process = try Tool.start(words + ["--out", "test"], in: folder)
    let cells = folder.file("test/cells.jsonl")
    while process.isRunning, (try? FileSystem.readText(cells).lines.count) ?? 0 < 1 { usleep(1000) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try folder.text("stderr").contains("the same command continues with"))
  }

  @Test func aTestOfDaysIsRefused() throws {
    let result = try stress(
      "cartpole-swingup-energy", "--grid", "gravity=5..15:1000", "-n", "50000", "--threads", "1",
      "--out", "long")
    #expect(result.status == 64, "\(result.errors)")
    #expect(
      result.remarks.contains("the test would take about")
        && result.remarks.contains("or add --yes"), "\(result.errors)")
    #expect(!FileSystem.exists(folder.file("long")))
  }

  @Test(arguments: [
    ([], "--grid is missing, such as --grid gravity=1..20:11"),
    (["--grid", "mas=1..2:3"], "pendulum-v1 has no parameter 'mas'"),
    (["--grid", "mass=0..2:3"], "grid mass=0..2:3: mass must lie in"),
    (["--grid", "mass=0.5..1.5"], "grid mass=0.5..1.5 must be LOW..HIGH:COUNT"),
    (["--grid", "push=constant:0..2:3"], "perturb push must be impulse"),
    (["--grid", "action-delay=0..1000:2"], "episodes of pendulum-v1 have at most 200 steps"),
    (["--grid", "mass=0.5..1:2", "--samples", "3"], "--samples and --grid can't be combined"),
    (["--samples", "3"], "samples need parameters to draw: --randomize"),
    (["--samples", "0", "--randomize", "mass=0.5..1"], "samples must lie in 1...1000000"),
    (["--grid", "mass=0.5..1:2", "--randomize", "mass=0.5..1"], "mass is an axis of the grid"),
    (["--grid", "mass=0.5..1:2", "-n", "0"], "episodes must lie in 1...10000000 and is 0"),
    (["--grid", "mass=0.5..1:2", "--stochastic"], "has no sampled actions"),
    (["--grid", "mass=0.5..1:2", "--size", "9x9"], "9x9"),
    (["--grid", "mass=0.5..1:2", "--min-worst", "nan"], "--min-worst must be a finite number"),
    (["--grid", "mass=0.5..1:2", "--env", "walker"], "pendulum-energy can't control walker"),
  ]) func mistakesAreRefusedBeforeAFolderExists(extra: [String], words: String) throws {
    let process = try Tool.start(
      ["stress", "pendulum-energy"] + extra + ["--out", "test"], in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 64 && errors.contains(words), "\(errors)")
    #expect(!FileSystem.exists(folder.file("test")))
  }

  @Test func aPushNeedsAPort() throws {
    let result = try stress(
      "zero", "--env", "diagnostic-two-goals", "--grid", "push=constant:0..1:3")
    #expect(
      result.status == 64
        && result.remarks.contains("diagnostic-two-goals has no disturbance that could push it"))
    #expect(!FileSystem.exists(folder.file("stress")))
  }

  @Test func anotherTestsFolderIsLeftAlone() throws {
    #expect(try stress("pendulum-energy", "-g", "mass=0.5..1:2", "-n", "1", "-o", "a").status == 0)
    let before = try folder.text("a/cells.csv")
    let result = try stress("pendulum-energy", "-g", "mass=0.5..1:3", "-n", "1", "-o", "a")
    #expect(result.status == 74 && result.remarks.contains("it contains another stress test"))
    #expect(try folder.text("a/cells.csv") == before)
  }
}
