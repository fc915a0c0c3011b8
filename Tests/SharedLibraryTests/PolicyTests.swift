import CRLSuite
import Experiments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Policies act through the C interface as they do in the suite.
@Suite struct PolicyTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("policy.safetensors")
    var random = RandomStream(seed: 5, name: "test")
    let policy = MLPPolicy(
      specification: try Registry.standard.environment("walker").specification, hidden: [16],
      activation: .tanh, usesLayerNorm: false, initialLogDeviation: -1,
      normalizesObservations: true, random: &random)
    var archive = TensorArchive()
    policy.save(to: &archive)
    archive.metadata["agent"] = "ppo"
    try FileSystem.write(archive.safetensors, to: path)
  }

  private func load(_ path: String, environment: String? = nil) throws -> UInt64 {
    var handle: UInt64 = 0
    try expectSuccess(rlsuite_policy_load(path, environment, &handle))
    return handle
  }

  @Test(arguments: [ActionMode.deterministic, .stochastic])
  func actionsAreThoseOfTheSuite(mode: ActionMode) throws {
    let handle = try load(path)
    defer { #expect(rlsuite_destroy(handle) == RLSUITE_OK) }
    let rows = 5
    let observations = Matrix(rows: rows, columns: 24)
    let actions = Matrix(rows: rows, columns: 4)
    var streams = (0..<rows).map { RandomStream(seed: UInt64(90 + $0), name: "evaluation-action") }
    var random = RandomStream(seed: 6, name: "test")
    var flat: [Float] = []
    for i in 0..<rows {
      for j in 0..<24 { observations[i, j] = random.uniform(from: -2, to: 2) }
      flat += observations.row(i)
      try expectSuccess(rlsuite_policy_begin(handle, Int64(i), UInt64(90 + i)))
    }
    try StoredPolicy(path).policy.makeActor(rows: rows).act(
      on: observations, rows: rows, mode: mode, streams: &streams, actions: actions)
    var result = [Float](repeating: 0, count: rows * 4)
    try expectSuccess(
      rlsuite_policy_act(
        handle, flat, Int64(flat.count), Int64(rows), mode == .deterministic ? 1 : 0, &result,
        Int64(result.count)))
    #expect(result == (0..<rows).flatMap { Array(actions.row($0)) })
    #expect(Set(result).count == result.count)
  }

  @Test func controllersActToo() throws {
    let handle = try load("cartpole-swingup-energy")
    defer { #expect(rlsuite_destroy(handle) == RLSUITE_OK) }
    var (text, length) = ([CChar](repeating: 0, count: 2000), Int64(0))
    try expectSuccess(rlsuite_policy_describe(handle, &text, Int64(text.count), &length))
    #expect(
      String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .contains(#""environment":"cartpole-swingup""#))
  }

  @Test func whatCanNotActIsRefused() throws {
    var handle: UInt64 = 9
    #expect(rlsuite_policy_load(folder.file("none"), nil, &handle) == RLSUITE_MISSING)
    try FileSystem.write(Data("what".utf8), to: folder.file("broken.safetensors"))
    #expect(
      rlsuite_policy_load(folder.file("broken.safetensors"), nil, &handle) == RLSUITE_DAMAGED)
    #expect(rlsuite_policy_load(path, "pendulum-v1", &handle) == RLSUITE_USAGE)
    #expect(rlsuite_policy_load("mppi", "pendulum-v1", &handle) == RLSUITE_USAGE)
    #expect(lastError().contains("can't act by observations"))
    #expect(rlsuite_policy_load(nil, nil, &handle) == RLSUITE_USAGE)
    #expect(handle == 9)

    handle = try load(path)
    defer { #expect(rlsuite_destroy(handle) == RLSUITE_OK) }
    var observations = [Float](repeating: 0, count: 24)
    var actions = [Float](repeating: 0, count: 4)
    for (count, rows, results) in [(23, 1, 4), (24, 0, 4), (24, 2, 4), (24, 1, 3), (24, .max, 4)]
      as [(Int64, Int64, Int64)]
    {
      #expect(
        rlsuite_policy_act(handle, observations, count, rows, 1, &actions, results)
          == RLSUITE_USAGE)
    }
    observations[20] = .nan
    #expect(rlsuite_policy_act(handle, observations, 24, 1, 1, &actions, 4) == RLSUITE_USAGE)
    #expect(lastError() == "the observation in row 0 is not finite")
    #expect(rlsuite_policy_begin(handle, -1, 0) == RLSUITE_USAGE)
    #expect(rlsuite_policy_begin(handle, 1 << 40, 0) == RLSUITE_USAGE)
  }
}
