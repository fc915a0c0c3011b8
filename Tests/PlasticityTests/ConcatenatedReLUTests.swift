import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training

@Suite struct ConcatenatedReLUTests {
  /// A network of n sums with both activations, in double precision: [3, 2 · 4, 1].
  private func loss(_ free: [Double], of agent: FakeAgent) -> Double {
    // Weights [3 × 4], biases [4], then the output's weights [8] and bias.
    var sum = 0.0
    for row in 0..<16 {
      var output = free[24]
      for j in 0..<4 {
        let z = (0..<3).reduce(free[12 + j]) {
          $0 + Double(agent.regression.inputs[row, $1]) * free[$1 * 4 + j]
        }
        output += max(z, 0) * free[16 + j] + max(-z, 0) * free[20 + j]
      }
      let error = output - agent.regression.targets[row]
      sum += error * error
    }
    return sum / 16
  }

  private func freeParameters(_ agent: FakeAgent) -> [Double] {
    let values = agent.values
    let weights = (0..<3).flatMap { i in (0..<4).map { values[0][i * 8 + $0] } }
    return (weights + values[1].prefix(4) + values[2] + values[3]).map { Double($0) }
  }

  private func isTied(_ network: MLP) -> Bool {
    network.denseLayers.dropLast().allSatisfy { layer in
      let half = layer.weight.value.columns / 2
      let weights = (0..<layer.weight.value.rows).allSatisfy { i in
        (0..<half).allSatisfy { layer.weight.value[i, half + $0] == -layer.weight.value[i, $0] }
      }
      return weights
        && (0..<half).allSatisfy { j in
          layer.bias.value[0, half + j] == -layer.bias.value[0, j]
            && layer.norm.map { norm in
              norm.scale.value[0, half + j] == norm.scale.value[0, j]
                && norm.shift.value[0, half + j] == -norm.shift.value[0, j]
            } ?? true
        }
    }
  }

  @Test func theGradientIsThatOfTheSumsTheyShare() throws {
    let agent = try FakeAgent.make(["crelu"], hidden: [8])
    let free = freeParameters(agent)
    agent.step(learningRate: 0)
    let moments = agent.firstMoments
    func numeric(_ k: Int) -> Float {
      var (above, below) = (free, free)
      above[k] += 1e-6
      below[k] -= 1e-6
      return Float((loss(above, of: agent) - loss(below, of: agent)) / 2e-6)
    }
    for i in 0..<3 {
      for j in 0..<4 { #expect(abs(moments[0][i * 8 + j] / 0.1 - numeric(i * 4 + j)) < 1e-4) }
    }
    for j in 0..<4 { #expect(abs(moments[1][j] / 0.1 - numeric(12 + j)) < 1e-4) }
    for j in 0..<8 { #expect(abs(moments[2][j] / 0.1 - numeric(16 + j)) < 1e-4) }
  }

  @Test(
    arguments: [
      [], ["l2-init:strength=0.1"], ["spectral"], ["upgd:noise=0.1"], ["shrink-perturb:every=2"],
      ["reset:every=2"], ["weight-clipping:factor=0.5"],
    ])
  func theHalvesStayOpposite(others: [String]) throws {
    let agent = try FakeAgent.make(["crelu"] + others, layerNorm: true)
    let plain = try FakeAgent.make(layerNorm: true)
    #expect(isTied(agent.network) && isTied(agent.follower) && !isTied(plain.network))
    for _ in 0..<4 {
      agent.step()
      #expect(isTied(agent.network) && isTied(agent.follower))
    }
    #expect(agent.values[0] != plain.values[0])
  }

  /// Wherever it is asked for, what others hold on to is the tied start: their first pull is none.
  @Test(arguments: [["crelu", "wasserstein:strength=1"], ["wasserstein:strength=1", "crelu"]])
  func othersStartFromTiedWeights(texts: [String]) throws {
    let (both, alone) = (try FakeAgent.make(texts), try FakeAgent.make(["crelu"]))
    for agent in [both, alone] { agent.step() }
    #expect(both.values == alone.values)
    for agent in [both, alone] { agent.step() }
    #expect(both.values != alone.values)
  }

  @Test func whatCanNotBePairedIsRefused() throws {
    for (texts, activation, hidden, message) in [
      (["crelu"], Activation.tanh, [8], "and net has [8] of tanh"),
      (["crelu"], .relu, [8, 5], "and net has [8, 5] of relu"),
      (["redo", "crelu"], .relu, [8], "redo and crelu can't share net"),
    ] {
      let error = #expect(throws: ConfigurationError.self) {
        try FakeAgent.make(texts, hidden: hidden, activation: activation)
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
  }
}
