internal import RLCore

/// Episodes of any environment, started from a seed.
enum EpisodeTrace {
  /// The results of an episode of any environment.
  struct Recording {
    var observations: [[Float]] = []
    var rewards: [Double] = []
    var terminated: [Bool] = []
    var truncated: [Bool] = []
    /// How the episode ended; steps after its end don't change it.
    var end = EpisodeEnd.leftUnfinished
    var stateHash = ""

    /// Returns the members that all traces share; `rewards` in single precision if requested.
    func fields(tolerance: Double?, singleRewards: Bool = false) -> [TraceField] {
      [
        TraceField("obs", rows: observations, tolerance: tolerance),
        singleRewards
          ? TraceField("reward", rewards.map { Float($0) }, tolerance: tolerance)
          : TraceField("reward", rewards, tolerance: tolerance),
        TraceField("terminated", terminated, tolerance: tolerance),
        TraceField("truncated", truncated, tolerance: 0),
        TraceField("end", .text([end.description]), shape: [], tolerance: 0),
        TraceField("state_hash", .text([stateHash]), shape: [], tolerance: 0),
      ]
    }
  }

  /// An episode at its start, with its first observation.
  struct Start<E: Environment & ~Copyable>: ~Copyable {
    var environment: E
    let observation: [Float]

    init(_ make: (inout MutableSpan<Float>) -> E) {
      var values = [Float](repeating: 0, count: E.specification.observationWidth)
      var observation = values.mutableSpan
      environment = make(&observation)
      self.observation = values
    }

    /// Starts an episode from the next draws of a generator.
    init(parameters: E.Parameters, using random: inout NumPyRandom) {
      self.init { E(parameters: parameters, using: &random, observation: &$0) }
    }

    /// Starts an episode from a seed.
    init(parameters: E.Parameters, seed: UInt64) {
      var random = NumPyRandom(seed: seed)
      self.init(parameters: parameters, using: &random)
    }
  }

  /// Steps through the actions of a line, even past the end of the episode.
  static func play<E: Environment & ~Copyable>(
    _ environment: inout E, actions: [[Float]], visit: (borrowing E) -> Void = { _ in }
  ) -> Recording {
    var recording = Recording()
    var values = [Float](repeating: 0, count: E.specification.observationWidth)
    for action in actions {
      var observation = values.mutableSpan
      let outcome = environment.step(action: action.span, observation: &observation)
      recording.append(outcome, observation: values, limit: E.specification.episodeSteps)
      visit(environment)
    }
    recording.finish(environment)
    return recording
  }

  /// Returns the actions of a line.
  static func actions<E: Environment & ~Copyable>(
    of line: TraceLine, for type: E.Type
  ) throws(TraceError) -> [[Float]] {
    let actions = try line.table("actions", width: E.specification.actionWidth)
    if case .discrete(let count) = E.specification.actionSpace {
      guard actions.allSatisfy({ E.specification.actionSpace.contains($0) }) else {
        throw .unusable(field: "actions", reason: "holds values other than 0 ..< \(count)")
      }
    }
    return actions
  }

  /// Returns the nominal parameters, overridden by those that the line sets.
  static func parameters<E: Environment & ~Copyable>(
    of line: TraceLine, for type: E.Type
  ) throws(TraceError) -> E.Parameters {
    var parameters = E.Parameters()
    guard line.has("parameters") else { return parameters }
    guard case .object(let members) = try line.required("parameters") else {
      throw .unusable(field: "parameters", reason: "is not an object")
    }
    for member in members {
      guard let entry = E.parameterTable.first(where: { $0.name == member.key }) else {
        let known = E.parameterTable.map(\.name).joined(separator: ", ")
        throw .unusable(field: member.key, reason: "is not a parameter; known are \(known)")
      }
      guard let value = member.value.double, entry.allows(value) else {
        throw .unusable(
          field: member.key,
          reason: "lies outside \(entry.range.lowerBound)...\(entry.range.upperBound)")
      }
      entry.store(value, in: &parameters)
    }
    return parameters
  }

  /// Re-simulates an episode from its seed, for environments without a trace of their own.
  static func run<E: Environment & ~Copyable>(
    _ type: E.Type, _ line: TraceLine
  ) throws(TraceError) -> [TraceField] {
    let (parameters, seed) = (try parameters(of: line, for: type), try line.seed())
    return try run(line, from: Start<E>(parameters: parameters, seed: seed))
  }

  /// Re-simulates an episode from a given start.
  static func run<E: Environment & ~Copyable>(
    _ line: TraceLine, from start: consuming Start<E>
  ) throws(TraceError) -> [TraceField] {
    let first = start.observation
    let recording = play(&start.environment, actions: try actions(of: line, for: E.self))
    return [TraceField("obs0", first, tolerance: 0)] + recording.fields(tolerance: 0)
  }

  /// Draws two first observations from one generator, as in a file of seeded resets.
  static func runResets<E: Environment & ~Copyable>(
    _ type: E.Type, _ line: TraceLine, tolerance: Double
  ) throws(TraceError) -> [TraceField] {
    var random = NumPyRandom(seed: try line.seed())
    let parameters = try parameters(of: line, for: type)
    let first = Start<E>(parameters: parameters, using: &random).observation
    let second = Start<E>(parameters: parameters, using: &random).observation
    return [
      TraceField("obs", first, tolerance: tolerance),
      TraceField("obs_after_second_reset_without_seed", second, tolerance: tolerance),
    ]
  }
}

extension EpisodeTrace.Recording {
  /// Adds one step.
  mutating func append(_ outcome: StepOutcome, observation: [Float], limit: Int) {
    observations.append(observation)
    rewards.append(outcome.reward)
    terminated.append(outcome.terminated)
    truncated.append(!outcome.terminated && observations.count >= limit)
    guard end == .leftUnfinished else { return }
    if let meaning = outcome.end {
      end = .task(meaning)
    } else if observations.count >= limit {
      end = .timeLimit
    }
  }

  /// Stores the fingerprint of the last state.
  mutating func finish<E: Environment & ~Copyable>(_ environment: borrowing E) {
    var hasher = StateHasher()
    environment.hashState(into: &hasher)
    stateHash = String(hasher.value, radix: 16)
  }
}

/// Streams of the generator that seeds every environment.
enum RandomStreamTrace {
  static func run(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let fresh = NumPyRandom(seed: try line.seed())
    var random = fresh
    let raw = (0..<8).map { _ in String(random.next()) }
    random = fresh
    let uniform = (0..<8).map { _ in random.uniform(-1, 1) }
    random = fresh
    let integers = (0..<16).map { _ in Double(random.integers(5, 10)) }
    return [
      TraceField("raw_u64", .text(raw), shape: [raw.count], tolerance: 0),
      TraceField("uniform_m1_p1", uniform, tolerance: 0),
      TraceField("integers_5_10", integers, tolerance: 0),
    ]
  }
}
