import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Foundation
import Testing
import Training

/// The losses of flow policy optimisation: golden numbers, central differences, exact ratios.
@Suite struct FPOLossTests {
  private static func specification(actions: Int = 2) -> EnvironmentSpecification {
    let low = [Float](repeating: -10, count: 3)
    let bound = [Float](repeating: 9, count: actions)
    return EnvironmentSpecification(
      identifier: "flow-gradient-check", summary: "none",
      observationSpace: .box(low: low, high: low.map { -$0 }),
      observationComponents: low.map { _ in .init("x") },
      actionSpace: .box(low: bound.map { -$0 }, high: bound),
      actionComponents: bound.map { _ in .init("a") }, timeStep: 1, episodeSteps: 10,
      solvedReturn: nil, source: "none")
  }

  struct Setup {
    let policy: FlowPolicy
    let rollout: RolloutBuffer
    let learner: FlowLearner
    let order: [Int32]
  }

  /// A rollout of 4 × 6 random transitions with flows of the policy's own, after which the weights
  /// have moved by `distance`.
  static func setup(_ configuration: FPOConfiguration, movedBy distance: Float) -> Setup {
    let specification = specification()
    var random = RandomStream(seed: 3, name: "flow-gradient-check")
    let policy = FPO.makePolicy(configuration, specification: specification, random: &random)
    for parameter in policy.network.parameters.parameters {
      for i in 0..<parameter.value.rows {
        for j in 0..<parameter.value.columns { parameter.value[i, j] = 0.6 * random.normalPair().0 }
      }
    }
    policy.network.parametersDidChange()
    let rollout = RolloutBuffer(
      environments: 4, steps: 6, observationWidth: 3, actionWidth: 2,
      columns: FPO.columns(configuration, policy: policy), episodeSteps: 10)
    let actor = policy.makeRolloutActor(rows: 4, rollout: rollout)
    let (observations, actions) = (Matrix(rows: 4, columns: 3), Matrix(rows: 4, columns: 2))
    var streams = (0..<4).map { RandomStream(seed: 5, name: "noise", index: $0) }
    for t in 0..<6 {
      for i in 0..<4 { for j in 0..<3 { observations[i, j] = random.normalPair().0 } }
      let block = RolloutBlock(rollout: rollout, environments: 0..<4, step: t)
      actor.act(on: observations, for: block, streams: &streams, actions: actions)
      for i in 0..<4 {
        rollout.normalizedObservations.copyRow(block.row(i), from: observations, row: i)
        rollout.advantages[block.row(i)] = random.normalPair().0
      }
    }
    let learner = FlowLearner(
      configuration, rule: .adam(AdamConfiguration()), policy: policy, rollout: rollout, rows: 24)
    for part in 0..<2 { learner.evaluateReference(part: part, of: 2) }
    learner.beginUpdate()
    for i in 0..<policy.network.parameters.values.count {
      let value = policy.network.parameters.values[i]
      // The padding stays zero.
      if value != 0 { policy.network.parameters.values[i] += distance * random.normalPair().0 }
    }
    policy.network.parametersDidChange()
    return Setup(
      policy: policy, rollout: rollout, learner: learner, order: (0..<24).map { Int32(23 - $0) })
  }

  private static func compute(_ setup: Setup, _ rows: Range<Int> = 0..<24) {
    for task in 0..<setup.learner.tasks {
      setup.learner.computeGradient(setup.order, rows, task: task)
    }
    setup.learner.combineGradients()
  }

  private static func base(_ change: (inout FPOConfiguration) -> Void) -> FPOConfiguration {
    var configuration = FPOConfiguration()
    configuration.policyHidden = [7, 6]
    (configuration.samplesPerAction, configuration.flowSteps) = (3, 4)
    (configuration.flowMethod, configuration.initialDeviation) = (.euler, nil)
    (configuration.pairedSamples, configuration.timeSampling) = (false, .grid)
    (configuration.flowLoss, configuration.lossReduction) = (.noise, .mean)
    configuration.advantageOffset = 0
    // Losses without normalisation of advantages are functions of single rows.
    configuration.normalizeAdvantages = false
    configuration.clipRange = 0.2
    change(&configuration)
    return configuration
  }

  /// Each with what it changes; losses are order 1.
  static let variants: [(name: String, configuration: FPOConfiguration)] = [
    ("averaged", base { _ in }),
    ("normalised", base { $0.normalizeAdvantages = true }),
    ("per sample", base { $0.ratio = .perSample }),
    ("velocity", base { ($0.flowLoss, $0.lossReduction) = (.velocity, .root) }),
    ("sum", base { ($0.lossReduction, $0.lossScale) = (.sum, 0.5) }),
    ("continuous", base { ($0.timeSampling, $0.timeBeta) = (.continuous, 2) }),
    ("spo", base { $0.trustRegion = .spo }),
    ("aspo", base { ($0.trustRegion, $0.ratio) = (.aspo, .perSample) }),
    (
      "clamped",
      base {
        ($0.lossClamp, $0.negativeLossClamp) = (2, 1)
        ($0.lowestLogRatio, $0.highestLogRatio) = (-0.25, 0.3)
        ($0.ratio, $0.advantageClamp) = (.perSample, 1)
      }
    ),
    ("entropy", base { ($0.entropyCoefficient, $0.entropyNeighbor) = (0.2, 2) }),
    ("map", base { $0.mapCoefficient = 0.7 }),
    ("linear", base { ($0.initialDeviation, $0.flowLoss) = (0.7, .velocity) }),
    ("paired", base { ($0.pairedSamples, $0.timeSampling) = (true, .continuous) }),
    ("offset", base { ($0.advantageOffset, $0.advantageClamp) = (0.4, 1) }),
    (
      "midpoint map",
      base { ($0.flowMethod, $0.initialDeviation, $0.mapCoefficient) = (.midpoint, 0.8, 0.7) }
    ),
    ("layer norm", base { ($0.layerNorm, $0.mapCoefficient) = (true, 0.3) }),
  ]

  @Test(arguments: variants.map(\.name)) func theLossMatchesDifferences(name: String) throws {
    let configuration = try #require(Self.variants.first { $0.name == name }).configuration
    #expect(configuration.problem(environments: 4, totalSteps: 1000) == nil)
    let setup = Self.setup(configuration, movedBy: 0.2)
    let parameters = setup.policy.network.parameters.parameters
    let errors = gradientErrors(
      at: parameters.map { ($0.value, $0.gradient) }, step: 5e-4,
      didChange: { setup.policy.network.parametersDidChange() }
    ) {
      Self.compute(setup)
      let sums = setup.learner.statistics
      return Double(sums.loss) - Double(configuration.entropyCoefficient * sums.entropy)
        + Double(configuration.mapCoefficient * sums.mapDistance)
    }
    for (parameter, error) in zip(parameters, errors) {
      #expect(error < 4e-3, "\(parameter.name)")
    }
    #expect(parameters.contains { $0.gradient.row(0).contains { abs($0) > 1e-2 } })
    #expect(setup.learner.statistics.clipFraction > 0.05)
    #expect(setup.learner.statistics.clipFraction < 0.95)
  }

  /// Old and new losses come from the same samples by the same kernels, in any split of the rows.
  @Test(arguments: variants.map(\.name)) func ratiosAreExactlyOneBeforeTheFirstStep(
    name: String
  ) throws {
    let configuration = try #require(Self.variants.first { $0.name == name }).configuration
    let setup = Self.setup(configuration, movedBy: 0)
    for rows in [0..<24, 3..<4, 5..<16, 22..<24] {
      if rows.count < 2 && configuration.normalizeAdvantages { continue }
      Self.compute(setup, rows)
      #expect(setup.learner.statistics.greatestDeviation == 0)
      #expect(setup.learner.statistics.mapDistance == 0)
      #expect(setup.learner.statistics.clipFraction == 0)
      #expect(setup.learner.squaredNorm > 0)
    }
  }

  /// At a ratio of 1 the gradient is that of the advantage-weighted loss, whatever the trust region.
  @Test func theFirstGradientIsThatOfWeightedFlowMatching() throws {
    let regions: [FPOConfiguration.TrustRegion] = [.clip, .spo, .aspo]
    let gradients = regions.flatMap { region in
      [FPOConfiguration.Ratio.averaged, .perSample].map { ratio in
        let setup = Self.setup(
          Self.base { ($0.trustRegion, $0.ratio) = (region, ratio) }, movedBy: 0)
        Self.compute(setup)
        return setup.policy.network.parameters.gradients.array
      }
    }
    for gradient in gradients {
      for (a, b) in zip(gradient, gradients[0]) { #expect(abs(a - b) < 1e-6) }
    }
  }

  /// Standardised advantages have mean 0 before the offset, and ratios of 1 leave the mean as the loss.
  @Test func theOffsetComesAfterStandardisationAndLimit() {
    let setup = Self.setup(
      Self.base { ($0.normalizeAdvantages, $0.advantageOffset) = (true, 0.4) }, movedBy: 0)
    Self.compute(setup)
    #expect(abs(setup.learner.statistics.loss + 0.4) < 1e-5)
    let limited = Self.setup(
      Self.base { ($0.advantageClamp, $0.advantageOffset) = (1e-9, 0.4) }, movedBy: 0)
    Self.compute(limited)
    #expect(abs(limited.learner.statistics.loss + 0.4) < 1e-5)
  }

  /// A straight-through clamp keeps the gradient that a plain clamp removes.
  @Test func straightThroughClampsKeepTheGradient() {
    let clamped = Self.base { ($0.highestLogRatio, $0.ratio) = (1e-3, .perSample) }
    let slopes = [false, true].map { isThrough in
      var configuration = clamped
      configuration.straightThrough = isThrough
      return differentiate(configuration, old: [2, 1], new: [1, 1], advantage: 1).slopes
    }
    #expect(slopes[0][0] == 0 && slopes[0][1] > 0)
    #expect(abs(slopes[1][0] - 0.5 * 1.0010005) < 1e-6 && slopes[1][1] == slopes[0][1])
  }

  private func differentiate(
    _ configuration: FPOConfiguration, old: [Float], new: [Float], advantage: Float
  ) -> (statistics: FlowStatistics, slopes: [Float]) {
    let count = old.count
    let (olds, news) = (Vector(count: count), Vector(count: count))
    for i in 0..<count { (olds[i], news[i]) = (old[i], new[i]) }
    let (advantages, slopes) = (Vector(count: 1), Vector(count: count))
    advantages[0] = advantage
    let statistics = FlowSurrogate(configuration).differentiate(
      newLosses: news, oldLosses: olds, advantages: advantages, first: 0, count: 1, samples: count,
      share: 1, slopes: slopes, ratios: Vector(count: count))
    return (statistics, slopes.array)
  }

  @Test func goldenRatios() {
    let (old, new): ([Float], [Float]) = ([1, 0.6, 1.4, 0.8], [0.9, 0.7, 1.2, 0.8])
    let averaged = differentiate(
      Self.base { $0.clipRange = 0.5 }, old: old, new: new, advantage: 1)
    #expect(abs(averaged.statistics.loss + 1.051271) < 1e-6)
    let single = differentiate(
      Self.base { ($0.clipRange, $0.ratio) = (0.5, .perSample) }, old: old, new: new, advantage: 1)
    #expect(abs(single.statistics.loss + 1.057853) < 1e-6)
    #expect(abs(averaged.statistics.flowLoss - 0.9) < 1e-6)
  }

  /// For a negative advantage the penalty's best ratio is 1 − ε.
  @Test func goldenPenalties() {
    let configuration = Self.base { ($0.trustRegion, $0.clipRange) = (.aspo, 0.05) }
    for (ratio, objective) in [(0.9, -1.0), (1.1, -1.2)] {
      let result = differentiate(
        configuration, old: [Float(log(ratio))], new: [0], advantage: -1)
      #expect(abs(Double(result.statistics.loss) + objective) < 1e-5)
    }
    let best = differentiate(configuration, old: [Float(log(0.95))], new: [0], advantage: -1)
    #expect(abs(best.slopes[0]) < 1e-5)
  }

  /// a = 0.5, ε = −1, t = 0.3, v = −1.2, with time running from noise at 1 to the action at 0.
  @Test func goldenFlowMatching() {
    #expect(abs(FlowMatchingLoss.point(action: 0.5, noise: -1, time: 0.3) - 0.05) < 1e-7)
    let square = (-1.2 - (-1 - 0.5)) * (-1.2 - (-1 - 0.5))
    for (loss, expected) in [(FPOConfiguration.Loss.velocity, 0.09), (.noise, 0.0441)] {
      let weight = FlowMatchingLoss(Self.base { $0.flowLoss = loss }, actionWidth: 1)
        .weight(at: 0.3)
      #expect(abs(Double(weight) * square - expected) < 1e-6)
    }
    let weights = [FPOConfiguration.Reduction.mean, .root, .sum].map { reduction in
      FlowMatchingLoss(
        Self.base { ($0.flowLoss, $0.lossReduction) = (.velocity, reduction) }, actionWidth: 4
      ).weight(at: 0.5)
    }
    #expect(weights == [0.25, 0.5, 1])
  }
}
