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
    let grid = (0..<400).map { _ in FlowTimes.grid.time(at: random.uniform(), steps: 4).time }
    #expect(Set(grid) == [1, 0.75, 0.5, 0.25])
    let means = [Float(1), 3].map { beta in
      let times = (0..<4000).map { _ in
        FlowTimes.continuous(beta: beta).time(at: random.uniform(), steps: 4).time
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

  /// Without the network's part, actions are normal with the initial deviation; Euler's method makes
  /// them narrower, by 12 % from a deviation of 1.
  @Test func anUntrainedFlowHasItsInitialDeviation() {
    for (deviation, method, range) in [
      (Float(1), FlowMethod.midpoint, 0.998...1.002 as ClosedRange<Float>),
      (0.3, .midpoint, 0.995...1), (1, .euler, 0.87...0.89), (0.3, .euler, 0.81...0.83),
    ] {
      let policy = makePolicy {
        $0.initialDeviation = deviation
        $0.method = method
      }
      policy.network.parameters.values.fill(0)
      policy.network.parametersDidChange()
      let (observations, points) = (Matrix(rows: 1, columns: 2), Matrix(rows: 1, columns: 2))
      (points[0, 0], points[0, 1]) = (1, -2)
      FlowIntegrator(policy, rows: 1, steps: 10).integrate(
        policy.network, observations: observations, rows: 1, points: points)
      #expect(range.contains(points[0, 0] / deviation), "\(deviation), \(method)")
      #expect(abs(points[0, 1] + 2 * points[0, 0]) < 1e-5)
    }
  }

  /// Between noise and an action of N(0, σ²), the regression of ε − a on x has its closed form.
  @Test func theLinearVelocityIsARegression() {
    var random = RandomStream(seed: 1, name: "regression")
    for (time, deviation) in [(Float(0.2), Float(0.5)), (0.7, 0.5), (0.4, 1)] {
      var (product, square) = (Float(0), Float(0))
      for _ in 0..<40_000 {
        let (noise, second) = random.normalPair()
        let action = deviation * second
        let x = time * noise + (1 - time) * action
        product += x * (noise - action)
        square += x * x
      }
      let expected = FlowTime(time).linearVelocity(deviation: deviation)
      #expect(abs(product / square - expected) < 0.02)
    }
    #expect(FlowTime(0.3).linearVelocity(deviation: nil) == 0)
  }

  /// Paired samples of a rollout: opposite noise at one time, and one time in each part of 0...1.
  @Test(arguments: [4, 5]) func pairedSamplesHaveOppositeNoiseAtSpreadTimes(samples: Int) throws {
    let policy = makePolicy()
    policy.pairsLossSamples = true
    policy.lossTimes = .continuous(beta: 1)
    let rollout = RolloutBuffer(
      environments: 2, steps: 1, observationWidth: 2, actionWidth: 2,
      columns: policy.columns(samples: samples, keepsFlows: false), episodeSteps: 10)
    var streams = (0..<2).map { RandomStream(seed: 5, name: "pairs", index: $0) }
    policy.makeRolloutActor(rows: 2, rollout: rollout).act(
      on: Matrix(rows: 2, columns: 2),
      for: RolloutBlock(rollout: rollout, environments: 0..<2, step: 0), streams: &streams,
      actions: Matrix(rows: 2, columns: 2))
    let times = try #require(rollout.column(FlowPolicy.timesColumn))
    let noise = try #require(rollout.column(FlowPolicy.noiseColumn))
    let pairs = (samples + 1) / 2
    for row in 0..<2 {
      for i in 0..<samples {
        let quantile = (times[row, 3 * i] - 0.005) / 0.99 * Float(pairs)
        #expect(quantile >= Float(i / 2) - 1e-4 && quantile <= Float(i / 2 + 1) + 1e-4)
        let other = i ^ 1
        guard other < samples else { continue }
        #expect(times[row, 3 * i] == times[row, 3 * other])
        for j in 0..<2 { #expect(noise[row, 2 * i + j] == -noise[row, 2 * other + j]) }
      }
      #expect(noise[row, 0] != 0 && noise[row, 0] != noise[row, 4])
    }
    #expect(times[0, 0] != times[1, 0] && noise[0, 0] != noise[1, 0])
  }

  /// The velocity is asked for at the point, observation and time where the flow is.
  @Test(arguments: [(FlowMethod.euler, nil), (.euler, 0.5), (.midpoint, nil), (.midpoint, 0.5)])
  func theFlowFollowsItsVelocity(method: FlowMethod, deviation: Float?) {
    let policy = makePolicy {
      $0.method = method
      $0.initialDeviation = deviation
    }
    let (network, rows) = (policy.network, 2)
    let (observations, points) = (Matrix(rows: rows, columns: 2), Matrix(rows: rows, columns: 2))
    for i in 0..<rows {
      for j in 0..<2 { (observations[i, j], points[i, j]) = (Float(i) - 0.5, Float(j + i)) }
    }
    let workspace = network.makeWorkspace(rows: 1)
    var expected = (0..<rows).map { i in (0..<2).map { points[i, $0] } }
    let input = Matrix(rows: 1, columns: 12)
    func velocity(_ i: Int, _ point: [Float], _ time: Float) -> [Float] {
      for j in 0..<2 { (input[0, j], input[0, 2 + j]) = (observations[i, j], point[j]) }
      let time = FlowTime(time)
      time.writeFeatures(8, to: input, row: 0, column: 4)
      let output = network.forward(input, rows: 1, in: workspace)
      let linear = time.linearVelocity(deviation: deviation)
      return (0..<2).map { 0.25 * output[0, $0] + linear * point[$0] }
    }
    for step in 0..<10 {
      let time = 1 - Float(step) / 10
      for i in 0..<rows {
        var change = velocity(i, expected[i], time)
        if method == .midpoint {
          let middle = (0..<2).map { expected[i][$0] - 0.05 * change[$0] }
          change = velocity(i, middle, time - 0.05)
        }
        for j in 0..<2 { expected[i][j] -= 0.1 * change[j] }
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
    let policy = makePolicy(average: average) {
      $0.evaluationSteps = 4
      if average { ($0.method, $0.initialDeviation) = (.midpoint, 0.5) }
    }
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
      ("\"steps\":10", "\"initial-deviation\":0,\"steps\":10", "impossible sizes"),
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
