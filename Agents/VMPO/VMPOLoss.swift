public import LinearAlgebra
public import NeuralNetworks
internal import RLCore
public import Storage
public import Training

/// The loss of V-MPO: a maximum likelihood fit to the better half of the actions, held near the
/// policy that gathered them.
///
/// On each minibatch D, with D̃ its transitions with the greatest advantages A, temperature η and a
/// multiplier α for each part of the divergence,
/// `L_π = −Σ_D̃ ψ log π(a|s) + Σ α mean_D KL(π_old ‖ π)`, where `ψ = exp(A/η) / Σ_D̃ exp(A/η)` is
/// held fixed.  The duals descend along `L_η = η ε_η + η log mean_D̃ exp(A/η)` and
/// `L_α = α (ε_α − mean_D KL)`, and stay positive.  The divergence of a Gaussian has two parts: that
/// of the means with the old deviations, and that of the deviations.
///
/// - Source: Song et al. 2019, arXiv:1909.12238, equations 3 to 7 and section 4.2.
public final class VMPOLoss: PolicyObjective {
  /// Learning rate of the duals.
  public let learningRate: Float
  /// Means of the divergence's parts on the last minibatch, in nats.
  public private(set) var divergences: [Double]
  /// Loss L_η of the last minibatch.
  public private(set) var temperatureLoss: Float = 0
  /// Temperature η, then the multipliers α.
  public let duals: ParameterBlock
  private let reference: ReferencePolicy
  private let topFraction: Double
  private let temperatureLimit: Float
  private let limits: [Float]
  private let optimizer: Optimizer
  private var sorted: [Float]
  /// Least value of a dual.
  public static let leastDual: Float = 1e-8

  /// Allocates memory for minibatches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - configuration: Settings that have passed their own check.
  ///   - policy: The policy that learns.
  ///   - rollout: A rollout with the column `MLPPolicy.outputsColumn`.
  ///   - rows: The maximum number of rows in a minibatch.
  public init(
    _ configuration: VMPOConfiguration, policy: MLPPolicy, rollout: RolloutBuffer, rows: Int
  ) {
    let parts = policy.likelihood.divergenceParts
    learningRate = configuration.dualLearningRate
    topFraction = configuration.topFraction
    temperatureLimit = configuration.temperatureLimit
    limits = Array([configuration.divergenceLimit, configuration.deviationLimit].prefix(parts))
    reference = ReferencePolicy(policy, rollout: rollout, rows: rows)
    divergences = [Double](repeating: 0, count: parts)
    duals = ParameterBlock([
      (name: "policy.temperature", rows: 1, columns: 1, isWeight: false),
      (name: "policy.multipliers", rows: 1, columns: parts, isWeight: false),
    ])
    duals.parameters[0].value.fill(configuration.initialTemperature)
    duals.parameters[1].value.fill(configuration.initialMultiplier)
    optimizer = Optimizer(
      duals, .adam(AdamConfiguration(epsilon: configuration.adamEpsilon)))
    sorted = []
    sorted.reserveCapacity(rows)
  }

  /// Temperature η of the weights.
  public var temperature: Float { duals.parameters[0].value[0, 0] }
  /// Multipliers α of the divergence's parts.
  public var multipliers: [Float] {
    let value = duals.parameters[1].value
    return (0..<value.columns).map { value[0, $0] }
  }

  /// Notes the current policy as π_old; it is the one that gathered the rollout.
  public func notePolicy() { reference.note() }

  public var own: [OwnParameters] {
    [OwnParameters(duals, optimizer: optimizer, isMultiplier: true)]
  }

  public func gather(_ order: [Int32], _ rows: Range<Int>) { reference.gather(order, rows) }

  public func differentiate(
    logProbabilities: Vector, advantages: Vector, count: Int, weights: Vector
  ) -> Float {
    sorted.removeAll(keepingCapacity: true)
    for k in 0..<count { sorted.append(advantages[k]) }
    sorted.sort(by: >)
    let (largest, least) = (sorted[0], sorted[max(1, Int(topFraction * Double(count))) - 1])
    let eta = temperature
    var (sum, number) = (Float(0), Float(0))
    for k in 0..<count {
      let isSelected = advantages[k] >= least
      weights[k] = isSelected ? ScalarMaths.exp((advantages[k] - largest) / eta) : 0
      number += isSelected ? 1 : 0
      sum += weights[k]
    }
    var (loss, mean) = (Float(0), Float(0))
    for k in 0..<count where weights[k] > 0 {
      weights[k] /= -sum
      loss += weights[k] * logProbabilities[k]
      mean -= weights[k] * advantages[k]
    }
    let logMean = largest / eta + ScalarMaths.log(sum / number)
    temperatureLoss = eta * (temperatureLimit + logMean)
    duals.parameters[0].gradient[0, 0] = temperatureLimit + logMean - mean / eta
    return loss
  }

  public func addDivergence(
    of distribution: any LikelihoodDistribution, outputs: Matrix, count: Int,
    outputGradient: Matrix
  ) -> Float {
    let multipliers = multipliers
    divergences = distribution.addDivergenceGradient(
      weights: multipliers.map { $0 / Float(count) }, of: reference.batch, outputs: outputs,
      rows: count, outputGradient: outputGradient)
    var loss: Float = 0
    for (part, divergence) in divergences.enumerated() {
      duals.parameters[1].gradient[0, part] = limits[part] - Float(divergence)
      loss += multipliers[part] * Float(divergence)
    }
    return loss
  }

  /// Takes the duals' step on the last minibatch, and keeps them positive.
  public func didStep() {
    optimizer.step(learningRate: learningRate)
    for parameter in duals.parameters {
      for j in 0..<parameter.value.columns {
        parameter.value[0, j] = max(parameter.value[0, j], Self.leastDual)
      }
    }
  }

  /// Writes the duals and their optimiser's moments.
  public func save(to archive: inout TensorArchive) {
    archive.set(duals.parameters)
    archive.set(optimizer, named: "policy.duals.adam")
  }

  /// Restores the duals and their optimiser's moments.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: duals.parameters)
    try archive.read(into: optimizer, named: "policy.duals.adam")
  }
}
