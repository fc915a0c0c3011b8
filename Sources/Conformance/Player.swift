internal import LinearAlgebra
package import RLCore

/// A source of uniformly random actions with its own generator.
package struct RandomActions {
  private let space: Space
  private var random: NumPyRandom

  package init(_ space: Space, seed: UInt64) {
    self.space = space
    random = NumPyRandom(seed: seed)
  }

  /// Draws the next action [A].
  package mutating func next() -> [Float] {
    switch space {
    case .discrete(let count): return [Float(random.integers(0, count))]
    case .box(let low, let high):
      return low.indices.map {
        Float(random.uniform(max(Double(low[$0]), -1e3), min(Double(high[$0]), 1e3)))
      }
    }
  }
}

/// Steps one environment of a vector, by default with random actions, and returns the results.
package final class Player {
  /// The result of one step.
  package struct Step: Equatable {
    package var observation: [Float]
    package var reward: Float
    package var end: TaskEnd?
    package var hasEnded: Bool
    package var stateHash: UInt64
  }

  package let vector: any BatchedEnvironment
  package let slot: Int
  /// The source of random actions.
  package var actions: RandomActions
  private let matrix: Matrix

  /// Creates a player for one environment of a vector that has been reset.
  package init(_ vector: any BatchedEnvironment, slot: Int, seed: UInt64) {
    self.vector = vector
    self.slot = slot
    actions = RandomActions(vector.specification.actionSpace, seed: seed + 500)
    matrix = Matrix(rows: vector.count, columns: vector.specification.actionWidth)
  }

  /// Creates a player in a new vector of one environment.
  package convenience init(_ environment: RegisteredEnvironment, seed: UInt64) {
    self.init(environment, seed: seed) { _ in }
  }

  /// Creates a player in a new vector of one environment, which is configured before its reset.
  package convenience init(
    _ environment: RegisteredEnvironment, seed: UInt64,
    configure: (any BatchedEnvironment) throws -> Void
  ) rethrows {
    let vector = environment.construct(1)
    try configure(vector)
    vector.reset(seeds: .consecutive(first: seed, environments: 1))
    self.init(vector, slot: 0, seed: seed)
  }

  /// Takes the given number of steps.
  ///
  /// - Parameters:
  ///   - count: The number of steps.
  ///   - choose: Returns the action of a step, counted from 0; actions are random if nil.
  ///   - push: Returns the disturbance of a step, counted from 0; none is set if nil.
  /// - Returns: The result of each step.
  package func play(
    _ count: Int, choose: ((Int) -> [Float])? = nil, push: ((Int) -> [Float])? = nil
  ) -> [Step] {
    (0..<count).map { step in
      for (j, value) in (choose?(step) ?? actions.next()).enumerated() { matrix[slot, j] = value }
      for (j, value) in (push?(step) ?? []).enumerated() { vector.disturbances?[slot, j] = value }
      vector.step(actions: matrix, in: slot..<slot + 1)
      return result
    }
  }

  /// Result of the last step.
  private var result: Step {
    let batch = vector.batch
    return Step(
      observation: Array(batch.observations.row(slot)), reward: batch.rewards[slot],
      end: batch.ends[slot], hasEnded: batch.hasEnded(slot),
      stateHash: vector.stateHash(of: slot))
  }

  /// Takes one step of all environments of a vector, in blocks.
  ///
  /// - Parameters:
  ///   - players: One player for each environment, in order.
  ///   - vector: Their vector.
  ///   - size: Number of environments that are stepped at once; fewer in the last block.
  /// - Returns: The result of each environment.
  static func step(
    _ players: [Player], in vector: any BatchedEnvironment, blocksOf size: Int
  ) -> [Step] {
    let actions = Matrix(rows: vector.count, columns: vector.specification.actionWidth)
    for player in players {
      for (j, value) in player.actions.next().enumerated() { actions[player.slot, j] = value }
    }
    for first in stride(from: 0, to: vector.count, by: size) {
      vector.step(actions: actions, in: first..<min(first + size, vector.count))
    }
    return players.map(\.result)
  }
}

/// Returns a fault if two trajectories differ.
func same(_ first: [Player.Step], _ second: [Player.Step], _ what: String) -> [String] {
  guard first != second else { return [] }
  let step = zip(first, second).enumerated().first { $1.0 != $1.1 }?.offset
  return ["\(what): step \((step ?? min(first.count, second.count)) + 1) differs"]
}

/// Returns a fault if two trajectories are identical.
func different(_ first: [Player.Step], _ second: [Player.Step], _ what: String) -> [String] {
  first == second ? ["\(what) changes nothing"] : []
}
