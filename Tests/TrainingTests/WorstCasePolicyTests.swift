import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// The policy that acts as the most pessimistic of those whose case may be the present one.
@Suite struct WorstCasePolicyTests {
  private static let specification = EnvironmentSpecification(
    identifier: "case-check", summary: "none",
    observationSpace: .box(low: [-9, -9], high: [9, 9]),
    observationComponents: [.init("x"), .init("y")],
    actionSpace: .box(low: [-2], high: [6]), actionComponents: [.init("a")],
    timeStep: 1, episodeSteps: 10, solvedReturn: nil, source: "none")

  /// A policy with one action, in units −1...1 and with a standard deviation of e⁻⁵.
  private func policy(_ action: Float) -> MLPPolicy {
    var random = RandomStream(seed: 1, name: "policy")
    let policy = MLPPolicy(
      specification: Self.specification,
      distribution: SquashedGaussian(low: [-2], high: [6], logDeviations: -5...2), hidden: [],
      activation: .relu, usesLayerNorm: false, initializer: .fanInUniform,
      normalizesObservations: false, random: &random)
    policy.network.makeConstant([Float(atanh(Double(action))), -20])
    return policy
  }

  /// A case whose model predicts a change of x by `change` mean changes of 0.5; y never changes.
  private func known(_ action: Float, values: [Float], change: Float) -> WorstCasePolicy.Case {
    WorstCasePolicy.Case(
      policy: policy(action),
      values: values.enumerated().map { .constant("value.\($0)", inputs: 3, outputs: [$1]) },
      model: .constant("model", inputs: 3, outputs: [change, 7]), scales: [0.5, 0])
  }

  private func makePolicy(
    _ cases: [WorstCasePolicy.Case], greatestError: Float = 0.25, memory: Float = 0.5
  ) -> WorstCasePolicy {
    let result = WorstCasePolicy(
      fallback: policy(0), greatestError: greatestError, errorMemory: memory)
    for known in cases { result.add(known) }
    return result
  }

  /// Returns the actions at a sequence of positions x of one episode, in units −1...1.
  private func act(
    _ actor: any PolicyActor, at positions: [Float], mode: ActionMode = .deterministic,
    begins: Bool = true
  ) -> [Float] {
    if begins { actor.beginEpisode(row: 0, seed: 1) }
    var streams = [RandomStream(seed: 2, name: "noise")]
    return positions.map { x in
      let (observation, action) = (Matrix(rows: 1, columns: 2), Matrix(rows: 1, columns: 1))
      (observation[0, 0], observation[0, 1]) = (x, 3)
      actor.act(on: observation, rows: 1, mode: mode, streams: &streams, actions: action)
      return (action[0, 0] - 2) / 4
    }
  }

  private func near(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < tolerance }
  }

  @Test func theCaseWithTheLeastValueActs() {
    // Of a case's critics, the lower one counts: the second case is worth 1, the first 2.
    let first = known(-0.5, values: [2, 3], change: 1)
    let second = known(0.5, values: [4, 1], change: 1)
    #expect(near(act(makePolicy([first, second]).makeActor(rows: 1), at: [0]), [0.5]))
    #expect(near(act(makePolicy([second, first]).makeActor(rows: 1), at: [0]), [0.5]))
    let lower = known(-0.5, values: [0.5, 9], change: 1)
    #expect(near(act(makePolicy([lower, second]).makeActor(rows: 1), at: [0]), [-0.5]))
    #expect(near(act(makePolicy([]).makeActor(rows: 1), at: [0]), [0]))
  }

  /// The model of one case is right if x grows by 0.5 a step, that of the other if it falls.
  @Test func casesAreLeftOutWhoseModelsErr() {
    let rising = known(-0.5, values: [2], change: 1)
    let falling = known(0.5, values: [1], change: -1)
    let actor = makePolicy([rising, falling]).makeActor(rows: 1)
    // Before the first step the one of less value acts; afterwards the one that predicts.
    #expect(near(act(actor, at: [0, 0.5, 1, 1.5]), [0.5, -0.5, -0.5, -0.5]))
    // A new episode forgets the errors.
    #expect(near(act(actor, at: [2, 1.5, 1]), [0.5, 0.5, 0.5]))
    // Neither predicts a standstill, so the fallback acts.
    #expect(near(act(actor, at: [2, 2, 2]), [0.5, 0, 0]))
    // An error of 0.2 is below the greatest, one of 0.3 is not.
    #expect(near(act(actor, at: [0, 0.6]), [0.5, -0.5]))
    #expect(near(act(actor, at: [0, 0.65]), [0.5, 0]))
  }

  /// After an error of 2 with a memory of ½, exact predictions leave 1, 0.5, 0.25 and so on.
  @Test func errorsAreForgottenStepByStep() {
    let rising = known(-0.5, values: [2], change: 1)
    let actor = makePolicy([rising], greatestError: 0.3).makeActor(rows: 1)
    #expect(near(act(actor, at: [0, -0.5, 0, 0.5, 1, 1.5]), [-0.5, 0, 0, 0, -0.5, -0.5]))
  }

  /// Rows have memories of their own, whatever is beside them.
  @Test func rowsAreIndependent() {
    let cases = [known(-0.5, values: [2], change: 1), known(0.5, values: [1], change: -1)]
    let together = makePolicy(cases).makeActor(rows: 2)
    let paths: [[Float]] = [[0, 0.5, 1, 1], [1, 0.5, 0, -0.5]]
    for row in 0..<2 { together.beginEpisode(row: row, seed: 1) }
    var streams = (0..<2).map { RandomStream(seed: 2, name: "noise", index: $0) }
    for step in 0..<4 {
      let (observations, actions) = (Matrix(rows: 2, columns: 2), Matrix(rows: 2, columns: 1))
      for row in 0..<2 { (observations[row, 0], observations[row, 1]) = (paths[row][step], 3) }
      together.act(
        on: observations, rows: 2, mode: .deterministic, streams: &streams, actions: actions)
      for row in 0..<2 {
        let alone = act(
          makePolicy(cases).makeActor(rows: 1), at: Array(paths[row].prefix(step + 1)))
        #expect(abs((actions[row, 0] - 2) / 4 - alone[step]) < 1e-6)
      }
    }
  }

  @Test func stochasticActionsAreThoseOfTheChosenCase() {
    let actor = makePolicy([known(0.5, values: [1], change: 1)]).makeActor(rows: 1)
    let actions = act(actor, at: [0, 0.5, 1], mode: .stochastic)
    #expect(near(actions, [0.5, 0.5, 0.5], 0.05))
    #expect(Set(actions).count == 3)
  }

  @Test func filesHoldEverything() throws {
    let cases = [known(-0.5, values: [2, 3], change: 1), known(0.5, values: [4, 1], change: -1)]
    var archive = TensorArchive()
    makePolicy(cases).save(to: &archive)
    let read = try #require(PolicyReader.read(archive) as? WorstCasePolicy)
    #expect(read.cases.count == 2 && read.greatestError == 0.25 && read.errorMemory == 0.5)
    #expect(read.fits(Self.specification))
    let path: [Float] = [0, 0.5, 1, 1]
    #expect(
      act(read.makeActor(rows: 1), at: path)
        == act(makePolicy(cases).makeActor(rows: 1), at: path))
    var again = TensorArchive()
    read.save(to: &again)
    #expect(again == archive)
    let other = makePolicy([], memory: 0.25)
    #expect(throws: ArchiveError.self) { try other.load(from: archive) }
    let same = makePolicy([])
    try same.load(from: archive)
    #expect(same.cases.count == 2)
  }

  @Test func damagedFilesAreRefused() throws {
    var archive = TensorArchive()
    makePolicy([known(-0.5, values: [2, 3], change: 1)]).save(to: &archive)
    for (old, new) in [
      ("\"cases\":1", "\"cases\":65"), ("\"cases\":1", "\"cases\":-1"),
      ("\"cases\":1", "\"cases\":2"), ("\"critics\":2", "\"critics\":0"),
      ("\"critics\":2", "\"critics\":3"), ("\"critic-hidden\":[]", "\"critic-hidden\":[9]"),
      ("\"critic-hidden\":[]", "\"critic-hidden\":[-1]"),
      ("\"critic-architecture\":\"plain\"", "\"critic-architecture\":\"bro\""),
      ("\"model-hidden\":[]", "\"model-hidden\":[65536]"),
      ("\"greatest-error\":0.25", "\"greatest-error\":-1"),
      ("\"error-memory\":0.5", "\"error-memory\":1"),
      ("\"environment\":\"case-check\"", "\"environment\":\"walker\""),
    ] {
      let text = try #require(archive.metadata["policy"])
      let changed = text.replacingOccurrences(of: old, with: new)
      #expect(changed != text, "\(old) is not in \(text)")
      var bad = archive
      bad.metadata["policy"] = changed
      #expect(throws: ArchiveError.self, "\(new)") { try PolicyReader.read(bad) }
    }
    for name in ["case.0.model.scales", "case.0.model.0.weight", "case.0.value.1.0.bias"] {
      for values in [TensorArchive.Values.floats([.nan, 1]), .floats([-1, -.infinity]), nil] {
        var bad = TensorArchive()
        bad.metadata = archive.metadata
        for (key, tensor) in archive.tensors where key != name || values != nil {
          bad.set(
            key, key == name ? values ?? tensor.values : tensor.values,
            shape: key == name ? nil : tensor.shape)
        }
        #expect(throws: ArchiveError.self, "\(name)") { try PolicyReader.read(bad) }
      }
    }
  }
}
