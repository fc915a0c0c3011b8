import LinearAlgebra
import NeuralNetworks
import RLCore
import Testing
import Training
import Storage

/// The architecture of a policy, in its file.
@Suite struct PolicyFileTests {
  private func saved(_ pattern: MLPPattern) -> TensorArchive {
    var random = RandomStream(seed: 1, name: "policy")
    let specification = EnvironmentSpecification(
      identifier: "file-check", summary: "none",
      observationSpace: .box(low: [-9, -9], high: [9, 9]),
      observationComponents: [.init("x"), .init("y")],
      actionSpace: .box(low: [-2], high: [3]), actionComponents: [.init("a")],
      timeStep: 1, episodeSteps: 10, solvedReturn: nil, source: "none")
    let policy = MLPPolicy(
      specification: specification,
      distribution: SquashedGaussian(low: [-2], high: [3], logDeviations: -5...2), hidden: [6, 6],
      activation: .relu, usesLayerNorm: false, pattern: pattern, initializer: .heNormal,
      normalizesObservations: false, random: &random)
    var archive = TensorArchive()
    policy.save(to: &archive)
    return archive
  }

  /// A policy that two agents share, each with an observation of two components and one action.
  private func shared(parts: Int = 2) -> MLPPolicy {
    var random = RandomStream(seed: 1, name: "policy")
    let specification = EnvironmentSpecification(
      identifier: "file-check", summary: "none",
      observationSpace: .box(low: [-9, -9, -9, -9], high: [9, 9, 9, 9]),
      observationComponents: ["x1", "y1", "x2", "y2"].map { .init($0) },
      actionSpace: .box(low: [-2, -2], high: [3, 3]),
      actionComponents: [.init("a1"), .init("a2")], timeStep: 1, episodeSteps: 10,
      solvedReturn: nil, source: "none", agents: 2)
    return MLPPolicy(
      specification: specification, hidden: [6, 6], activation: .tanh, usesLayerNorm: false,
      initialLogDeviation: -1, normalizesObservations: true, parts: parts, random: &random)
  }

  /// Agents that change places change their actions, after a file too, and whatever the statistics of
  /// either place are.
  @Test func agentsShareAPolicy() throws {
    let policy = shared()
    let seen = Matrix(rows: 3, columns: 4)
    for i in 0..<3 {
      for j in 0..<4 { seen[i, j] = Float((i + 1) * (j + 2) % 5) - Float(j) }
    }
    policy.normalizer.update(with: seen, rows: 3)
    let statistics = policy.normalizer.standardization
    for j in 0..<2 {
      let values = (0..<3).flatMap { [seen[$0, j], seen[$0, j + 2]] }
      let mean = values.reduce(0, +) / 6
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 6
      for part in [j, j + 2] {
        #expect(abs(statistics.mean[part] - mean) < 1e-3)
        #expect(abs(statistics.inverseDeviation[part] * variance.squareRoot() - 1) < 1e-3)
      }
    }
    policy.network.parameters.values[3] += 2
    policy.network.parametersDidChange()
    var archive = TensorArchive()
    policy.save(to: &archive)
    #expect(archive.metadata["policy"]?.contains("\"parts\":2") == true)
    for policy in [policy, try MLPPolicy(from: archive)] {
      let actions = act(policy, on: [[0.5, -1, 2, 0.25], [2, 0.25, 0.5, -1]])
      #expect(actions[0] == [actions[1][1], actions[1][0]] && actions[0][0] != actions[0][1])
    }
    let whole = act(shared(parts: 1), on: [[0.5, -1, 2, 0.25], [2, 0.25, 0.5, -1]])
    #expect(whole[0] != [whole[1][1], whole[1][0]])
  }

  private func act(_ policy: MLPPolicy, on rows: [[Float]]) -> [[Float]] {
    let observations = Matrix(rows: rows.count, columns: 4)
    for (i, row) in rows.enumerated() {
      for (j, value) in row.enumerated() { observations[i, j] = value }
    }
    let actions = Matrix(rows: rows.count, columns: 2)
    var streams: [RandomStream] = []
    policy.makeActor(rows: rows.count).act(
      on: observations, rows: rows.count, mode: .deterministic, streams: &streams,
      actions: actions)
    return rows.indices.map { Array(actions.row($0)) }
  }

  @Test(arguments: ["3", "0", "-2"]) func partsThatDoNotFitAreRefused(parts: String) throws {
    var archive = TensorArchive()
    shared().save(to: &archive)
    let changed = try changing(archive, "\"parts\":2", "\"parts\":\(parts)")
    #expect { try MLPPolicy(from: changed) } throws: { "\($0)".contains("impossible sizes") }
    let squashed = try changing(saved(.plain), "\"head\":", "\"parts\":1,\"head\":")
    #expect(throws: Never.self) { try MLPPolicy(from: squashed) }
    let cut = try changing(saved(.plain), "\"head\":", "\"parts\":2,\"head\":")
    #expect { try MLPPolicy(from: cut) } throws: { "\($0)".contains("can't be cut") }
  }

  private func changing(
    _ archive: TensorArchive, _ old: String, _ new: String
  ) throws -> TensorArchive {
    var archive = archive
    let text = try #require(archive.metadata["policy"])
    #expect(text.contains(old))
    archive.metadata["policy"] = text.replacing(old, with: new)
    return archive
  }

  @Test(arguments: MLPPattern.allCases) func theArchitectureIsKept(pattern: MLPPattern) throws {
    let archive = saved(pattern)
    let policy = try MLPPolicy(from: archive)
    #expect(policy.network.architecture.pattern == pattern)
    var again = TensorArchive()
    policy.save(to: &again)
    #expect(again == archive)
    #expect(archive.metadata["policy"]?.contains("\"architecture\":\"\(pattern)\"") == true)
  }

  /// New weights, and what they started from, twice.
  private func injected(_ pattern: MLPPattern) throws -> MLPPolicy {
    let policy = try MLPPolicy(from: saved(pattern))
    for k in 0..<2 {
      policy.network.inject(policy.network.fresh(seed: 3, purpose: "fresh", index: k))
      policy.network.parameters.values[k] += 0.5
      policy.network.parametersDidChange()
    }
    return policy
  }

  @Test(arguments: MLPPattern.allCases) func injectedPoliciesActTheSameAfterAFile(
    pattern: MLPPattern
  ) throws {
    func actions(_ policy: MLPPolicy) -> [Float] {
      let (observations, actions) = (Matrix(rows: 3, columns: 2), Matrix(rows: 3, columns: 1))
      for i in 0..<3 { (observations[i, 0], observations[i, 1]) = (Float(i) - 1, 0.3) }
      var streams: [RandomStream] = []
      policy.makeActor(rows: 3).act(
        on: observations, rows: 3, mode: .deterministic, streams: &streams, actions: actions)
      return (0..<3).map { actions[$0, 0] }
    }
    let policy = try injected(pattern)
    let network = policy.network
    #expect(
      network.injections == 2
        && network.frozenParts.map(\.isSubtracted) == [true, false, true, false])
    var archive = TensorArchive()
    policy.save(to: &archive)
    let again = try MLPPolicy(from: archive)
    #expect(again.network.injections == 2)
    #expect(actions(again) == actions(policy))
    var twice = TensorArchive()
    again.save(to: &twice)
    #expect(twice == archive)
    let plain = try MLPPolicy(from: saved(pattern))
    #expect(actions(plain) != actions(policy))
    // What is loaded into a policy that is there replaces its parts.
    try again.load(from: saved(pattern))
    #expect(again.network.injections == 0 && actions(again) == actions(plain))
    try plain.load(from: archive)
    #expect(actions(plain) == actions(policy))
  }

  @Test func impossibleInjectionsAreRefused() throws {
    var archive = TensorArchive()
    try injected(.plain).save(to: &archive)
    for (name, values) in [
      ("policy.injections", TensorArchive.Values.words([3])),
      ("policy.injections", .words([0])), ("policy.injections", .words([1 << 60])),
      ("policy.injections", .floats([2])), ("policy.frozen.2.1.bias", .floats([1])),
    ] {
      var damaged = TensorArchive()
      damaged.metadata = archive.metadata
      for (key, tensor) in archive.tensors {
        damaged.set(
          key, key == name ? values : tensor.values, shape: key == name ? nil : tensor.shape)
      }
      #expect(throws: ArchiveError.self) { try MLPPolicy(from: damaged) }
    }
    var turned = TensorArchive()
    turned.metadata = archive.metadata
    for (key, tensor) in archive.tensors {
      let isTurned = key == "policy.frozen.1.0.weight"
      turned.set(key, tensor.values, shape: isTurned ? tensor.shape.reversed() : tensor.shape)
    }
    #expect(throws: ArchiveError.self) { try MLPPolicy(from: turned) }
  }

  @Test func filesWithoutAnArchitectureArePlain() throws {
    let old = try changing(saved(.plain), "\"architecture\":\"plain\",", "")
    #expect(try MLPPolicy(from: old).network.architecture.pattern == .plain)
  }

  /// The kind says who reads a file; files from before there was a choice hold a perceptron.
  @Test func theKindOfPolicyChoosesTheReader() throws {
    let archive = saved(.plain)
    #expect(try PolicyReader.read(archive) is MLPPolicy)
    let old = try changing(archive, "\"kind\":\"mlp\",", "")
    #expect(try PolicyReader.read(old) is MLPPolicy)
    let foreign = try changing(archive, "\"kind\":\"mlp\"", "\"kind\":\"oracle\"")
    let error = #expect(throws: ArchiveError.self) { try PolicyReader.read(foreign) }
    #expect(error?.description.contains("kind 'oracle', which is none of mlp") == true)
    let own = PolicyReader("oracle") { _ throws(ArchiveError) in try MLPPolicy(from: archive) }
    #expect(try PolicyReader.read(foreign, readers: [own]) is MLPPolicy)
    #expect(throws: ArchiveError.self) { try PolicyReader.read(TensorArchive()) }
  }

  @Test func impossibleArchitecturesAreRefused() throws {
    for (old, new, reason) in [
      ("\"simba\"", "\"gothic\"", "none of plain, simba, bro"),
      ("\"simba\"", "\"plain\"", "does not fit the policy description"),
      ("\"simba\"", "7", "can't be read"),
      ("[6,6]", "[6,7]", "blocks of several widths or none"),
      ("[6,6]", "[]", "blocks of several widths or none"),
      ("[6,6]", "[6]", "does not fit the policy description"),
      ("[6,6]", "[65536,65536]", "does not fit the policy description"),
    ] {
      let bad = try changing(saved(.simba), old, new)
      let error = #expect(throws: ArchiveError.self) { try MLPPolicy(from: bad) }
      #expect(error?.description.contains(reason) == true, "\(new): \(String(describing: error))")
    }
  }
}
