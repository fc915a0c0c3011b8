import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing

/// Penalties, by the gradients that reach Adam's first moment.
@Suite struct PenaltyTests {
  /// What a penalty adds to the gradient of each parameter after some steps away from the start, and
  /// the parameters at that moment.
  private func added(
    _ text: String, warmUp: Int = 3, warmUpRate: Float = 0.05, layerNorm: Bool = false
  ) throws -> (added: [[Float]], values: [[Float]], initial: [[Float]]) {
    let agent = try FakeAgent.make([text], layerNorm: layerNorm)
    let initial = agent.values
    for _ in 0..<warmUp { agent.step(learningRate: warmUpRate) }
    let (values, before) = (agent.values, agent.firstMoments)
    agent.regression.computeGradient()
    let loss = agent.network.parameters.gradients.array
    let gradients = agent.network.parameters.parameters.map { numbers($0.gradient) }
    agent.optimizer.step(learningRate: 0, gradientScale: 0.5)
    #expect(agent.network.parameters.gradients.array == loss, "probes read the loss's gradient")
    let after = agent.firstMoments
    let added = gradients.indices.map { p in
      gradients[p].indices.map { k in
        (after[p][k] - 0.9 * before[p][k]) / 0.1 - 0.5 * gradients[p][k]
      }
    }
    return (added, values, initial)
  }

  @Test func l2AddsTheParametersTimesItsStrength() throws {
    let result = try added("l2:strength=0.3", layerNorm: true)
    for (added, values) in zip(result.added, result.values) {
      #expect(distance(added, values.map { 0.3 * $0 }) < 1e-5)
    }
  }

  @Test func l2InitPullsTowardsTheStart() throws {
    let result = try added("l2-init:strength=0.3")
    #expect(distance(result.values[0], result.initial[0]) > 0.05)
    for p in result.added.indices {
      let expected = zip(result.values[p], result.initial[p]).map { 0.6 * ($0 - $1) }
      #expect(distance(result.added[p], expected) < 1e-5)
    }
  }

  @Test func wassersteinPullsTheSortedNumbers() throws {
    let result = try added("wasserstein:strength=0.3", warmUp: 6)
    var isReordered = false
    for p in result.added.indices {
      let (values, initial) = (result.values[p], result.initial[p].sorted())
      // The rank of a number is how many are smaller, earlier ones among equals.
      let expected = values.indices.map { k -> Float in
        let rank = values.indices.count { j in
          values[j] < values[k] || (values[j] == values[k] && j < k)
        }
        isReordered = isReordered || result.initial[p][k] != initial[rank]
        return 0.6 * (values[k] - initial[rank])
      }
      #expect(distance(result.added[p], expected) < 1e-5)
    }
    #expect(isReordered, "otherwise it would be l2-init")
  }

  /// Against derivatives of the penalty by singular values of double precision.
  @Test(arguments: [2, 1.5]) func spectralFollowsTheLargestSingularValue(power: Double) throws {
    // Without steps the power iteration settles on the weights as they are.
    let result = try added(
      "spectral:strength=0.3,power=\(power)", warmUp: 400, warmUpRate: 0, layerNorm: true)
    let shapes = [(3, 8), (1, 8), (1, 8), (1, 8), (8, 6), (1, 6), (1, 6), (1, 6), (6, 1), (1, 1)]
    for (p, (rows, columns)) in shapes.enumerated() {
      let values = result.values[p].map { Double($0) }
      func penalty(_ numbers: [Double]) -> Double {
        if rows > 1 {
          let sigma = LAPACK.singularValues(numbers, rows: rows, columns: columns)[0]
          let excess = ScalarMaths.pow(sigma, power) - 1
          return 0.3 * excess * excess
        }
        return 0.3 * ScalarMaths.pow(numbers.reduce(0) { $0 + $1 * $1 }, power)
      }
      let isNorm = [2, 3, 6, 7].contains(p)
      for k in values.indices {
        var (above, below) = (values, values)
        above[k] += 1e-5
        below[k] -= 1e-5
        let expected = isNorm ? 0 : (penalty(above) - penalty(below)) / 2e-5
        #expect(abs(Double(result.added[p][k]) - expected) < 2e-3, "parameter \(p), \(k)")
      }
    }
  }
}
