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
