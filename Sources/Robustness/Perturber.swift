internal import Foundation
internal import LinearAlgebra
internal import RLCore

/// Perturbs the steps of a vector of environments.
///
/// Every kind of draw has a stream of its own, named after the kind and seeded by the episode: no
/// perturbation changes the draws of another.
final class Perturber: StepPerturber {
  let disturbs: Bool
  private let perturbations: Perturbations
  private let actionSpace: Space
  private let pushes: Pushes
  private let slots: [Slot]
  /// The action nearest to zero, [A].
  private let restingAction: [Float]
  /// Half of each action component's range, [A]; empty for discrete actions.
  private let halfRanges: [Float]
  /// Actions that wait, [N · (delay + 1) × A]; without a delay, one row.
  private let waitingActions: Matrix
  /// Last actions that arrived, and those to simulate, [N × A] each.
  private let arrived: Matrix
  private let applied: Matrix
  private let changesActions: Bool
  /// Standard deviations of the observation's noise, [O]; empty for none.
  private let noise: [Float]
  /// Offsets of the running episodes, [N × O].
  private let bias: Matrix
  /// Observations that wait, [N · (delay + 1) × O]; without a delay, one row.
  private let waitingObservations: Matrix

  /// The state of one environment's episode, apart from what is stored in matrices.
  ///
  /// One object for each, so that threads that step different environments share nothing.
  private final class Slot {
    /// Number of steps since the start.
    var step = 0
    var actionNoise = RandomStream(seed: 0, name: "")
    var actionDropout = RandomStream(seed: 0, name: "")
    var observationNoise = RandomStream(seed: 0, name: "")
  }

  /// Creates a perturber for N environments in which the perturbations have been checked.
  init(
    _ perturbations: Perturbations, _ specification: EnvironmentSpecification,
    _ components: [DisturbanceComponent], count: Int
  ) {
    let (actions, observations) = (specification.actionWidth, specification.observationWidth)
    self.perturbations = perturbations
    actionSpace = specification.actionSpace
    slots = (0..<count).map { _ in Slot() }
    pushes = Pushes(
      perturbations.pushes, components.map(\.bound), episodeSteps: specification.episodeSteps,
      count: count)
    disturbs = !perturbations.pushes.isEmpty
    switch actionSpace {
    case .box(let low, let high):
      restingAction = zip(low, high).map { min(max(0, $0), $1) }
      halfRanges = zip(low, high).map { ($1 - $0) / 2 }
    case .discrete:
      restingAction = [0]
      halfRanges = []
    }
    func rows(_ delay: Int) -> Int { delay > 0 ? count * (delay + 1) : 1 }
    waitingActions = Matrix(rows: rows(perturbations.actionDelay), columns: actions)
    arrived = Matrix(rows: count, columns: actions)
    applied = Matrix(rows: count, columns: actions)
    changesActions =
      perturbations.actionDelay > 0 || perturbations.actionDropout > 0
      || perturbations.actionNoise > 0
    noise =
      perturbations.observationNoise.allSatisfy { $0 == 0 }
      ? [] : Self.spread(perturbations.observationNoise, observations)
    bias = Matrix(rows: perturbations.observationBias == nil ? 1 : count, columns: observations)
    waitingObservations = Matrix(
      rows: rows(perturbations.observationDelay), columns: observations)
  }

  /// Returns one number for each component.
  private static func spread(_ values: [Double], _ width: Int) -> [Float] {
    values.count == 1
      ? .init(repeating: Float(values[0]), count: width) : values.map { Float($0) }
  }

  func begin(_ i: Int, seed: UInt64, observations: Matrix) {
    let slot = slots[i]
    slot.step = 0
    slot.actionNoise = RandomStream(seed: seed, name: "perturb.action-noise")
    slot.actionDropout = RandomStream(seed: seed, name: "perturb.action-dropout")
    slot.observationNoise = RandomStream(seed: seed, name: "perturb.observation-noise")
    for j in restingAction.indices { arrived[i, j] = restingAction[j] }
    if disturbs { pushes.begin(i, seed: seed) }
    drawBias(i, seed: seed)
    observe(i, slot, observations)
  }

  private func drawBias(_ i: Int, seed: UInt64) {
    switch perturbations.observationBias {
    case .constant(let values):
      for j in 0..<bias.columns { bias[i, j] = Float(values[values.count == 1 ? 0 : j]) }
    case .drawn(let values):
      var stream = RandomStream(seed: seed, name: "perturb.observation-bias")
      for j in 0..<bias.columns {
        let bound = Float(values[values.count == 1 ? 0 : j])
        bias[i, j] = stream.uniform(from: -bound, to: bound)
      }
    case nil: break
    }
  }

  // MARK: Actions

  func perturb(_ actions: Matrix, in range: Range<Int>) -> Matrix {
    guard changesActions else { return actions }
    for i in range {
      let slot = slots[i]
      let isLost =
        perturbations.actionDropout > 0
        && slot.actionDropout.uniform() < Float(perturbations.actionDropout)
      deliver(actions, i, step: slot.step, isLost: isLost)
      applied.copyRow(i, from: arrived, row: i)
      if perturbations.actionNoise > 0 { addNoise(i, &slot.actionNoise) }
    }
    return applied
  }

  /// Takes an action into the line of those that wait, and lets the one whose turn it is arrive
  /// unless it is lost.
  private func deliver(_ actions: Matrix, _ i: Int, step: Int, isLost: Bool) {
    let delay = perturbations.actionDelay
    guard delay > 0 else {
      if !isLost { arrived.copyRow(i, from: actions, row: i) }
      return
    }
    let first = i * (delay + 1)
    waitingActions.copyRow(first + step % (delay + 1), from: actions, row: i)
    guard step >= delay, !isLost else { return }
    arrived.copyRow(i, from: waitingActions, row: first + (step - delay) % (delay + 1))
  }

  private func addNoise(_ i: Int, _ stream: inout RandomStream) {
    switch actionSpace {
    case .discrete(let count):
      guard stream.uniform() < Float(perturbations.actionNoise) else { return }
      applied[i, 0] = Float(stream.integer(below: UInt32(count)))
    case .box(let low, let high):
      let size = Float(perturbations.actionNoise)
      for j in 0..<applied.columns {
        let action = min(max(applied[i, j], low[j]), high[j])
        let noisy = action + size * halfRanges[j] * stream.firstOfNormalPair()
        applied[i, j] = min(max(noisy, low[j]), high[j])
      }
    }
  }

  // MARK: Disturbances

  func disturb(_ disturbances: Matrix, in range: Range<Int>) {
    for i in range { pushes.add(i, step: slots[i].step, to: disturbances) }
  }

  // MARK: Observations

  func distort(_ i: Int, observations: Matrix) {
    let slot = slots[i]
    slot.step += 1
    observe(i, slot, observations)
  }

  private func observe(_ i: Int, _ slot: Slot, _ observations: Matrix) {
    if perturbations.observationBias != nil {
      // Even zero would change a negative zero.
      for j in 0..<bias.columns where bias[i, j] != 0 { observations[i, j] += bias[i, j] }
    }
    if !noise.isEmpty {
      var j = 0
      while j < noise.count {
        let (first, second) = slot.observationNoise.normalPair()
        if noise[j] != 0 { observations[i, j] += noise[j] * first }
        if j + 1 < noise.count, noise[j + 1] != 0 {
          observations[i, j + 1] += noise[j + 1] * second
        }
        j += 2
      }
    }
    let delay = perturbations.observationDelay
    guard delay > 0 else { return }
    let first = i * (delay + 1)
    waitingObservations.copyRow(first + slot.step % (delay + 1), from: observations, row: i)
    let measured = max(0, slot.step - delay)
    observations.copyRow(i, from: waitingObservations, row: first + measured % (delay + 1))
  }
}
