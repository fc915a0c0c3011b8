internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Storage
package import Training

/// A protagonist and its adversaries in the same environments, with everything that gathers rollouts
/// of one side or of both.
///
/// Shapes: N environments, T steps per rollout, M adversaries with N/M environments each.
package final class TwoPlayerRollouts {
  /// The sides that record their rollouts; the other one acts with frozen weights.
  enum Learners {
    case protagonist, adversaries, both
  }

  /// The protagonist.
  package let protagonist: any RolloutPlayer
  /// The M adversaries.
  package let adversaries: [any RolloutPlayer]
  /// Names of the adversaries: `adversary`, or `adversary.i` if there are several.
  let adversaryNames: [String]
  /// The way from the adversaries to the environments.
  package let channel: AdversaryChannel
  /// Each adversary's rollout with the environments it was drawn for.
  package private(set) var parts: [RolloutPart] = []
  /// Number of episodes that failed in the last rollout.
  private(set) var failures = 0
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let steps: Int
  private let blocks: [Block]
  private var draws: RandomStream

  /// The collector of a block of environments, and the players' seats there.
  private struct Block {
    let range: Range<Int>
    let collector: RolloutCollector
    let actionStreams: BlockStreams
    let adversaryStreams: BlockStreams
    let protagonist: (learning: RolloutSeat, frozen: RolloutSeat)
    let adversaries: [(learning: RolloutSeat, frozen: RolloutSeat)]

    /// The seats that are taken, the protagonist's first: adversaries may change its actions.
    func seats(_ learners: Learners) -> [RolloutSeat] {
      [learners == .adversaries ? protagonist.frozen : protagonist.learning]
        + adversaries.map { learners == .protagonist ? $0.frozen : $0.learning }
    }
  }

  /// Creates players with new weights in environments that have taken no step.
  ///
  /// - Parameters:
  ///   - protagonist: The protagonist's settings.
  ///   - adversary: Each adversary's settings, with the same number of steps per rollout.
  ///   - population: The number M of adversaries, of which the number of environments is a multiple.
  ///   - target: What adversaries act on.
  ///   - isBall: Whether adversaries' choices lie in a ball rather than in a box.
  ///   - bootstrapsTerminations: Whether adversaries take terminations for truncations.
  ///   - context: The environments, threads and seed.
  init(
    protagonist: PlayerSettings, adversary: PlayerSettings, population: Int,
    target: Opponent.Target, isBall: Bool, bootstrapsTerminations: Bool,
    context: AgentContext
  ) {
    let environment = context.environment
    let specification = environment.specification
    let steps = protagonist.shared.stepsPerRollout
    precondition(environment.count % population == 0 && adversary.shared.stepsPerRollout == steps)
    (self.environment, self.steps, pool) = (environment, steps, context.pool)
    let actions = Matrix(rows: environment.count, columns: specification.actionWidth)
    channel = AdversaryChannel(
      AdversaryChannel.Target(target, in: specification), isBall: isBall, environment: environment,
      actions: actions, steps: steps)
    let taskChanges = environment.mostTaskChanges(within: steps)
    let first = protagonist.makePlayer(
      specification: specification, environments: environment.count,
      episodeSteps: specification.episodeSteps, taskChanges: taskChanges, seed: context.seed)
    let width = channel.width
    let opposing = specification.withChoices(channel.space)
    let others = (0..<population).map { m in
      // Seeds of their own: equal adversaries would stay equal.
      var seeds = RandomStream(seed: context.seed, name: "adversary", index: m)
      return adversary.makePlayer(
        specification: opposing, environments: environment.count / population,
        episodeSteps: bootstrapsTerminations ? 1 : specification.episodeSteps,
        taskChanges: taskChanges, seed: seeds.next())
    }
    (self.protagonist, adversaries) = (first, others)
    adversaryNames = population == 1 ? ["adversary"] : others.indices.map { "adversary.\($0)" }
    let choices = others.map { Matrix(rows: $0.rollout.environments, columns: width) }
    let channel = channel
    blocks = RolloutCollector.blocks(
      of: environment.count, threads: context.pool.threads, blockSize: environment.blockSize
    ).map {
      block in
      let streams = ["action-noise", "adversary-noise"].map {
        BlockStreams(seed: context.seed, name: $0, block: block)
      }
      func frozen(_ player: any RolloutPlayer, _ kind: Int, _ effect: SeatEffect) -> RolloutSeat {
        RolloutSeat(
          frozen: player.rolloutPolicy, observationWidth: specification.observationWidth,
          choiceWidth: player.rollout.actions.columns, block: block, streams: streams[kind],
          effect: effect)
      }
      return Block(
        range: block,
        collector: RolloutCollector(block: block, environment: environment, actions: actions),
        actionStreams: streams[0], adversaryStreams: streams[1],
        protagonist: (
          RolloutSeat(
            learner: first.rolloutPolicy, rollout: first.rollout, block: block,
            streams: streams[0], choices: actions, effect: .acts(actions)),
          frozen(first, 0, .acts(actions))
        ),
        adversaries: others.indices.map { m in
          (
            RolloutSeat(
              learner: others[m].rolloutPolicy, rollout: others[m].rollout, block: block,
              streams: streams[1], choices: choices[m], effect: .opposes(channel),
              bootstrapsTerminations: bootstrapsTerminations),
            frozen(others[m], 1, .opposes(channel))
          )
        })
    }
    draws = RandomStream(seed: context.seed, name: "adversary-draw")
  }

  /// The protagonist's networks, then each adversary's under its name.
  var networks: [NamedNetwork] {
    protagonist.networks
      + zip(adversaryNames, adversaries).flatMap { name, player in
        player.networks.map { $0.renamed("\(name).\($0.name)") }
      }
  }

  /// Mean size of the adversaries' choices in the last rollout, as a fraction of the largest one.
  var meanSize: Double {
    let count = environment.count * steps
    return (0..<count).reduce(0.0) { $0 + Double(channel.sizes[$1]) } / Double(count)
  }

  /// Draws an adversary for each environment and gathers T steps of all.
  ///
  /// - Parameters:
  ///   - learners: The sides that record.
  ///   - report: The report that receives times.
  ///   - iteration: The number of the iteration, for errors.
  /// - Throws: ``TrainingError`` if a policy chose NaN.
  /// - Returns: The episodes that ended.
  func gather(
    _ learners: Learners, _ report: inout IterationReport, iteration: Int
  ) throws(TrainingError) -> [FinishedEpisode] {
    drawAdversaries()
    let steps = steps
    let seats = blocks.map { $0.seats(learners) }
    pool.run(blocks.count) { blocks[$0].collector.collect(seats[$0], steps: steps) }
    for block in blocks { report.add(block.collector) }
    failures = blocks.reduce(0) { $0 + $1.collector.failures }
    guard !seats.joined().contains(where: \.hasLostPolicy) else {
      throw .notFinite(metric: "action", iteration: iteration)
    }
    return blocks.flatMap(\.collector.finishedEpisodes)
  }

  /// Draws N/M environments for each adversary.
  private func drawAdversaries() {
    let (count, population) = (environment.count, adversaries.count)
    var order = (0..<Int32(count)).map { $0 }
    if population > 1 { draws.shuffle(&order) }
    let share = count / population
    let drawn = (0..<population).map { m in
      order[m * share..<(m + 1) * share].map { Int($0) }.sorted()
    }
    parts = zip(adversaries, drawn).map { RolloutPart($0.rollout, environments: $1) }
    for block in blocks {
      for (m, environments) in drawn.enumerated() {
        let own = environments.filter(block.range.contains)
        let first = environments.count { $0 < block.range.lowerBound }
        for seat in [block.adversaries[m].learning, block.adversaries[m].frozen] {
          seat.assign(own, firstIndex: first)
        }
      }
    }
  }

  /// Writes both sides' players, the adversaries' under their names, and all random streams.
  func save(to archive: inout TensorArchive) {
    protagonist.save(to: &archive)
    for (name, adversary) in zip(adversaryNames, adversaries) {
      var own = TensorArchive()
      adversary.save(to: &own)
      archive.set(own, under: name)
    }
    archive.set(blocks.flatMap(\.actionStreams.streams), named: "action-noise")
    archive.set(blocks.flatMap(\.adversaryStreams.streams), named: "adversary-noise")
    archive.set(draws, named: "adversary-draw")
  }

  /// Restores what ``save(to:)`` wrote.
  func load(from archive: TensorArchive) throws(ArchiveError) {
    try protagonist.load(from: archive)
    for (name, adversary) in zip(adversaryNames, adversaries) {
      try adversary.load(from: archive.part(under: name))
    }
    try archive.read(into: blocks.map(\.actionStreams), named: "action-noise")
    try archive.read(into: blocks.map(\.adversaryStreams), named: "adversary-noise")
    draws = try archive.stream(named: "adversary-draw")
  }
}
