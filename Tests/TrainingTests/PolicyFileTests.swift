import LinearAlgebra
import NeuralNetworks
import RLCore
import Testing
import Training

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
      squashedFor: specification, hidden: [6, 6], activation: .relu, usesLayerNorm: false,
      pattern: pattern, logDeviations: -5...2, normalizesObservations: false, random: &random)
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

  @Test func filesWithoutAnArchitectureArePlain() throws {
    let old = try changing(saved(.plain), "\"architecture\":\"plain\",", "")
    #expect(try MLPPolicy(from: old).network.architecture.pattern == .plain)
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
