internal import LinearAlgebra
package import RLCore

/// Draws actions uniformly, from a generator of its own.
package struct RandomActions {
  private let space: Space
  private var random: NumPyRandom

  package init(_ space: Space, seed: UInt64) {
    self.space = space
    random = NumPyRandom(seed: seed)
  }

  /// The next action [A].
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

/// Steps one environment of a vector with random actions and keeps what came of it.
package final class Player {
  /// What one step returned.
  package struct Step: Equatable {
    package var observation: [Float]
    package var reward: Float
    package var terminated: Bool
    package var hasEnded: Bool
    package var stateHash: UInt64
  }

  package let vector: any BatchedEnvironment
  package let slot: Int
  /// How actions are drawn.
  package var actions: RandomActions
  private let matrix: Matrix

  /// Plays in an environment of a vector that has been reset.
  package init(_ vector: any BatchedEnvironment, slot: Int, seed: UInt64) {
    self.vector = vector
    self.slot = slot
    actions = RandomActions(vector.specification.actionSpace, seed: seed + 500)
    matrix = Matrix(rows: vector.count, columns: vector.specification.actionWidth)
  }

  /// Plays in a fresh vector of one.
  package convenience init(_ environment: RegisteredEnvironment, seed: UInt64) {
    self.init(environment, seed: seed) { _ in }
  }

  /// Plays in a fresh vector of one that is set up before its reset.
  package convenience init(
    _ environment: RegisteredEnvironment, seed: UInt64,
    configure: (any BatchedEnvironment) throws -> Void
  ) rethrows {
    let vector = environment.construct(1)
    try configure(vector)
    vector.reset(seeds: .consecutive(first: seed, environments: 1))
    self.init(vector, slot: 0, seed: seed)
  }

  /// Takes steps.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - choose: The action of a step, from 0; drawn if nil.
  ///   - push: The disturbance of a step, from 0.
  /// - Returns: What each step returned.
  package func play(
    _ count: Int, choose: ((Int) -> [Float])? = nil, push: ((Int) -> [Float])? = nil
  ) -> [Step] {
    (0..<count).map { step in
      for (j, value) in (choose?(step) ?? actions.next()).enumerated() { matrix[slot, j] = value }
      for (j, value) in (push?(step) ?? []).enumerated() { vector.disturbances?[slot, j] = value }
      vector.step(actions: matrix, in: slot..<slot + 1)
      let batch = vector.batch
      return Step(
        observation: Array(batch.observations.row(slot)), reward: batch.rewards[slot],
        terminated: batch.hasTerminated(slot), hasEnded: batch.hasEnded(slot),
        stateHash: vector.stateHash(of: slot))
    }
  }
}

/// A fault if two trajectories differ.
func same(_ first: [Player.Step], _ second: [Player.Step], _ what: String) -> [String] {
  guard first != second else { return [] }
  let step = zip(first, second).enumerated().first { $1.0 != $1.1 }?.offset
  return ["\(what): step \((step ?? min(first.count, second.count)) + 1) differs"]
}

/// A fault if two trajectories are the same.
func different(_ first: [Player.Step], _ second: [Player.Step], _ what: String) -> [String] {
  first == second ? ["\(what) changes nothing"] : []
}
