import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import Testing
import Training

/// Flows, their times and their files.
@Suite struct FlowPolicyTests {
  private static let specification = EnvironmentSpecification(
    identifier: "flow-check", summary: "none",
    observationSpace: .box(low: [-9, -9], high: [9, 9]),
    observationComponents: [.init("x"), .init("y")],
    actionSpace: .box(low: [-2, 1], high: [3, 5]), actionComponents: [.init("a"), .init("b")],
    timeStep: 1, episodeSteps: 10, solvedReturn: nil, source: "none")

  private func makePolicy(
    hidden: [Int] = [8, 8], average: Bool = false, _ change: (inout FlowShape) -> Void = { _ in }
  ) -> FlowPolicy {
    var shape = FlowShape()
    change(&shape)
    var random = RandomStream(seed: 3, name: "flow")
    return FlowPolicy(
      specification: Self.specification, shape: shape, hidden: hidden, activation: .silu,
      usesLayerNorm: false, keepsAverage: average, normalizesObservations: true, random: &random)
  }

  private func act(
    _ policy: FlowPolicy, _ mode: ActionMode, rows: Int = 3, capacity: Int = 3
  ) -> [[Float]] {
    let observations = Matrix(rows: capacity, columns: 2)
    let actions = Matrix(rows: capacity, columns: 2)
    for i in 0..<rows { (observations[i, 0], observations[i, 1]) = (Float(i) - 1, 0.3) }
    var streams = (0..<rows).map { RandomStream(seed: 9, name: "noise", index: $0) }
    policy.makeActor(rows: capacity).act(
      on: observations, rows: rows, mode: mode, streams: &streams, actions: actions)
    return (0..<rows).map { i in (0..<2).map { actions[i, $0] } }
  }

  /// Doubling the angle is as good as a cosine of each.
  @Test(arguments: [Float(0), 0.1, 0.3, 0.77, 1]) func timeFeaturesAreThoseOfTheirFrequencies(
    time: Float
  ) {
    let (stored, features) = (Matrix(rows: 2, columns: 5), Matrix(rows: 2, columns: 12))
    FlowTime(time).store(in: stored, row: 1, column: 2)
    let again = FlowTime(from: stored, row: 1, column: 2)
    #expect(again == FlowTime(time))
    again.writeFeatures(8, to: features, row: 1, column: 3)
    for k in 0..<4 {
      let angle = Double(time) * pow(2, Double(k))
      #expect(abs(Double(features[1, 3 + k]) - cos(angle)) < 3e-6)
      #expect(abs(Double(features[1, 7 + k]) - sin(angle)) < 3e-6)
    }
    #expect(features[1, 2] == 0 && features[1, 11] == 0 && features[0, 3] == 0)
  }

  @Test func timesAreDrawnFromTheirGridOrRange() {
    var random = RandomStream(seed: 1, name: "times")
    let grid = (0..<400).map { _ in FlowTimes.grid.draw(steps: 4, using: &random).time }
    #expect(Set(grid) == [1, 0.75, 0.5, 0.25])
    let means = [Float(1), 3].map { beta in
      let times = (0..<4000).map { _ in
        FlowTimes.continuous(beta: beta).draw(steps: 4, using: &random).time
      }
      #expect(times.allSatisfy { $0 >= 0.005 && $0 <= 0.995 })
      return times.reduce(0, +) / 4000
    }
    // The mean of Beta(1, β) is 1 / (1 + β).
    #expect(abs(means[0] - 0.5) < 0.02 && abs(means[1] - 0.25) < 0.02)
  }

  /// With a constant velocity u the flow ends at ε − u, whatever the number of steps.
  @Test(arguments: [1, 7]) func aConstantVelocityIsIntegratedExactly(steps: Int) {
    let policy = makePolicy(hidden: []) { $0.steps = steps }
    let layer = policy.network.denseLayers[0]
    layer.weight.value.fill(0)
    (layer.bias.value[0, 0], layer.bias.value[0, 1]) = (2, -4)
    policy.network.parametersDidChange()
    let (observations, points) = (Matrix(rows: 2, columns: 2), Matrix(rows: 2, columns: 2))
    (points[1, 0], points[1, 1]) = (0.25, 1)
    FlowIntegrator(policy, rows: 2, steps: steps).integrate(
      policy.network, observations: observations, rows: 2, points: points)
    for (i, start) in [[Float(0), 0], [0.25, 1]].enumerated() {
      #expect(abs(points[i, 0] - (start[0] - 0.5)) < 1e-6)
      #expect(abs(points[i, 1] - (start[1] + 1)) < 1e-6)
    }
  }

  /// The velocity is asked for at the point, observation and time where the flow is.
  @Test func theFlowFollowsItsVelocity() {
    let policy = makePolicy()
    let (network, rows) = (policy.network, 2)
    let (observations, points) = (Matrix(rows: rows, columns: 2), Matrix(rows: rows, columns: 2))
    for i in 0..<rows {
      for j in 0..<2 { (observations[i, j], points[i, j]) = (Float(i) - 0.5, Float(j + i)) }
    }
    let workspace = network.makeWorkspace(rows: 1)
    var expected = (0..<rows).map { i in (0..<2).map { points[i, $0] } }
    let input = Matrix(rows: 1, columns: 12)
    for step in 0..<10 {
      for i in 0..<rows {
        for j in 0..<2 { (input[0, j], input[0, 2 + j]) = (observations[i, j], expected[i][j]) }
        FlowTime(1 - Float(step) / 10).writeFeatures(8, to: input, row: 0, column: 4)
        let output = network.forward(input, rows: 1, in: workspace)
        for j in 0..<2 { expected[i][j] -= 0.1 * 0.25 * output[0, j] }
      }
    }
    FlowIntegrator(policy, rows: rows, steps: 10).integrate(
      network, observations: observations, rows: rows, points: points)
    for i in 0..<rows {
      for j in 0..<2 { #expect(abs(points[i, j] - expected[i][j]) < 1e-5) }
    }
  }

  @Test func onlyStochasticActionsHaveNoise() {
    let policy = makePolicy()
    #expect(act(policy, .deterministic) == act(policy, .deterministic))
    #expect(act(policy, .stochastic) == act(policy, .stochastic), "the streams are the same")
    #expect(act(policy, .stochastic) != act(policy, .deterministic))
    // An action does not depend on others of its batch.
    #expect(act(policy, .stochastic, rows: 2, capacity: 5) == Array(act(policy, .stochastic)[..<2]))
  }

  @Test(arguments: FlowBounds.allCases) func actionsStayWithinTheirBounds(bounds: FlowBounds) {
    let policy = makePolicy {
      $0.bounds = bounds
      $0.actionScale = 0.5
    }
    let (ends, actions) = (Matrix(rows: 4, columns: 2), Matrix(rows: 5, columns: 2))
    for (i, end) in [Float(0), 1, 50, .nan].enumerated() {
      (ends[i, 0], ends[i, 1]) = (end, -end)
    }
    policy.bound(ends, rows: 4, into: actions, firstRow: 1)
    let half: Float = bounds == .tanh ? Float(tanh(0.5)) : 0.5
    #expect(actions[1, 0] == 0.5 && actions[1, 1] == 3)
    #expect(abs(actions[2, 0] - (0.5 + 2.5 * half)) < 1e-6)
    #expect(abs(actions[2, 1] - (3 - 2 * half)) < 1e-6)
    #expect(actions[3, 0] == 3 && actions[3, 1] == 1)
    #expect(actions[4, 0].isNaN && actions[4, 1].isNaN)
  }

  private func saved(_ policy: FlowPolicy) -> TensorArchive {
    var archive = TensorArchive()
    policy.save(to: &archive)
    return archive
  }

  /// Evaluations act with the average, which has weights and frozen parts of its own.
  @Test(arguments: [false, true], [0, 2]) func aFileKeepsThePolicy(
    average: Bool, injections: Int
  ) throws {
    let policy = makePolicy(average: average) { $0.evaluationSteps = 4 }
    for k in 0..<injections {
      for network in [policy.network, policy.average].compactMap({ $0 }) {
        network.inject(network.fresh(seed: 3, purpose: "fresh", index: k))
      }
    }
    let plain = act(policy, .stochastic)
    if let network = policy.average {
      network.parameters.values[0] += 0.5
      network.parametersDidChange()
      #expect(act(policy, .stochastic) != plain)
    }
    let archive = saved(policy)
    let again = try #require(try PolicyReader.read(archive) as? FlowPolicy)
    #expect(saved(again) == archive)
    #expect(again.shape == policy.shape && again.fits(Self.specification))
    for mode in ActionMode.allCases { #expect(act(again, mode) == act(policy, mode)) }
  }

  @Test func impossibleFilesAreRefused() throws {
    let archive = saved(makePolicy(average: true))
    let text = try #require(archive.metadata["policy"])
    for (old, new, reason) in [
      ("\"steps\":10", "\"steps\":0", "impossible sizes"),
      ("\"time-features\":8", "\"time-features\":7", "impossible sizes"),
      ("\"time-features\":8", "\"time-features\":10", "does not fit"),
      ("\"velocity-scale\":0.25", "\"velocity-scale\":-1", "impossible sizes"),
      ("\"action-high\":[3,5]", "\"action-high\":[3]", "impossible sizes"),
      ("\"observations\":2", "\"observations\":0", "impossible sizes"),
      ("\"observations\":2", "\"observations\":3", "does not fit"),
      ("\"hidden\":[8,8]", "\"hidden\":[65536,65536]", "does not fit"),
      ("\"bounds\":\"tanh\"", "\"bounds\":\"fence\"", "can't be read"),
    ] {
      var damaged = archive
      #expect(text.contains(old), "\(text) lacks \(old)")
      damaged.metadata["policy"] = text.replacing(old, with: new)
      let error = #expect(throws: ArchiveError.self) { try FlowPolicy(from: damaged) }
      #expect(error?.description.contains(reason) == true, "\(new): \(String(describing: error))")
    }
    var headless = TensorArchive()
    headless.metadata = archive.metadata
    for (name, tensor) in archive.tensors where !name.hasPrefix("policy-average.0") {
      headless.set(name, tensor.values, shape: tensor.shape)
    }
    #expect(throws: ArchiveError.self) { try FlowPolicy(from: headless) }
  }
}
