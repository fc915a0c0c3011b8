internal import LinearAlgebra
internal import NeuralNetworks
internal import Training
internal import Storage

/// An estimate of the critics' bias: the values of the first environment's actions, combined as in the
/// policy's loss, compared with the soft returns that followed.
final class SACValueBias: ReplayObserver {
  /// Mean of Q minus the soft return that followed, over the last finished episode of the first
  /// environment; NaN before any has finished.
  private(set) var value = Double.nan
  private let configuration: SACConfiguration
  private let actor: SACActor
  private let critics: [SACCritic]
  private let scratch: [SACCriticScratch]
  private let sampler: SquashedGaussianSampler
  /// Numbers of episodes that critics see behind observations; nil for none.
  private let context: (any EpisodeContext)?
  private let observation: Matrix
  private let action: Matrix
  private var promises: [Promise] = []

  /// Value and log-probability of an action when it was taken, and its scaled reward.
  private struct Promise {
    var value: Float
    var logProbability: Float
    var reward: Float
  }

  init(
    _ configuration: SACConfiguration, actor: SACActor, critics: [SACCritic],
    sampler: SquashedGaussianSampler, context: (any EpisodeContext)?
  ) {
    self.configuration = configuration
    self.actor = actor
    self.critics = critics
    self.sampler = sampler
    self.context = context
    scratch = critics.map { SACCriticScratch($0) }
    let width = actor.policy.network.architecture.inputs + (context?.values.columns ?? 0)
    observation = Matrix(rows: 1, columns: width)
    action = Matrix(rows: 1, columns: actor.distribution.actionWidth)
  }

  func didChoose(for observations: Matrix) {
    observation.setColumns(from: 0, ofRow: 0, to: observations, row: 0)
    if let context {
      observation.setColumns(
        from: observations.columns, ofRow: 0, to: context.values, row: 0)
    }
    action.copyRow(0, from: sampler.actions, row: 0)
    let value = configuration.policyCombination.value(critics: critics.count) { index in
      critics[index].value(of: observation, action: action, in: scratch[index])
    }
    promises.append(
      Promise(value: value, logProbability: sampler.logProbabilities[0], reward: 0))
  }

  func didStep(reward: Float, hasEnded: Bool, hasTerminated: Bool) {
    if !promises.isEmpty {
      promises[promises.count - 1].reward = configuration.rewardScale * reward
    }
    if hasEnded { settlePromises(terminated: hasTerminated) }
  }

  /// Compares predicted values with soft returns defined as in targets,
  /// `G = Σ γᵏ r_k + γⁿ (G' − α logπ')`.
  ///
  /// If a time limit ended the episode, the last prediction stands in for the rest of the return
  /// and is left out of the mean.
  private func settlePromises(terminated: Bool) {
    defer { promises = [] }
    let temperature = Double(actor.temperature)
    let discount = Double(configuration.discount)
    var softReturns = promises.map { Double($0.value) }
    var (bias, count) = (0.0, 0)
    for i in promises.indices.reversed() {
      let following = promises.count - i - (terminated ? 0 : 1)
      guard following > 0 else { continue }
      let end = i + min(configuration.multiStep, following)
      var (sum, factor) = (0.0, 1.0)
      for promise in promises[i..<end] {
        sum += factor * Double(promise.reward)
        factor *= discount
      }
      if end < promises.count {
        sum += factor * (softReturns[end] - temperature * Double(promises[end].logProbability))
      }
      softReturns[i] = sum
      bias += Double(promises[i].value) - sum
      count += 1
    }
    if count > 0 { value = bias / Double(count) }
  }

  func save(to archive: inout TensorArchive) {
    archive.set(
      "q-bias.promises", .floats(promises.flatMap { [$0.value, $0.logProbability, $0.reward] }))
    archive.set("q-bias.last", .words([value.bitPattern]))
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    let numbers = try archive.floats("q-bias.promises")
    guard numbers.count % 3 == 0 else { throw .invalid(reason: "its promises do not fit") }
    promises = stride(from: 0, to: numbers.count, by: 3).map {
      Promise(value: numbers[$0], logProbability: numbers[$0 + 1], reward: numbers[$0 + 2])
    }
    value = Double(bitPattern: try archive.words("q-bias.last", count: 1)[0])
  }
}
