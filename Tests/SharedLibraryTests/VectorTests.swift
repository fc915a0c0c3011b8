import CRLSuite
import Environments
import Experiments
import Foundation
import LinearAlgebra
import RLCore
import Testing

/// What vectors do through the C interface is what the suite's own environments do.
@Suite struct VectorTests {
  /// Episodes end in all of these within a few hundred random steps.
  private static let cases: [(id: String, count: Int, threads: Int, steps: Int)] = [
    ("walker", 5, 2, 260), ("cartpole-v1", 3, 1, 120), ("pendulum-v1", 2, 1, 420),
    ("acrobot-v1", 2, 1, 510),
  ]

  /// An environment that is stepped alone, without the interface.
  private final class Lone {
    let vector: any BatchedEnvironment
    let actions: Matrix
    let seed: UInt64
    private var episode = 0

    init(_ id: String, seed: UInt64) throws {
      vector = try Registry.standard.environment(id).makeVector(1)
      vector.resetsEndedEpisodes = false
      actions = Matrix(rows: 1, columns: vector.specification.actionWidth)
      self.seed = seed
      vector.reset(environment: 0, seed: seed)
    }

    func reset() {
      episode += 1
      vector.reset(
        environment: 0,
        seed: EpisodeSeeds.training(runSeed: seed).seed(environment: 0, episode: episode))
    }

    var observation: [Float] { Array(vector.batch.observations.row(0)) }
    var hasEnded: Bool { vector.batch.hasEnded(0) }
  }

  private func draw(_ space: Space, _ stream: inout RandomStream) -> [Float] {
    switch space {
    case .box(let low, let high):
      zip(low, high).map { stream.uniform(from: $0, to: $1) }
    case .discrete(let count): [Float(stream.integer(below: UInt32(count)))]
    }
  }

  @Test(arguments: cases.indices, ["next-step", "same-step", "disabled"])
  func stepsAreThoseOfTheSuite(index: Int, autoreset: String) throws {
    let (id, count, threads, steps) = Self.cases[index]
    let lent = try LentVector(
      """
      {"environment": "\(id)", "environments": \(count), "threads": \(threads), \
      "autoreset": "\(autoreset)"}
      """)
    let seeds = (0..<count).map { UInt64(40 + 7 * $0) }
    let lone = try seeds.map { try Lone(id, seed: $0) }
    try lent.reset(seeds)
    for i in 0..<count { #expect(lent.observation(i) == lone[i].observation) }
    var stream = RandomStream(seed: 1, name: "test")
    var waits = [Bool](repeating: false, count: count)
    var ends = 0
    for _ in 0..<steps {
      for i in 0..<count {
        let action = draw(lone[i].vector.specification.actionSpace, &stream)
        for (j, value) in action.enumerated() {
          lent.actions[i * lent.actionWidth + j] = value
          lone[i].actions[0, j] = value
        }
      }
      if autoreset == "disabled", waits.contains(true) {
        #expect(rlsuite_step(lent.handle) == RLSUITE_USAGE)
        try lent.reset(mask: waits.map { $0 ? 1 : 0 })
        for i in 0..<count where waits[i] {
          lone[i].reset()
          #expect(lent.observation(i) == lone[i].observation)
        }
        waits = waits.map { _ in false }
      }
      try lent.step()
      for i in 0..<count {
        if waits[i] {
          lone[i].reset()
          waits[i] = false
          #expect(lent.observation(i) == lone[i].observation)
          #expect(lent.rewards[i] == 0 && lent.terminated[i] == 0 && lent.truncated[i] == 0)
          continue
        }
        lone[i].vector.step(actions: lone[i].actions, in: 0..<1)
        #expect(lent.rewards[i] == Double(lone[i].vector.batch.rewards[0]))
        #expect(lent.terminated[i] == (lone[i].vector.batch.hasTerminated(0) ? 1 : 0))
        #expect(lent.truncated[i] == (lone[i].vector.batch.truncated[0] ? 1 : 0))
        if lone[i].hasEnded {
          ends += 1
          #expect(lent.finalObservation(i) == lone[i].observation)
          if autoreset == "same-step" { lone[i].reset() } else { waits[i] = true }
        }
        #expect(lent.observation(i) == lone[i].observation)
        #expect(try lent.hash(i) == lone[i].vector.stateHash(of: 0))
      }
    }
    #expect(ends >= 2)
  }

  @Test func environmentsWithoutSeedsStartFromTheirIndices() throws {
    let first = try LentVector(#"{"environment": "walker", "environments": 2}"#)
    let second = try LentVector(#"{"environment": "walker", "environments": 2}"#)
    try first.reset()
    try second.reset([0, 1])
    #expect(Array(first.observations) == Array(second.observations))
    #expect(first.observation(0) != first.observation(1))
    try first.reset()
    #expect(Array(first.observations) != Array(second.observations))
  }

  @Test func snapshotsContinueEpisodesBitForBit() throws {
    let text = #"{"environment": "walker", "environments": 3, "disturbances": true}"#
    let first = try LentVector(text)
    let second = try LentVector(text)
    try first.reset([3, 4, 5])
    func act(_ vector: LentVector, _ t: Int) throws {
      for k in vector.actions.indices { vector.actions[k] = Float((t * 7 + k * 3) % 11) / 5 - 1 }
      for k in vector.disturbances.indices { vector.disturbances[k] = Float((t + k) % 3) - 1 }
      try vector.step()
    }
    for t in 0..<20 { try act(first, t) }
    let bytes = try first.snapshot(1)
    try second.reset()
    for i in 0..<3 {
      try expectSuccess(rlsuite_restore(second.handle, Int64(i), bytes, Int64(bytes.count)))
      #expect(second.observation(i) == first.observation(1))
    }
    for t in 20..<30 {
      for k in second.actions.indices {
        let own = first.actionWidth + k % first.actionWidth
        second.actions[k] = Float((t * 7 + own * 3) % 11) / 5 - 1
      }
      let width = first.disturbances.count / 3
      for k in second.disturbances.indices {
        second.disturbances[k] = Float((t + width + k % width) % 3) - 1
      }
      try second.step()
      try act(first, t)
      for i in 0..<3 { #expect(try second.hash(i) == first.hash(1)) }
    }
  }

  @Test func parametersHoldFromTheNextResetOn() throws {
    let vector = try LentVector(
      #"{"environment": "walker", "environments": 2, "parameters": {"gravity": 1.5}}"#)
    let names = try Registry.standard.environment("walker").parameters.map(\.name)
    func values(_ i: Int64) throws -> [Double] {
      var values = names.map { _ in 0.0 }
      try expectSuccess(
        rlsuite_get_parameters(vector.handle, i, &values, Int64(values.count)))
      return values
    }
    let gravity = try #require(names.firstIndex(of: "gravity"))
    #expect(try values(0)[gravity] == 1.5)
    try expectSuccess(rlsuite_set_parameter(vector.handle, 1, "gravity", 0.75))
    #expect(try (values(0)[gravity], values(1)[gravity]) == (1.5, 0.75))
    try vector.reset([8, 8])
    #expect(vector.observation(0) != vector.observation(1))
    try expectSuccess(rlsuite_set_parameter(vector.handle, -1, "gravity", 1))
    try vector.reset([8, 8])
    #expect(vector.observation(0) == vector.observation(1))
  }

  @Test func everyEnvironmentIsDrawnInColour() throws {
    for environment in Registry.standard.environments {
      let vector = try LentVector(#"{"environment": "\#(environment.identifier)"}"#)
      try vector.reset([1])
      var pixels = [UInt8](repeating: 0, count: 96 * 64 * 3)
      try expectSuccess(
        rlsuite_render(vector.handle, 0, 96, 64, &pixels, Int64(pixels.count)))
      #expect(Set(pixels).count > 4, "\(environment.identifier)")
    }
  }

  @Test func severalThreadsMayUseOneHandle() async throws {
    let vector = try LentVector(#"{"environment": "cartpole-v1", "environments": 4}"#)
    try vector.reset([1, 2, 3, 4])
    let handle = vector.handle
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<200).count { _ in rlsuite_step(handle) != RLSUITE_OK } }
      }
      for await failures in group { #expect(failures == 0) }
    }
    let other = try LentVector(#"{"environment": "cartpole-v1", "environments": 4}"#)
    try other.reset([1, 2, 3, 4])
    for _ in 0..<800 { try other.step() }
    for i in 0..<4 { #expect(try vector.hash(i) == other.hash(i)) }
  }
}
