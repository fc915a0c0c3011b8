import Environments
import Experiments
import Foundation
import LinearAlgebra
import NeuralNetworks
import PolicyExport
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Exported policies act as the suite's own, in Swift, in C and in ONNX.
@Suite struct ExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A policy, as PPO and SAC have them.
  struct Case: CustomTestStringConvertible, Sendable {
    var environment: String
    var isSquashed = false
    var normalizes = true
    var usesLayerNorm = false
    var activation = Activation.tanh
    var hidden = [64, 64]

    var testDescription: String {
      "\(environment)\(isSquashed ? " squashed" : "")\(normalizes ? " normalised" : "")"
        + "\(usesLayerNorm ? " LayerNorm" : "") \(activation)"
    }
  }

  static let cases = [
    Case(environment: "walker"),
    Case(environment: "walker", normalizes: false, activation: .elu),
    Case(environment: "walker", isSquashed: true, normalizes: false, activation: .relu),
    Case(environment: "walker", isSquashed: true, usesLayerNorm: true, activation: .silu),
    Case(environment: "pendulum-v1", isSquashed: true, activation: .relu, hidden: [256, 256]),
    Case(environment: "cartpole-v1"),
  ]

  /// Saves a policy with random weights and statistics, and loads it.
  private func policy(_ item: Case) throws -> StoredPolicy {
    let specification = try Registry.standard.environment(item.environment).specification
    var random = RandomStream(seed: 7, name: "test")
    let policy: MLPPolicy
    if item.isSquashed, case .box(let low, let high) = specification.actionSpace {
      policy = MLPPolicy(
        specification: specification,
        distribution: SquashedGaussian(low: low, high: high, logDeviations: -5...2),
        hidden: item.hidden, activation: item.activation, usesLayerNorm: item.usesLayerNorm,
        initializer: .fanInUniform, normalizesObservations: item.normalizes, random: &random)
    } else {
      policy = MLPPolicy(
        specification: specification, hidden: item.hidden, activation: item.activation,
        usesLayerNorm: item.usesLayerNorm, initialLogDeviation: 0,
        normalizesObservations: item.normalizes, random: &random)
    }
    // Biases and norms begin alike, unlike weights.
    for parameter in policy.network.parameters.parameters where parameter.value.rows == 1 {
      for j in 0..<parameter.value.columns {
        parameter.value[0, j] += random.uniform(from: -0.1, to: 0.1)
      }
    }
    policy.network.parametersDidChange()
    let observations = Matrix(rows: 200, columns: specification.observationWidth)
    for i in 0..<200 {
      for j in 0..<observations.columns { observations[i, j] = random.uniform(from: -1, to: 2) }
    }
    policy.normalizer.update(with: observations, rows: 200)
    var archive = TensorArchive()
    policy.save(to: &archive)
    archive.metadata["agent"] = item.isSquashed ? "sac" : "ppo"
    archive.metadata["steps"] = "1000"
    let path = folder.file("policy.safetensors")
    try FileSystem.write(archive.safetensors, to: path)
    return try StoredPolicy(path)
  }

  private func write(_ stored: StoredPolicy, observations: Int) throws -> PolicyExport {
    let export = try PolicyExport(stored, observations: observations)
    let evaluation = try stored.evaluate(episodes: 2, threads: 1)
    let files = try export.write(
      Set(PolicyExport.Format.allCases), to: folder.file("export"), evaluation: evaluation)
    #expect(files.count == 4)
    return export
  }

  @Test(arguments: cases) func arithmeticIsThatOfTheSuite(item: Case) throws {
    let export = try PolicyExport(policy(item), observations: 10_000)
    #expect(export.observationCount == 10_000)
    #expect(export.greatestDifference <= 1e-6, "\(export.greatestDifference)")
  }

  @Test(arguments: cases) func theHeaderCompilesAndPassesItsOwnTest(item: Case) throws {
    let stored = try policy(item)
    let export = try write(stored, observations: 400)
    let source = """
      #include "policy.h"
      #include <stdio.h>
      int main(void) {
        float observation[POLICY_OBSERVATIONS], action[POLICY_ACTIONS];
        if (policy_self_test()) return 1;
        while (fread(observation, sizeof observation, 1, stdin) == 1) {
          if (policy(observation, action) != action[0]) return 2;
          fwrite(action, sizeof action, 1, stdout);
        }
        return 0;
      }
      """
    try FileSystem.write(Data(source.utf8), to: folder.file("export/main.c"))
    let program = folder.file("program")
    let flags = [
      "-std=c99", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-pedantic", "-Werror",
    ]
    let arguments = flags + [folder.file("export/main.c"), "-lm", "-o", program]
    #expect(try run("clang", arguments).status == 0)
    // As for a microcontroller: no operating system, no library, single precision.
    let bare =
      flags + ["-ffreestanding", "-Wno-unused-function", "-Wdouble-promotion", "-c", "-x", "c"]
      + [folder.file("export/policy.h"), "-o", folder.file("object")]
    #expect(try run("clang", bare).status == 0)
    var random = RandomStream(seed: 3, name: "test")
    let observations = (0..<500).map { _ in
      (0..<export.policy.observationWidth).map { _ in random.uniform(from: -3, to: 3) }
    }
    let input = observations.flatMap { $0 }.withUnsafeBytes { Data($0) }
    let result = try run(program, [], input: input)
    #expect(result.status == 0)
    let actions = result.output.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    let width = export.policy.actionWidth
    try #require(actions.count == 500 * width)
    let scales = export.policy.scales
    for (i, observation) in observations.enumerated() {
      for (j, value) in export.policy.act(on: observation).enumerated() {
        #expect(abs(actions[i * width + j] - value) <= 1e-6 * scales[j])
      }
    }
  }

  @Test func theHeadersTestNoticesAnotherWeight() throws {
    _ = try write(policy(Self.cases[0]), observations: 100)
    var text = try folder.text("export/policy.h")
    let start = try #require(text.range(of: "policy_bias_2[4] = {\n    "))
    text.insert(contentsOf: "0.1f + ", at: start.upperBound)
    try FileSystem.write(Data(text.utf8), to: folder.file("export/policy.h"))
    let source = """
      #include "policy.h"
      int main(void) { return policy_self_test(); }
      """
    try FileSystem.write(Data(source.utf8), to: folder.file("export/main.c"))
    #expect(
      try run("clang", ["-w", folder.file("export/main.c"), "-lm", "-o", folder.file("program")])
        .status == 0)
    #expect(try run(folder.file("program"), []).status == 1)
  }

  @Test(arguments: cases) func theModelIsWhatONNXRuntimeComputes(item: Case) throws {
    guard Python.has("onnxruntime"), Python.has("onnx") else {
      print("skipped: python3 has no onnx and onnxruntime")
      return
    }
    let stored = try policy(item)
    let export = try write(stored, observations: 400)
    try writeRandomActions(of: stored, count: 10_000)
    let check = """
      import json, numpy, onnx, onnxruntime, runpy
      model = onnx.load("policy.onnx")
      onnx.checker.check_model(model, full_check=True)
      assert model.ir_version == 8 and model.opset_import[0].version == 17
      metadata = {entry.key: entry.value for entry in model.metadata_props}
      examples = json.loads(metadata["rlsuite.examples"])
      observations = numpy.array([e["observation"] for e in examples], numpy.float32)
      expected = numpy.array([e["action"] for e in examples])
      session = onnxruntime.InferenceSession("policy.onnx")
      scales = numpy.array(\(export.policy.scales))
      def difference(observations, expected):
        found = session.run(["action"], {"obs": observations})[0].reshape(expected.shape)
        return (abs(found - expected) / scales).max()
      assert difference(observations, expected) <= 1e-6, difference(observations, expected)
      many = numpy.fromfile("observations.bin", "f4").reshape(10000, -1)
      answers = numpy.fromfile("actions.bin", "f4").reshape(10000, -1)
      print(difference(many, answers))
      assert difference(many, answers) <= 1e-6, difference(many, answers)
      example = runpy.run_path("policy.py")["policy"](observations).reshape(expected.shape)
      assert abs(example - expected).max() <= 1e-5, abs(example - expected).max()
      """
    let result = try Python.run(["-c", check], in: folder.file("export"))
    #expect(result.status == 0, "\(result.output)")
    print("\(item): \(result.output)")
  }

  /// Writes random observations, and the suite's own actions for them.
  private func writeRandomActions(of stored: StoredPolicy, count: Int) throws {
    let specification = stored.environment.specification
    let observations = Matrix(rows: count, columns: specification.observationWidth)
    let actions = Matrix(rows: count, columns: specification.actionWidth)
    var random = RandomStream(seed: 4, name: "test")
    for i in 0..<count {
      for j in 0..<observations.columns { observations[i, j] = random.uniform(from: -3, to: 3) }
    }
    var streams: [RandomStream] = []
    stored.policy.makeActor(rows: count).act(
      on: observations, rows: count, mode: .deterministic, streams: &streams, actions: actions)
    for (name, matrix) in [("observations", observations), ("actions", actions)] {
      let numbers = (0..<count).flatMap { Array(matrix.row($0)) }
      try FileSystem.write(
        numbers.withUnsafeBytes { Data($0) }, to: folder.file("export/\(name).bin"))
    }
  }

  @Test func theCardHasFrontMatter() throws {
    let export = try write(policy(Self.cases[0]), observations: 100)
    let card = try folder.text("export/README.md")
    #expect(card.hasPrefix("---\nlibrary_name: rlsuite\ntags:\n- walker\n- ppo\n"))
    #expect(card.contains("      value: ") && card.contains(" +/- "))
    #expect(card.contains("\(export.greatestDifference)"))
  }

  @Test func policiesThatCanNotBeExportedAreRefused() throws {
    let controller = try StoredPolicy("walker-heuristic")
    #expect {
      try PolicyExport(controller)
    } throws: {
      "\($0)".hasSuffix("can be exported, and this one is a controller or planner")
    }
    let specification = try Registry.standard.environment("walker").specification
    var random = RandomStream(seed: 7, name: "test")
    let residual = MLPPolicy(
      specification: specification,
      distribution: DiagonalGaussian(
        low: [-1, -1, -1, -1], high: [1, 1, 1, 1], initialLogDeviation: 0), hidden: [8],
      activation: .relu, usesLayerNorm: false, pattern: .simba, initializer: .fanInUniform,
      normalizesObservations: false, random: &random)
    #expect {
      try ExportedPolicy(residual)
    } throws: { "\($0)".contains("'simba' can't be exported") }
    let shared = MLPPolicy(
      specification: try Registry.standard.environment("quadcopter-swarm").specification,
      hidden: [8], activation: .relu, usesLayerNorm: false, initialLogDeviation: 0,
      normalizesObservations: false, parts: 4, random: &random)
    #expect {
      try ExportedPolicy(shared)
    } throws: { "\($0)".contains("several agents share can't be exported") }
  }

  private func run(
    _ program: String, _ arguments: [String], input: Data = Data()
  ) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    try FileSystem.write(input, to: folder.file("input"))
    process.standardInput = FileHandle(forReadingAtPath: folder.file("input"))
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }
}
