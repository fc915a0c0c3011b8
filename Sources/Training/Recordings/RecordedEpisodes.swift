public import LinearAlgebra
public import RLCore
public import Storage

/// Episodes that were recorded before training, from which an agent learns besides its own or in
/// their place.
///
/// Shapes: E episodes of T steps each, O observation components, A action components.  Steps are
/// numbered over all episodes; each episode has one more observation than steps.
public final class RecordedEpisodes {
  /// One episode, row by row.
  public struct Episode: Sendable, Equatable {
    /// Observations before each step and after the last, [(T + 1) · O].
    public var observations: [Float]
    /// Actions in the environment's units, [T · A].
    public var actions: [Float]
    /// Rewards, [T].
    public var rewards: [Float] = []
    /// Whether the task itself ended the episode; if not, its last observation has a value.
    public var isTerminated = false

    /// Starts an episode with its first observation.
    public init(observation: [Float]) { (observations, actions) = (observation, []) }

    /// Adds a step.
    public mutating func append(action: [Float], reward: Float, observation: [Float]) {
      actions += action
      rewards.append(reward)
      observations += observation
    }
  }

  /// Observations of all episodes, [Σ(T + 1) × O].
  public let observations: Matrix
  /// Actions of all steps in the environment's units, [ΣT × A].
  public let actions: Matrix
  /// Rewards of all steps, [ΣT].
  public let rewards: Vector
  /// Whether the task itself ended each episode, [E].
  public let isTerminated: [Bool]
  /// Numbers of the steps of each episode, [E].
  public let steps: [Range<Int>]

  /// Number E of episodes.
  public var count: Int { steps.count }
  /// Number ΣT of steps.
  public var stepCount: Int { rewards.count }

  /// Joins episodes of an environment; none are allowed too.
  public init(_ episodes: [Episode], observationWidth: Int, actionWidth: Int) {
    let count = episodes.reduce(0) { $0 + $1.rewards.count }
    observations = Matrix(rows: count + episodes.count, columns: observationWidth)
    actions = Matrix(rows: count, columns: actionWidth)
    rewards = Vector(count: count)
    isTerminated = episodes.map(\.isTerminated)
    var (steps, first) = ([Range<Int>](), 0)
    for (e, episode) in episodes.enumerated() {
      let length = episode.rewards.count
      precondition(
        episode.observations.count == (length + 1) * observationWidth
          && episode.actions.count == length * actionWidth)
      for i in 0...length {
        for j in 0..<observationWidth {
          observations[first + e + i, j] = episode.observations[i * observationWidth + j]
        }
      }
      for i in 0..<length {
        for j in 0..<actionWidth { actions[first + i, j] = episode.actions[i * actionWidth + j] }
        rewards[first + i] = episode.rewards[i]
      }
      steps.append(first..<first + length)
      first += length
    }
    self.steps = steps
  }

  /// Returns the row of the observation before a step of an episode; the one after it is the next.
  public func observationRow(step: Int, of episode: Int) -> Int { step + episode }

  /// Returns the observations before all steps of some episodes, [ΣT × O].
  public func observationsBeforeSteps(of episodes: [Int]) -> Matrix {
    let result = Matrix(
      rows: episodes.reduce(0) { $0 + steps[$1].count }, columns: observations.columns)
    var row = 0
    for episode in episodes {
      for step in steps[episode] {
        result.copyRow(row, from: observations, row: observationRow(step: step, of: episode))
        row += 1
      }
    }
    return result
  }
}

// MARK: - In files

extension RecordedEpisodes {
  /// The episodes as the contents of a file.
  public var archive: TensorArchive {
    func numbers(_ matrix: Matrix) -> [Float] {
      (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }
    }
    var archive = TensorArchive()
    archive.set(
      "observations", .floats(numbers(observations)),
      shape: [observations.rows, observations.columns])
    archive.set("actions", .floats(numbers(actions)), shape: [actions.rows, actions.columns])
    archive.set("rewards", .floats(rewards.array))
    archive.set("steps", .words(steps.map { UInt64($0.count) }))
    archive.set("terminated", .words(isTerminated.map { $0 ? 1 : 0 }))
    return archive
  }

  /// Reads the episodes of a file.
  ///
  /// - Throws: `ArchiveError` if something is missing, or they don't fit the environment.
  public convenience init(
    from archive: TensorArchive, of specification: EnvironmentSpecification
  ) throws(ArchiveError) {
    let (width, actionWidth) = (specification.observationWidth, specification.actionWidth)
    let (observations, actions) = (
      try archive.floats("observations"), try archive.floats("actions")
    )
    let rewards = try archive.floats("rewards")
    let lengths = try archive.words("steps")
    let terminated = try archive.words("terminated", count: lengths.count)
    guard lengths.allSatisfy({ $0 <= rewards.count }),
      lengths.reduce(0, { $0 + Int($1) }) == rewards.count,
      observations.count == (rewards.count + lengths.count) * width,
      actions.count == rewards.count * actionWidth, terminated.allSatisfy({ $0 <= 1 })
    else { throw .invalid(reason: "its episodes do not fit \(specification.identifier)") }
    var (episodes, first) = ([Episode](), 0)
    for (e, length) in lengths.enumerated() {
      let rows = first..<first + Int(length)
      var episode = Episode(observation: [])
      episode.observations = Array(
        observations[(rows.lowerBound + e) * width..<(rows.upperBound + e + 1) * width])
      episode.actions = Array(
        actions[rows.lowerBound * actionWidth..<rows.upperBound * actionWidth])
      episode.rewards = Array(rewards[rows])
      episode.isTerminated = terminated[e] == 1
      if let problem = episode.problem(in: specification) { throw .invalid(reason: problem) }
      episodes.append(episode)
      first = rows.upperBound
    }
    self.init(episodes, observationWidth: width, actionWidth: actionWidth)
  }
}

extension RecordedEpisodes.Episode {
  /// Returns why nothing can be learnt from the episode's numbers, as the end of a sentence; nil if
  /// something can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    guard (observations + actions + rewards).allSatisfy(\.isFinite) else {
      return "its observations, actions or rewards are not all finite"
    }
    if case .discrete = specification.actionSpace,
      let action = actions.first(where: { !specification.actionSpace.contains([$0]) })
    {
      return "its action \(action) is none of \(specification.identifier)'s"
    }
    return nil
  }
}
