import Environments
import LinearAlgebra
import RLCore

/// The same walkers in lanes and one by one on Box2D, compared after every step.
struct WalkerPair {
  /// Who acts.
  enum Controls {
    /// Uniform actions, some beyond the bounds.
    case random
    /// The state machine that walks, of which some fall.
    case gait
    /// Torque now and then, through falls, so that bodies fall asleep and wake.
    case naps
  }

  /// The physical parameters of the episodes.
  enum Parameters {
    case nominal, flat
    /// Each parameter at one end of its range or between.
    case extreme
  }

  /// The first difference that was found.
  struct Difference: Equatable, CustomStringConvertible {
    var step: Int
    var slot: Int
    var what: String
    var description: String { "\(what) of slot \(slot) in step \(step)" }
  }

  /// Steps of walkers that did not move at all.
  private(set) var sleepingSteps = 0
  private let count: Int
  private let controls: Controls
  private let isPushed: Bool
  private let parameters: Parameters
  private let simulators: [any Simulator]
  private let batches: [StepBatch]
  private let actions: Matrix
  private let pushes: Matrix
  private var random: RandomStream
  private var gaits: [BipedalWalkerController]
  private var ages: [Int]
  private var nextSeed: UInt64

  init(
    count: Int, seed: UInt64, hasObstacles: Bool, controls: Controls, isPushed: Bool = false,
    parameters: Parameters = .nominal
  ) {
    (self.count, self.controls, self.isPushed, self.parameters) = (
      count, controls, isPushed, parameters
    )
    let reference: any Simulator =
      hasObstacles
      ? EnvironmentSimulator<BipedalWalkerHardcore>(count: count)
      : EnvironmentSimulator<BipedalWalker>(count: count)
    simulators = [BipedalWalkerLanes(count: count, hasObstacles: hasObstacles), reference]
    batches = (0..<2).map { _ in StepBatch(count: count, observationWidth: 24) }
    actions = Matrix(rows: count, columns: 4)
    pushes = Matrix(rows: count, columns: 2)
    random = RandomStream(seed: seed, name: "walker-pair")
    gaits = (0..<count).map { _ in BipedalWalkerController() }
    ages = [Int](repeating: 0, count: count)
    nextSeed = seed << 32
    start(Array(0..<count))
  }

  private mutating func start(_ slots: [Int]) {
    let episodes = slots.map { slot in
      nextSeed += 1
      return EpisodeBeginning(slot: slot, seed: nextSeed)
    }
    for slot in slots {
      (gaits[slot], ages[slot]) = (BipedalWalkerController(), 0)
      let values = BipedalWalker.parameterTable.map { value(of: $0) }
      for simulator in simulators { simulator.setParameters(values.span, of: slot) }
    }
    for (simulator, batch) in zip(simulators, batches) {
      simulator.start(episodes.span, observations: batch.observations)
    }
  }

  private mutating func value(of entry: PhysicalParameter<BipedalWalkerParameters>) -> Double {
    let nominal = entry.value(in: BipedalWalkerParameters())
    switch parameters {
    case .nominal: return nominal
    case .flat: return entry.name == "terrain-roughness" ? 0 : nominal
    case .extreme:
      let (low, high) = (entry.range.lowerBound, entry.range.upperBound)
      let draw = Double(random.uniform(from: -0.5, to: 1.5))
      return low + (high - low) * min(max(draw, 0), 1)
    }
  }

  /// Steps all walkers and starts new episodes where some end; returns the first difference.
  mutating func run(steps: Int) -> Difference? {
    for step in 0..<steps {
      for slot in 0..<count { act(slot) }
      for (simulator, batch) in zip(simulators, batches) {
        simulator.step(
          0..<count, actions: actions, disturbances: isPushed ? pushes : nil, batch: batch)
      }
      for slot in 0..<count {
        if let what = difference(slot) { return Difference(step: step, slot: slot, what: what) }
      }
      let ended = (0..<count).filter { slot in
        ages[slot] += 1
        let fell = batches[0].ends[slot] != nil
        return controls == .naps ? ages[slot] >= 650 : fell || ages[slot] >= 1600
      }
      if !ended.isEmpty { start(ended) }
    }
    return nil
  }

  private mutating func act(_ slot: Int) {
    for j in 0..<2 { pushes[slot, j] = random.uniform(from: -10, to: 10) }
    switch controls {
    case .random: for j in 0..<4 { actions[slot, j] = random.uniform(from: -1.1, to: 1.1) }
    case .gait:
      var action = actions.mutableRow(slot).mutableSpan
      gaits[slot].act(on: batches[0].observations.row(slot).span, action: &action)
    case .naps:
      let isActive = ages[slot] < 30 || ages[slot] > 300 && random.uniform(from: 0, to: 1) < 0.01
      for j in 0..<4 { actions[slot, j] = isActive ? random.uniform(from: -1, to: 1) : 0 }
      let observation = batches[0].observations
      if ages[slot] > 30 && (1...3).allSatisfy({ observation[slot, $0] == 0 }) {
        sleepingSteps += 1
      }
    }
  }

  private func difference(_ slot: Int) -> String? {
    let (lanes, reference) = (batches[0], batches[1])
    for j in 0..<24
    where lanes.observations[slot, j].bitPattern != reference.observations[slot, j].bitPattern {
      return "observation \(j)"
    }
    if lanes.rewards[slot].bitPattern != reference.rewards[slot].bitPattern { return "reward" }
    if lanes.ends[slot] != reference.ends[slot] { return "end" }
    let hashes = simulators.map { simulator in
      var hasher = StateHasher()
      simulator.hashState(of: slot, into: &hasher)
      return hasher.value
    }
    return hashes[0] == hashes[1] ? nil : "state"
  }
}
