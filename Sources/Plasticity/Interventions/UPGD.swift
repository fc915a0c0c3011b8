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
/// the optimiser's, with this rule's decays.  A policy's log-deviation is one of the weights, as in
/// the source's code.
///
/// - Source: Elsayed and Mahmood 2024, arXiv:2404.00781.
/// - Difference from source: if no weight is useful, every s is one half; the greatest utility by which
///   the network's weights are scaled leaves out the log-deviation, whose step comes after theirs.
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

  /// Parameters of one optimiser, with what the rule remembers about them.
  private struct Part {
    let parameters: [Parameter]
    let firstMoments: [Matrix]
    let secondMoments: [Matrix]
    let utilities: [Matrix]

    init(_ block: ParameterBlock, _ optimizer: Optimizer) {
      parameters = block.parameters
      firstMoments = block.views(of: optimizer.firstMoment)
      secondMoments = block.views(of: optimizer.secondMoment)
      utilities = parameters.map { Matrix(rows: $0.value.rows, columns: $0.value.columns) }
      // The corrections for their start ask for moments that start at 0.
      optimizer.initialSecondMoment = 0
      optimizer.secondMoment.fill(0)
    }
  }

  private let settings: Settings
  private let target: InterventionTarget
  private let network: Part
  private let own: [(owner: OwnTarget, part: Part)]
  /// Greatest utility on the present minibatch.
  private var greatest: Float = 0
  /// Scratch space for one parameter: the utility s of each element, in 0...1, and normal noise.
  private let shares: Vector
  private let noise: Vector
  /// Squared length of each network parameter's last step, with noise and without weight decay.
  private var squaredLengths: [Double]

  init(_ settings: Settings, target: InterventionTarget) {
    self.settings = settings
    self.target = target
    network = Part(target.network.parameters, target.optimizer)
    own = target.ownWeights.map { ($0, Part($0.block, $0.optimizer)) }
    let parameters = ([network] + own.map(\.part)).flatMap(\.parameters)
    let most = parameters.map { $0.value.rows * $0.value.columns }.max() ?? 0
    shares = Vector(count: most)
    noise = Vector(count: most)
    squaredLengths = target.parameters.map { _ in .nan }
  }

  func takeStep(of target: InterventionTarget, learningRate: Float, gradientScale: Float) -> Bool {
    greatest = updateUtilities(network, gradientScale)
    var random = target.stream(for: "upgd", index: target.steps)
    squaredLengths = move(
      network, target.optimizer, learningRate, gradientScale, using: &random)
    return true
  }

  func takeStep(ofOwn owner: OwnTarget, learningRate: Float, gradientScale: Float) -> Bool {
    for (index, (mine, part)) in own.enumerated() where mine === owner {
      // The network's step on the same minibatch has been taken.
      greatest = max(greatest, updateUtilities(part, gradientScale))
      var random = target.stream(for: "upgd.own.\(index)", index: target.steps)
      _ = move(part, owner.optimizer, learningRate, gradientScale, using: &random)
    }
    return true
  }

  /// Takes a step of all parameters of one optimiser, and returns its squared lengths.
  private func move(
    _ part: Part, _ optimizer: Optimizer, _ learningRate: Float, _ gradientScale: Float,
    using random: inout RandomStream
  ) -> [Double] {
    optimizer.countStep(learningRate: learningRate)
    let time = Float(optimizer.stepCount)
    // û and max û are corrected for their start by the same factor, which cancels.
    let scale = greatest > 0 ? 1 / greatest : 0
    let correction1 = 1 - ScalarMaths.pow(settings.beta1, time)
    let correction2 = 1 - ScalarMaths.pow(settings.beta2, time)
    let keep = 1 - learningRate * settings.weightDecay
    return part.parameters.indices.map { place in
      let (value, gradient) = (part.parameters[place].value, part.parameters[place].gradient)
      let (first, second) = (part.firstMoments[place], part.secondMoments[place])
      prepare(part.utilities[place], scale, using: &random)
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
      return squares
    }
  }

  func lengthOfLastStep(ofParameter place: Int) -> Double? { squaredLengths[place].squareRoot() }

  /// Starts the utilities of new weights at 0.
  func weightsAreNew(_ weights: NewWeights) {
    target.forEachElement(of: weights) { network.utilities[$0][$1, $2] = 0 }
    guard case .layers = weights else { return }
    for (_, part) in own { for utility in part.utilities { utility.fill(0) } }
  }

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

  /// Updates the running utilities and returns the greatest of them.
  private func updateUtilities(_ part: Part, _ gradientScale: Float) -> Float {
    var greatest = -Float.infinity
    for (parameter, utility) in zip(part.parameters, part.utilities) {
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
    archive.set("\(prefix).utility", network.utilities)
    for (index, (_, part)) in own.enumerated() {
      archive.set("\(prefix).own.\(index).utility", part.utilities)
    }
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    try archive.read("\(prefix).utility", into: network.utilities)
    for (index, (_, part)) in own.enumerated() {
      try archive.read("\(prefix).own.\(index).utility", into: part.utilities)
    }
  }
}
