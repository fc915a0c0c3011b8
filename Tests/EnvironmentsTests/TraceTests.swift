import Environments
import Foundation
import RLCore
import TestSupport
import Testing
import Traces

/// Traces: recorded lines come back equal, damaged ones are refused.
@Suite struct TraceTests {
  private func process(_ file: String) throws -> [TraceResult] {
    var engine = try TraceEngine()
    return try Fixture.lines(file).map { try engine.process($0) }
  }

  @Test(
    arguments: [
      "cartpole_v1.jsonl", "pendulum_v1.jsonl", "acrobot_v1.jsonl", "mountain_car_v0.jsonl",
      "mountain_car_continuous_v0.jsonl", "numpy_pcg64.jsonl",
    ])
  func closedFormRecordingsAreReproducedExactly(file: String) throws {
    let results = try process(file)
    let metadata = try Fixture.lines(file)[0]
    #expect(results[0].isMetadata && results[0].line == metadata)
    for result in results.dropFirst() {
      #expect(!result.comparisons.isEmpty)
      for comparison in result.comparisons { #expect(comparison.isExact, "\(comparison)") }
    }
  }

  @Test(arguments: WalkerEpisode.files)
  func walkerRecordingsPass(file: String) throws {
    for result in try process(file).dropFirst() {
      #expect(result.passes)
      for field in ["terrain_y", "obstacles", "hull_force"] {
        let comparison = try #require(result.comparisons.first { $0.field == field })
        #expect(comparison.isExact, "\(comparison)")
      }
      #expect(result.comparisons.contains { $0.field == "hull" && $0.tolerance == nil })
    }
  }

  @Test func landerRecordingsPass() throws {
    let results = try process("lunar_lander.jsonl").dropFirst()
    #expect(results.count == 25)
    for result in results {
      #expect(result.passes, "\(result.comparisons)")
      for field in ["heights_raw", "edges", "init_force", "dispersion0", "dispersion"] {
        let comparison = try #require(result.comparisons.first { $0.field == field })
        #expect(comparison.isExact, "\(comparison)")
      }
    }
  }

  @Test func seededResetsEqualGymnasiums() throws {
    let results = try process("seeded_resets.jsonl").dropFirst()
    #expect(results.count { $0.skipReason == nil } == 36)
    for result in results where result.skipReason == nil {
      #expect(result.passes, "\(result.comparisons)")
      #expect(result.comparisons.count == 2)
      if !result.line.contains("Walker") && !result.line.contains("Lander") {
        for comparison in result.comparisons { #expect(comparison.isExact, "\(comparison)") }
      }
    }
  }

  @Test func seededResetsOfClassicControlEqualGymnasiums() throws {
    let results = try process("seeded_resets_2.jsonl").dropFirst()
    #expect(results.count == 18)
    for result in results {
      #expect(result.skipReason == nil && result.comparisons.count == 2)
      for comparison in result.comparisons { #expect(comparison.isExact, "\(comparison)") }
    }
  }

  /// What a trace writes, a trace accepts as exact.
  @Test(arguments: TraceEngine.identifiers)
  func ownLinesComeBackEqual(identifier: String) throws {
    let entry = try #require(EnvironmentRegistry.find(identifier))
    var random = NumPyRandom(seed: 3)
    let rows = (0..<30).map { _ -> String in
      switch entry.specification.actionSpace {
      case .discrete(let count): String(random.integers(0, count))
      case .box(let low, let high):
        "["
          + low.indices.map {
            Float(random.uniform(Double(low[$0]), Double(high[$0]))).description
          }.joined(separator: ",") + "]"
      }
    }
    let line = #"{"seed":12,"actions":[\#(rows.joined(separator: ","))]}"#
    var engine = try TraceEngine(environment: identifier)
    let first = try engine.process(line)
    #expect(first.comparisons.isEmpty)
    let second = try engine.process(first.line)
    #expect(second.line == first.line)
    #expect(second.comparisons.count >= 5)
    for comparison in second.comparisons { #expect(comparison.isExact, "\(comparison)") }

    // A recording that differs anywhere must not pass.
    let hash = try #require(try JSONValue.parse(first.line)["state_hash"])
    let forged = first.line.replacing(hash.text, with: "\"0\"")
    #expect(try !engine.process(forged).passes)
  }

  @Test func recordedStatesStartEpisodes() throws {
    var engine = try TraceEngine(environment: "quadcopter")
    let result = try engine.process(
      #"{"state0":[0.5,0,1.5,0,0.1,0],"actions":[[0,0],[0.1,-0.1]],"obs0":[0.5,0,0.5,0,0.1,0,0,0]}"#
    )
    #expect(result.passes && result.comparisons.first?.count == 8)
    engine = try TraceEngine(environment: "cartpole")
    #expect(
      try engine.process(#"{"state0":[0,0,0.1,0],"actions":[1],"obs0":[0,0,0.1,0]}"#).passes)
  }

  @Test func differencesAreFound() throws {
    var engine = try TraceEngine(environment: "cartpole-v1")
    let line = #"{"state0":[0,0,0,0],"actions":[1,1],"reward":[1,2],"terminated":[false]}"#
    let result = try engine.process(line)
    #expect(!result.passes)
    let reward = try #require(result.comparisons.first { $0.field == "reward" })
    #expect(reward.maximumError == 1 && reward.firstDifference == 1 && reward.exactCount == 1)
    let flags = try #require(result.comparisons.first { $0.field == "terminated" })
    #expect(!flags.hasSameShape && !flags.passes)
  }

  /// What the end means, and that steps after it change nothing.
  @Test func theEndIsNamed() throws {
    var engine = try TraceEngine(environment: "cartpole-v1")
    func end(_ line: String) throws -> JSONValue? {
      try JSONValue.parse(engine.process(line).line)["end"]
    }
    #expect(try end(#"{"state0":[0,0,0.2,3],"actions":[1,1,1]}"#) == .string("fell"))
    #expect(try end(#"{"state0":[2.39,3,0,0],"actions":[1,1]}"#) == .string("out of bounds"))
    #expect(try end(#"{"state0":[0,0,0,0],"actions":[1]}"#) == .string("left unfinished"))
    let wrong = try engine.process(#"{"state0":[0,0,0.2,3],"actions":[1],"end":"goal reached"}"#)
    #expect(!wrong.passes)
  }

  @Test func parametersOfALineAct() throws {
    var engine = try TraceEngine(environment: "pendulum-v1")
    let plain = try engine.process(#"{"seed":1,"actions":[1]}"#)
    let heavy = try engine.process(#"{"seed":1,"actions":[1],"parameters":{"mass":2}}"#)
    let plainStates = try JSONValue.parse(plain.line)["states"]
    #expect(try JSONValue.parse(heavy.line)["states"] != plainStates)
  }

  @Test(arguments: [
    "", "{", "[]", "nul", #"{"seed":}"#, #"{"seed":1,"actions":[0"#, #"{"seed":01,"actions":[]}"#,
    #"{"seed":-1,"actions":[0]}"#, #"{"seed":1}"#, #"{"actions":[0]}"#,
    #"{"seed":1,"actions":0}"#, #"{"seed":1,"actions":[[0,1]]}"#, #"{"seed":1,"actions":[2]}"#,
    #"{"seed":1,"actions":[1e999]}"#, #"{"seed":1,"actions":["0"]}"#,
    #"{"seed":1,"actions":[0.5]}"#, #"{"state0":[0,0,0],"actions":[0]}"#,
    #"{"seed":1,"actions":[0],"parameters":{"colour":1}}"#,
    #"{"seed":1,"actions":[0],"parameters":{"gravity":-9}}"#, #"{"a":"\ud800"}"#,
    #"{"seed":18446744073709551616,"actions":[0]}"#,
    String(repeating: "[", count: 100_000), #"{"kind":7}"#, "{\"seed\u{0}\":1}",
  ])
  func damagedLinesAreRefused(line: String) throws {
    for identifier in ["cartpole-v1", "cartpole"] {
      var engine = try TraceEngine(environment: identifier)
      #expect(throws: TraceError.self) { try engine.process(line) }
    }
  }

  @Test(arguments: [
    #""terrain_y":[1,2]"#, #""seed":1,"terrain_y":"flat""#,
    #""terrain_y":[\#(flat)],"obstacles":[[0,0,1,1,2,2,3,3]]"#,
    #""terrain_y":[\#(flat)],"obstacles":[[0,0,0,0,0,0,0,0]]"#,
    #""terrain_y":[\#(flat)],"obstacles":[[0,0,1,0]]"#,
    #""terrain_y":[\#(flat)],"obstacles":[[9,0,9.002,0,9.002,900,9,900]]"#,
    #""terrain_y":[\#(flat)],"obstacles":[[1e30,0,2e30,0,2e30,1e30,1e30,1e30]]"#,
    #""terrain_y":[\#(flat)],"hull_force":1e30"#, #""hull_force":1"#,
  ])
  func damagedTerrainsAreRefused(members: String) throws {
    var engine = try TraceEngine(environment: "walker")
    #expect(throws: TraceError.self) {
      try engine.process("{\(members),\"actions\":[[0,0,0,0]]}")
    }
  }

  private static let flat = [String](repeating: "3", count: 200).joined(separator: ",")

  @Test func everyTruncationOfALineIsRefusedOrRead() throws {
    let line = try Fixture.lines("cartpole_v1.jsonl")[1]
    var engine = try TraceEngine(environment: "cartpole-v1")
    for length in 0..<min(line.utf8.count, 2000) {
      let part = String(decoding: line.utf8.prefix(length), as: UTF8.self)
      #expect(throws: TraceError.self) { try engine.process(part) }
    }
  }

  @Test func unknownFilesAndEnvironmentsAreNamed() throws {
    #expect(throws: TraceError.self) { try TraceEngine(environment: "walkr") }
    var engine = try TraceEngine()
    #expect(throws: TraceError.noEnvironment) { try engine.process(#"{"seed":1}"#) }
    #expect(throws: TraceError.unsupportedKind("car_racing_v3")) {
      try engine.process(#"{"kind":"car_racing_v3"}"#)
    }
  }
}
