import Environments
import LinearAlgebra
import RLCore
import Testing

/// What every registered environment promises.
@Suite struct ConformanceTests {
  static let identifiers = EnvironmentRegistry.all.map(\.identifier)

  private func entry(_ identifier: String) throws -> RegisteredEnvironment {
    try #require(EnvironmentRegistry.find(identifier))
  }

  /// Everything one step returned.
  struct Record: Equatable {
    var observation: [Float]
    var reward: Float
    var terminated: Bool
    var truncated: Bool
    var stateHash: UInt64
  }

  /// Steps one environment of a vector with random actions of a generator.
  private func play(
    _ vector: any BatchedEnvironment, environment i: Int = 0, steps: Int,
    actions generator: inout RandomActions, records: inout [Record]
  ) {
    let actions = Matrix(rows: vector.count, columns: vector.specification.actionWidth)
    for _ in 0..<steps {
      generator.fill(actions, row: i)
      vector.step(actions: actions, in: i..<i + 1)
      records.append(
        Record(
          observation: Array(vector.batch.observations.row(i)), reward: vector.batch.rewards[i],
          terminated: vector.batch.terminated[i], truncated: vector.batch.truncated[i],
          stateHash: vector.stateHash(of: i)))
    }
  }

  /// A fresh vector's records for a seed.
  private func trajectory(
    _ entry: RegisteredEnvironment, seed: UInt64, steps: Int = 150,
    configure: (any BatchedEnvironment) throws -> Void = { _ in }
  ) throws -> [Record] {
    let vector = entry.makeVector(1)
    try configure(vector)
    vector.reset(seeds: .consecutive(first: seed, environments: 1))
    var actions = RandomActions(entry.specification.actionSpace, seed: seed + 500)
    var records: [Record] = []
    play(vector, steps: steps, actions: &actions, records: &records)
    return records
  }

  @Test func identifiersAndParameterNamesAreUnique() {
    #expect(Set(Self.identifiers).count == Self.identifiers.count)
    for entry in EnvironmentRegistry.all {
      #expect(Set(entry.parameters.map(\.name)).count == entry.parameters.count)
      #expect(entry.parameters.allSatisfy { $0.range.contains($0.nominal) })
      #expect(entry.specification.episodeSteps > 0 && entry.specification.timeStep > 0)
      #expect(!entry.specification.actionComponents.isEmpty)
    }
  }

  /// Walkers may leave their box.
  ///
  /// Here as in Gymnasium a falling hull turns past ±π and a kicked knee is faster than the motor;
  /// their components stay within three times the box.
  @Test(arguments: identifiers) func observationsAreFiniteAndInTheirSpace(
    identifier: String
  ) throws {
    let entry = try entry(identifier)
    for record in try trajectory(entry, seed: 1, steps: 2000) {
      #expect(record.observation.allSatisfy(\.isFinite) && record.reward.isFinite)
      if identifier.hasPrefix("walker") {
        let widened = record.observation.enumerated().map {
          $0.offset == 8 || $0.offset == 13 || $0.offset >= 14 ? $0.element : $0.element / 3
        }
        #expect(entry.specification.observationSpace.contains(widened), "\(widened)")
      } else {
        #expect(entry.specification.observationSpace.contains(record.observation))
      }
    }
  }

  @Test(arguments: identifiers) func aSeedGivesOneTrajectory(identifier: String) throws {
    let entry = try entry(identifier)
    let (first, second) = (try trajectory(entry, seed: 4), try trajectory(entry, seed: 4))
    #expect(first == second)
    let other = try trajectory(entry, seed: 5)
    #expect(first[0].observation != other[0].observation)
  }

  @Test(arguments: identifiers) func historyDoesNotLeak(identifier: String) throws {
    let entry = try entry(identifier)
    let used = entry.makeVector(1)
    used.reset(seeds: .consecutive(first: 77, environments: 1))
    var records: [Record] = []
    var actions = RandomActions(entry.specification.actionSpace, seed: 1)
    play(used, steps: 333, actions: &actions, records: &records)
    records = []
    used.reset(seeds: .consecutive(first: 9, environments: 1))
    actions = RandomActions(entry.specification.actionSpace, seed: 509)
    play(used, steps: 150, actions: &actions, records: &records)
    let expected = try trajectory(entry, seed: 9)
    #expect(records == expected)
  }

  @Test(arguments: identifiers) func environmentsDoNotMeet(identifier: String) throws {
    let entry = try entry(identifier)
    let vector = entry.makeVector(2)
    vector.reset(seeds: .consecutive(first: 20, environments: 2))
    var actions = (0..<2).map {
      RandomActions(entry.specification.actionSpace, seed: 520 + UInt64($0))
    }
    var records: [[Record]] = [[], []]
    for _ in 0..<7 {
      for i in 0..<2 {
        play(vector, environment: i, steps: 1, actions: &actions[i], records: &records[i])
      }
    }
    for i in 0..<2 {
      let expected = try trajectory(entry, seed: 20 + UInt64(i), steps: 7)
      #expect(records[i] == expected)
    }
  }

  @Test(arguments: identifiers) func noObservationIsConstant(identifier: String) throws {
    let entry = try entry(identifier)
    let records = try trajectory(entry, seed: 2, steps: 3000)
    for j in 0..<entry.specification.observationWidth {
      #expect(Set(records.map { $0.observation[j] }).count > 1, "component \(j)")
    }
  }

  @Test(arguments: identifiers) func truncationStrikesExactlyAtTheLimit(
    identifier: String
  ) throws {
    let entry = try entry(identifier)
    // Random walkers often survive their time; the others need a controller for that.
    let controller = ControllerRegistry.all.first {
      !identifier.hasPrefix("walker") && $0.environmentIdentifiers.contains(identifier)
    }
    var found = false
    for episode in playEpisodes(identifier, count: 20, controller: controller?.identifier) {
      #expect(episode.length <= entry.specification.episodeSteps)
      if !episode.terminated {
        #expect(episode.length == entry.specification.episodeSteps)
        found = true
      }
    }
    #expect(found)
  }

  @Test(arguments: identifiers) func aRestoredEpisodeContinuesAlike(identifier: String) throws {
    let entry = try entry(identifier)
    let (original, copy) = (entry.makeVector(2), entry.makeVector(2))
    for vector in [original, copy] {
      vector.reset(seeds: .consecutive(first: 30, environments: 2))
    }
    var actions = RandomActions(entry.specification.actionSpace, seed: 6)
    var records: [Record] = []
    play(original, environment: 1, steps: 137, actions: &actions, records: &records)
    let snapshot = original.snapshot(of: 1)
    try copy.restore(snapshot, to: 1)
    #expect(copy.stateHash(of: 1) == original.stateHash(of: 1))
    var (future, sameActions) = (actions, actions)
    var (expected, restored): ([Record], [Record]) = ([], [])
    play(original, environment: 1, steps: 200, actions: &future, records: &expected)
    play(copy, environment: 1, steps: 200, actions: &sameActions, records: &restored)
    #expect(expected == restored)

    var forged = snapshot
    forged.stateHash ^= 1
    #expect(throws: SnapshotError.self) { try copy.restore(forged, to: 0) }
    forged = snapshot
    forged.actions = .init(
      repeating: 0,
      count: entry.specification.actionWidth * (entry.specification.episodeSteps + 1))
    #expect(throws: SnapshotError.self) { try copy.restore(forged, to: 0) }
  }

  @Test(arguments: identifiers) func threadsDoNotChangeAnything(identifier: String) throws {
    let entry = try entry(identifier)
    var results: [[[Record]]] = []
    for threads in [1, 2, 3] {
      let vector = entry.makeVector(6)
      vector.reset(seeds: .training(runSeed: 3))
      let records = UnsafeMutablePointer<[Record]>.allocate(capacity: 6)
      records.initialize(repeating: [], count: 6)
      WorkerPool(threads: threads).run(6) { i in
        var actions = RandomActions(entry.specification.actionSpace, seed: UInt64(i))
        var own: [Record] = []
        play(vector, environment: i, steps: 120, actions: &actions, records: &own)
        records[i] = own
      }
      results.append((0..<6).map { records[$0] })
      records.deinitialize(count: 6)
      records.deallocate()
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(arguments: identifiers) func nominalParametersChangeNoBit(identifier: String) throws {
    let entry = try entry(identifier)
    let plain = try trajectory(entry, seed: 11)
    let set = try trajectory(entry, seed: 11) { vector in
      for parameter in entry.parameters {
        try vector.setParameter(parameter.name, to: parameter.nominal)
      }
    }
    #expect(plain == set)
  }

  @Test(arguments: identifiers) func everyParameterChangesSomething(identifier: String) throws {
    let entry = try entry(identifier)
    let plain = try trajectory(entry, seed: 11, steps: 600)
    #expect(!entry.parameters.isEmpty)
    for parameter in entry.parameters {
      let negative = parameter.isReversible ? [-parameter.nominal] : []
      for end in [parameter.range.lowerBound, parameter.range.upperBound] + negative
      where end != parameter.nominal {
        let changed = try trajectory(entry, seed: 11, steps: 600) {
          try $0.setParameter(parameter.name, to: end)
        }
        #expect(changed != plain, "\(parameter.name) = \(end)")
        #expect(changed.allSatisfy { $0.observation.allSatisfy(\.isFinite) })
      }
    }
  }

  @Test(arguments: identifiers) func impossibleParametersAreRefused(identifier: String) throws {
    let vector = try entry(identifier).makeVector(1)
    #expect(throws: ParameterError.self) { try vector.setParameter("colour", to: 1) }
    #expect(throws: ParameterError.self) { try vector.setParameter("gravity", to: -1e9) }
    #expect(throws: ParameterError.self) { try vector.setParameter("gravity", to: .nan) }
  }

  /// A parameter acts from the next reset on, never within an episode.
  @Test(arguments: identifiers) func parametersWaitForTheNextReset(identifier: String) throws {
    let entry = try entry(identifier)
    let plain = try trajectory(entry, seed: 11, steps: 8)
    let vector = entry.makeVector(1)
    vector.reset(seeds: .consecutive(first: 11, environments: 1))
    let gravity = try #require(entry.parameters.first { $0.name == "gravity" })
    try vector.setParameter("gravity", to: gravity.range.upperBound)
    var records: [Record] = []
    var actions = RandomActions(entry.specification.actionSpace, seed: 511)
    play(vector, steps: 8, actions: &actions, records: &records)
    #expect(records == plain)
  }

  @Test(arguments: identifiers) func actionsBeyondTheirBoundsAreClipped(identifier: String) throws {
    let entry = try entry(identifier)
    guard case .box(let low, let high) = entry.specification.actionSpace else { return }
    var ends: [[Record]] = []
    for factor in [Float(1), 3] {
      let vector = entry.makeVector(1)
      vector.reset(seeds: .consecutive(first: 1, environments: 1))
      let actions = Matrix(rows: 1, columns: low.count)
      var records: [Record] = []
      for t in 0..<20 {
        for j in low.indices { actions[0, j] = factor * (t % 3 == 0 ? low[j] : high[j]) }
        vector.step(actions: actions, in: 0..<1)
        records.append(
          Record(
            observation: Array(vector.batch.observations.row(0)),
            reward: vector.batch.rewards[0], terminated: vector.batch.terminated[0],
            truncated: false, stateHash: vector.stateHash(of: 0)))
      }
      ends.append(records)
    }
    #expect(ends[0] == ends[1])
  }
}
