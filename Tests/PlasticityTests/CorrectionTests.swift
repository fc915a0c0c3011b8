import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training

/// What is done to parameters after a step, and what is left alone.
@Suite struct CorrectionTests {
  @Test(arguments: [false, true])
  func clippedWeightsStayWithinTheirBound(sparesOutput: Bool) throws {
    let text = "weight-clipping:factor=1.1" + (sparesOutput ? ",output=0" : "")
    let clipped = try FakeAgent.make([text], layerNorm: true)
    let plain = try FakeAgent.make(layerNorm: true)
    for agent in [clipped, plain] { agent.step(learningRate: 0.2) }
    // Whatever the weights start from: here they are uniform in ±√(3 / fan in).
    let fanIn = [3, 3, nil, nil, 8, 8, nil, nil] + (sparesOutput ? [nil, nil] : [6, 6])
    var (cut, kept) = (0, 0)
    for (p, fanIn) in fanIn.enumerated() {
      let bound = fanIn.map { 1.1 / Float($0).squareRoot() } ?? .infinity
      for (value, expected) in zip(clipped.values[p], plain.values[p]) {
        #expect(value == min(max(expected, -bound), bound))
        if abs(expected) > bound { cut += 1 } else { kept += 1 }
      }
    }
    #expect(cut > 0 && kept > 0)
    #expect(clipped.firstMoments == plain.firstMoments)
    #expect(clipped.secondMoments == plain.secondMoments)
  }

  /// The default is the authors' in their PPO.
  @Test func weightsAreClippedAtThreeByDefault() throws {
    let (clipped, plain) = (
      try FakeAgent.make(["weight-clipping"]), try FakeAgent.make(["weight-clipping:factor=3"])
    )
    for agent in [clipped, plain] { for _ in 0..<2 { agent.step(learningRate: 1) } }
    #expect(clipped.values == plain.values)
    let bounds = [3, 3, 8, 8, 6, 6].map { 3 / Float($0).squareRoot() }
    for (values, bound) in zip(clipped.values, bounds) {
      #expect(values.allSatisfy { abs($0) <= bound })
    }
    #expect(clipped.values[4].contains(bounds[4]) || clipped.values[4].contains(-bounds[4]))
  }

  @Test(arguments: [false, true])
  func projectedWeightsKeepTheirNormAndDirection(includesOutput: Bool) throws {
    let projected = try FakeAgent.make(
      ["normalize-project" + (includesOutput ? ":output=1" : "")], layerNorm: true)
    let initial = projected.values
    let plain = try FakeAgent.make(layerNorm: true)
    for agent in [projected, plain] { agent.step(learningRate: 0.2) }
    func norm(_ numbers: [Float]) -> Float { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    for p in initial.indices {
      let ratio = norm(initial[p]) / norm(plain.values[p])
      let isProjected = (includesOutput ? [0, 4, 8] : [0, 4]).contains(p)
      let factor = isProjected ? ratio : 1
      #expect(distance(projected.values[p], plain.values[p].map { factor * $0 }) < 1e-5)
      if [0, 4, 8].contains(p) { #expect(abs(ratio - 1) > 1e-3) }
    }
    #expect(projected.firstMoments == plain.firstMoments)
  }

  @Test func weightsShrinkTowardsNewOnesWhenItIsTime() throws {
    let shrunk = try FakeAgent.make(["shrink-perturb:keep=0.75,every=3"])
    let plain = try FakeAgent.make()
    for step in 1...3 {
      for agent in [shrunk, plain] { agent.step() }
      if step < 3 { #expect(shrunk.values == plain.values) }
    }
    let fresh = plain.network.fresh(
      seed: FakeAgent.seed, purpose: "intervention.shrink-perturb.net", index: 3)
    for (p, parameter) in fresh.parameters.parameters.enumerated() {
      let expected = zip(plain.values[p], numbers(parameter.value)).map { 0.75 * $0 + 0.25 * $1 }
      #expect(distance(shrunk.values[p], expected) < 1e-6)
    }
    #expect(shrunk.firstMoments == plain.firstMoments && shrunk.optimizer.stepCount == 3)
  }

  @Test func noiseHasItsDeviation() throws {
    let noisy = try FakeAgent.make(
      ["shrink-perturb:keep=1,every=1,noise=0.5"], hidden: [64, 64])
    let plain = try FakeAgent.make(hidden: [64, 64])
    for agent in [noisy, plain] { agent.step() }
    let noise = zip(noisy.values[2], plain.values[2]).map { Double($0 - $1) }
    let deviation = (noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count)).squareRoot()
    #expect(abs(deviation - 0.5) < 0.03 && abs(noise.reduce(0, +) / 4096) < 0.03)
    #expect(hasCleanPadding(noisy))
  }

  @Test func equalBetasAreThoseOfAdam() throws {
    let equal = try FakeAgent.make(["equal-betas:beta=0.95"])
    let plain = try FakeAgent.make()
    let reference = Optimizer(
      plain.network.parameters, .adam(AdamConfiguration(beta1: 0.95, beta2: 0.95)))
    for _ in 0..<3 {
      equal.step()
      plain.regression.computeGradient()
      reference.step(learningRate: 0.01)
      plain.network.parametersDidChange()
    }
    #expect(equal.values == plain.values)
    #expect(
      equal.optimizer.rule == .adam(AdamConfiguration(beta1: 0.95, beta2: 0.95, epsilon: 1e-8)))
  }

  /// Three steps by the formula in double precision, without noise.
  @Test func upgdStepsByItsRule() throws {
    let agent = try FakeAgent.make(
      ["upgd:noise=0,utility-decay=0.9,weight-decay=0.1,beta1=0.8,beta2=0.95,epsilon=0.001"])
    var weights = agent.values.map { $0.map { Double($0) } }
    let zeros = weights.map { $0.map { _ in 0.0 } }
    var (utilities, first, second) = (zeros, zeros, zeros)
    for time in 1...3 {
      agent.regression.computeGradient()
      let gradients = agent.network.parameters.parameters.map { numbers($0.gradient) }
      agent.step(learningRate: 0.01, gradientScale: 0.5)
      var greatest = -Double.infinity
      for p in weights.indices {
        for k in weights[p].indices {
          let g = 0.5 * Double(gradients[p][k])
          utilities[p][k] = 0.9 * utilities[p][k] - 0.1 * g * weights[p][k]
          first[p][k] = 0.8 * first[p][k] + 0.2 * g
          second[p][k] = 0.95 * second[p][k] + 0.05 * g * g
          greatest = max(greatest, utilities[p][k])
        }
      }
      let t = Double(time)
      for p in weights.indices {
        for k in weights[p].indices {
          let share = greatest > 0 ? utilities[p][k] / greatest : 0
          let free = 1 - 1 / (1 + ScalarMaths.exp(-share))
          let mean = first[p][k] / (1 - ScalarMaths.pow(0.8, t))
          let square = second[p][k] / (1 - ScalarMaths.pow(0.95, t))
          weights[p][k] =
            (1 - 0.01 * 0.1) * weights[p][k]
            - 2 * 0.01 * free * mean / (square.squareRoot() + 0.001)
        }
        #expect(distance(agent.values[p], weights[p].map { Float($0) }) < 1e-5)
      }
    }
    #expect(agent.optimizer.stepCount == 3 && agent.optimizer.learningRate == 0.01)
  }

  /// The probe sees how far weights really moved, noise and all.
  @Test func theEffectiveRateUnderUPGDIsThatOfItsSteps() throws {
    let agent = try FakeAgent.make(["upgd:noise=0.5,weight-decay=0", "l2:strength=0.1"])
    let panel = try ProbePanel(
      ProbeSelection(["effective-learning-rate"]), every: 1, of: agent, seed: FakeAgent.seed)
    for _ in 0..<3 {
      let before = agent.values
      agent.step()
      let found = panel.didIterate()
      #expect(found.count == 3)
      for (rate, place) in zip(found, [0, 2, 4]) {
        let (old, new) = (before[place].map(Double.init), agent.values[place].map(Double.init))
        let moved = zip(old, new).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let expected = (moved / new.reduce(0) { $0 + $1 * $1 }).squareRoot()
        #expect(abs(rate - expected) < 1e-4 * expected, "\(rate) for \(expected)")
      }
    }
  }

  @Test func upgdNoiseStaysOutOfThePadding() throws {
    let agent = try FakeAgent.make(["upgd:noise=0.5"])
    let quiet = try FakeAgent.make(["upgd:noise=0"])
    for agent in [agent, quiet] { agent.step() }
    #expect(distance(agent.values[0], quiet.values[0]) > 1e-3)
    #expect(hasCleanPadding(agent))
  }

  private func hasCleanPadding(_ agent: FakeAgent) -> Bool {
    let block = agent.network.parameters
    return block.parameters.allSatisfy { parameter in
      let matrix = parameter.value
      return (0..<matrix.rows).allSatisfy { i in
        (matrix.columns..<matrix.stride).allSatisfy { matrix.base[i * matrix.stride + $0] == 0 }
      }
    }
  }
}
