import LinearAlgebra
import NeuralNetworks
import Plasticity
import RLCore
import TestSupport
import Testing
import Training

@Suite struct NetworkMeasureTests {
  @Test func theLargestHessianEigenvalueIsThatOfTheDenseHessian() {
    let regression = Regression(makeNetwork([3, 6, 5, 1], .tanh), rows: 20)
    let count = regression.parameters.count
    let expected = jacobiEigenvalues(regression.denseHessian(), size: count)[0]
    let curvature = LossCurvature(regression.network, computeGradient: regression.computeGradient)
    var random = RandomStream(seed: 2, name: "direction")
    let found = Eigenvalues.largest(
      start: curvature.randomDirection(using: &random), product: curvature.product)
    #expect(abs(found - expected) < 2e-3 * expected, "\(found) for \(expected)")
    // Many more parameters than one, so that a mere gradient could not pass for it.
    #expect(count == 65)
  }

  @Test func curvatureLeavesNoTrace() {
    let regression = Regression(makeNetwork([3, 6, 1], .tanh), rows: 8)
    regression.computeGradient()
    let (values, gradients) = (
      regression.network.parameters.values.array, regression.network.parameters.gradients.array
    )
    let curvature = LossCurvature(regression.network, computeGradient: regression.computeGradient)
    var random = RandomStream(seed: 2, name: "direction")
    _ = curvature.product(curvature.randomDirection(using: &random))
    #expect(regression.network.parameters.gradients.array != gradients)
    curvature.restore()
    #expect(regression.network.parameters.values.array == values)
    #expect(regression.network.parameters.gradients.array == gradients)
    // The transposed weights are those of the values again.
    regression.computeGradient()
    #expect(regression.network.parameters.gradients.array == gradients)
  }

  @Test func productsWithDirectionsAreRowsOfTheHessian() {
    let regression = Regression(makeNetwork([2, 4, 1], .tanh), rows: 10)
    let hessian = regression.denseHessian()
    let n = regression.parameters.count
    let curvature = LossCurvature(regression.network, computeGradient: regression.computeGradient)
    // The first parameter of the flat buffer is the first of the network.
    var direction = [Double](repeating: 0, count: curvature.dimension)
    direction[0] = 1
    _ = curvature.product(direction)
    let product = curvature.product(direction)
    let largest = hessian[0..<n].map(abs).max() ?? 0
    for (j, i) in [0, 1, 2, 3].enumerated() {
      #expect(abs(product[i] - hessian[j]) < 5e-3 * largest)
    }
  }

  @Test func theEffectiveRateIsTheLengthOfAdamsStep() {
    let regression = Regression(makeNetwork([3, 6, 1], .tanh), rows: 8)
    let (network, block) = (regression.network, regression.network.parameters)
    let optimizer = Optimizer(block, .adam(AdamConfiguration(epsilon: 1e-5)))
    var before: [Double] = []
    for _ in 0..<5 {
      regression.computeGradient()
      before = regression.parameters
      optimizer.step(learningRate: 1e-2)
      network.parametersDidChange()
    }
    let after = regression.parameters
    let moments = (block.views(of: optimizer.firstMoment), block.views(of: optimizer.secondMoment))
    let weight = network.denseLayers[0].weight.value
    let found = Norms.effectiveLearningRate(
      weight: weight, firstMoment: moments.0[0], secondMoment: moments.1[0], optimizer: optimizer)
    let (step, length) = (0..<18).reduce((0.0, 0.0)) { sums, i in
      let change = after[i] - before[i]
      return (sums.0 + change * change, sums.1 + after[i] * after[i])
    }
    #expect(abs(found - (step / length).squareRoot()) < 1e-3 * found)
    #expect(network.denseLayers.count == 2)
  }

  /// Weights whose hidden units are all off can't be trained; new ones can.
  @Test func deadWeightsAreLessTrainableThanNewOnes() {
    let inputs = matrix(normalNumbers(64, 4, seed: 1), rows: 64, columns: 4)
    let network = makeNetwork([4, 32, 1], .relu)
    let trainability = Trainability(
      inputs: inputs, architecture: network.architecture, seed: 1, name: "net")
    let fresh = trainability.loss(from: network)
    let first = trainability.loss(from: network, steps: 0)
    #expect(fresh < first)
    let dead = network.copy()
    dead.denseLayers[0].bias.value.fill(-100)
    dead.parametersDidChange()
    #expect(trainability.loss(from: dead) > 1.05 * fresh)
    // The targets are sines about the mean output: half is their variance.
    #expect(abs(trainability.loss(from: dead, steps: 0) - 0.5) < 0.1)
    #expect(trainability.loss(from: network) == fresh, "it is left as it is")
  }

  private func policy(_ specification: EnvironmentSpecification) -> MLPPolicy {
    var random = RandomStream(seed: 1, name: "policy")
    return MLPPolicy(
      specification: specification, hidden: [4], activation: .tanh, usesLayerNorm: false,
      initialLogDeviation: 0.5, normalizesObservations: false, random: &random)
  }

  @Test func divergenceOfGaussians() {
    let policy = policy(ContinuousBandit.specification)
    let new = PolicySnapshot(outputs: [0.4], logDeviations: [ScalarMaths.log(0.5)])
    let old = PolicySnapshot(outputs: [0.1], logDeviations: [ScalarMaths.log(0.8)])
    #expect(abs(new.divergence(to: old, of: policy) - 0.235629) < 1e-6)
    #expect(abs(old.divergence(to: new, of: policy) - 0.489996) < 1e-6)
    #expect(abs(new.divergence(to: new, of: policy)) < 1e-12)
  }

  @Test func divergenceOfChoices() {
    let policy = policy(RandomWalk.specification)
    let logs = [0.2, 0.3, 0.5].map { Float(ScalarMaths.log($0)) + 3 }
    let p = PolicySnapshot(outputs: logs, logDeviations: [])
    let q = PolicySnapshot(outputs: [1, 1, 1], logDeviations: [])
    let expected = [0.2, 0.3, 0.5].reduce(0) { $0 + $1 * ScalarMaths.log(3 * $1) }
    #expect(abs(p.divergence(to: q, of: policy) - expected) < 1e-6)
  }

  @Test func divergenceOfSquashedGaussians() {
    var random = RandomStream(seed: 1, name: "policy")
    let policy = MLPPolicy(
      specification: ContinuousBandit.specification,
      distribution: SquashedGaussian(low: [-2], high: [2], logDeviations: -5...2),
      hidden: [4], activation: .relu, usesLayerNorm: false, initializer: .heNormal,
      normalizesObservations: false, random: &random)
    // tanh of the raw deviation is 0 for 0: log σ in the middle of its range, −1.5, for both.
    let p = PolicySnapshot(outputs: [0.3, 0, 1, 0], logDeviations: [])
    let q = PolicySnapshot(outputs: [0.1, 0, 1, 0], logDeviations: [])
    let expected = 0.5 * 0.2 * 0.2 / (2 * ScalarMaths.exp(-3.0))
    #expect(abs(p.divergence(to: q, of: policy) - expected) < 1e-6)
  }
}
