package import LinearAlgebra
package import RLCore

/// Walkers with parameters of their own: in lanes if their legs have the nominal length, and one by one
/// on Box2D if not, since all lanes have the same shapes.
package final class ParametricWalkers: Simulator {
  private let lanes: BipedalWalkerLanes
  private let singles: EnvironmentSimulator<WalkerParametric>
  private let slots: [Slot]

  /// Which simulator a slot's episode is in; each is used by one thread at a time.
  private final class Slot {
    var parameters = BipedalWalkerParameters()
    var isInLanes = true
  }

  /// Makes a simulator of `count` slots.
  package init(count: Int) {
    lanes = BipedalWalkerLanes(
      count: count, hasObstacles: false, table: WalkerParametric.parameterTable)
    singles = EnvironmentSimulator<WalkerParametric>(count: count)
    slots = (0..<count).map { _ in Slot() }
  }

  package var blockSize: Int { lanes.blockSize }

  package func setParameters(_ values: Span<Double>, of slot: Int) {
    for (entry, j) in zip(WalkerParametric.parameterTable, values.indices) {
      entry.store(values[j], in: &slots[slot].parameters)
    }
    lanes.setParameters(values, of: slot)
    singles.setParameters(values, of: slot)
  }

  package func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    for k in episodes.indices {
      let slot = slots[episodes[k].slot]
      slot.isInLanes = slot.parameters.legLength == 1
    }
    forEachRun(in: episodes.indices, slot: { episodes[$0].slot }) { simulator, run in
      simulator.start(episodes.extracting(run), observations: observations)
    }
  }

  package func step(
    _ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch
  ) {
    forEachRun(in: range, slot: { $0 }) { simulator, run in
      simulator.step(run, actions: actions, disturbances: disturbances, batch: batch)
    }
  }

  /// Splits a range into runs of indices whose slots are in the same simulator.
  private func forEachRun(
    in range: Range<Int>, slot: (Int) -> Int, _ body: (any Simulator, Range<Int>) -> Void
  ) {
    var first = range.lowerBound
    while first < range.upperBound {
      let isInLanes = slots[slot(first)].isInLanes
      var end = first + 1
      while end < range.upperBound && slots[slot(end)].isInLanes == isInLanes { end += 1 }
      body(simulator(of: slot(first)), first..<end)
      first = end
    }
  }

  private func simulator(of slot: Int) -> any Simulator {
    slots[slot].isInLanes ? lanes : singles
  }

  package func hashState(of slot: Int, into hasher: inout StateHasher) {
    simulator(of: slot).hashState(of: slot, into: &hasher)
  }

  package func scene(of slot: Int) -> Scene { simulator(of: slot).scene(of: slot) }
}
