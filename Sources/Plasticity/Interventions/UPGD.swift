internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Utility-based perturbed gradient descent (UPGD) in its adaptive form, in place of the optimiser's.
///
/// ```
/// u ← β_u u + (1 − β_u) (−g w);   s = sigmoid(û / max û), the maximum over the network
/// w ← (1 − lr wd) w − 2 lr ((1 − s) m̂ / (√v̂ + ε) + (1 − s) σ ξ),   ξ normal
/// ```
///
/// Useful weights are protected; useless weights get the full rate and the most noise.  Moments are
/// the optimiser's, with this rule's decays.
///
/// - Source: Elsayed and Mahmood 2024, arXiv:2404.00781.
/// - Difference from source: if no weight is useful, every s is one half.
final class UPGD: NetworkIntervention {
  /// Constants of the rule.
  struct Settings {
    var utilityDecay: Float
    var noise: Float
    var weightDecay: Float
    var beta1: Float
    var beta2: Float
    var epsilon: Float
  }

  private let settings: Settings
  private let utilities: [Matrix]
  /// Scratch space for one parameter: the utility s of each element, in 0...1, and normal noise.
  private let shares: Vector
  private let noise: Vector
  /// Squared length of each parameter's last step, with noise and without weight decay.
  private var squaredLengths: [Double]

  init(_ settings: Settings, target: InterventionTarget) {
    self.settings = settings
    // The corrections for their start ask for moments that start at 0.
    target.optimizer.initialSecondMoment = 0
    target.optimizer.secondMoment.fill(0)
    utilities = target.parameters.map { Matrix(rows: $0.value.rows, columns: $0.value.columns) }
    let most = target.parameters.map { $0.value.rows * $0.value.columns }.max() ?? 0
    shares = Vector(count: most)
    noise = Vector(count: most)
    squaredLengths = target.parameters.map { _ in .nan }
  }

  func takeStep(of target: InterventionTarget, learningRate: Float, gradientScale: Float) -> Bool {
    target.optimizer.countStep(learningRate: learningRate)
    let time = Float(target.optimizer.stepCount)
    let greatest = updateUtilities(target, gradientScale)
    // û and max û are corrected for their start by the same factor, which cancels.
    let scale = greatest > 0 ? 1 / greatest : 0
    let correction1 = 1 - ScalarMaths.pow(settings.beta1, time)
    let correction2 = 1 - ScalarMaths.pow(settings.beta2, time)
    let keep = 1 - learningRate * settings.weightDecay
    var random = target.stream(for: "upgd", index: target.steps)
    for (place, parameter) in target.parameters.enumerated() {
      let (value, gradient, utility) = (parameter.value, parameter.gradient, utilities[place])
      let (first, second) = (target.firstMoments[place], target.secondMoments[place])
      prepare(utility, scale, using: &random)
      var squares = 0.0
      for i in 0..<value.rows {
        for j in 0..<value.columns {
          let g = gradientScale * gradient[i, j]
          first[i, j] = settings.beta1 * first[i, j] + (1 - settings.beta1) * g
          second[i, j] = settings.beta2 * second[i, j] + (1 - settings.beta2) * g * g
          let step =
            first[i, j] / correction1
            / ((second[i, j] / correction2).squareRoot() + settings.epsilon)
          let k = i * value.columns + j
          let change = step + settings.noise * noise[k]
          let movement = 2 * learningRate * (1 - shares[k]) * change
          value[i, j] = keep * value[i, j] - movement
          squares += Double(movement) * Double(movement)
        }
      }
      squaredLengths[place] = squares
    }
    return true
  }

  func lengthOfLastStep(ofParameter place: Int) -> Double? { squaredLengths[place].squareRoot() }

  /// Fills ``shares`` and, if the rule has noise, ``noise`` for a parameter.
  private func prepare(_ utility: Matrix, _ scale: Float, using random: inout RandomStream) {
    let count = utility.rows * utility.columns
    var k = 0
    for i in 0..<utility.rows {
      for j in 0..<utility.columns {
        shares[k] = scale * utility[i, j]
        k += 1
      }
    }
    logisticSigmoid(shares, count: count)
    guard settings.noise > 0 else { return }
    for k in stride(from: 0, to: count, by: 2) {
      let pair = random.normalPair()
      noise[k] = pair.0
      if k + 1 < count { noise[k + 1] = pair.1 }
    }
  }

  /// Updates the running utilities and returns the greatest of the network.
  private func updateUtilities(_ target: InterventionTarget, _ gradientScale: Float) -> Float {
    var greatest = -Float.infinity
    for (parameter, utility) in zip(target.parameters, utilities) {
      let (value, gradient) = (parameter.value, parameter.gradient)
      for i in 0..<value.rows {
        for j in 0..<value.columns {
          let now = -gradientScale * gradient[i, j] * value[i, j]
          utility[i, j] =
            settings.utilityDecay * utility[i, j] + (1 - settings.utilityDecay) * now
          greatest = max(greatest, utility[i, j])
        }
      }
    }
    return greatest
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    for (place, matrix) in utilities.enumerated() {
      let numbers = (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }
      archive.set("\(prefix).utility.\(place)", .floats(numbers))
    }
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    for (place, matrix) in utilities.enumerated() {
      let count = matrix.rows * matrix.columns
      let numbers = try archive.floats("\(prefix).utility.\(place)", count: count)
      guard numbers.allSatisfy(\.isFinite) else {
        throw .invalid(reason: "\(prefix).utility.\(place) is not finite")
      }
      for (k, number) in numbers.enumerated() {
        matrix[k / matrix.columns, k % matrix.columns] = number
      }
    }
  }
}
