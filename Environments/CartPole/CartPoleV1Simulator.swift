internal import LinearAlgebra
internal import RLCore

/// Steps cart-poles four at a time, each with the bits that it has alone.
///
/// Each number of the states is a vector over all slots, of which a step reads and writes whole
/// registers (together with the ledger's arrays 22 → 33 million steps per second with 8,192
/// environments, `bench cartpole-v1-steps`).
final class CartPoleV1Simulator: Simulator {
  private let position, velocity, angle, angularVelocity: DoubleVector
  private let gravity, cartMass, poleMass, poleHalfLength, force: DoubleVector
  /// Pushes by the agent in the last step, [N], in N; for pictures only.
  private let lastPush: DoubleVector
  private let slots: [Slot]

  /// What belongs to a slot besides; each is used by one thread at a time.
  private final class Slot {
    /// Constants of the next episode.
    var next = CartPoleParameters()
    var disturbance = CartPoleV1.restingPort
    var hasEnded = false
    var isStarted = false
  }

  init(count: Int) {
    func numbers() -> DoubleVector { DoubleVector(count: count) }
    (position, velocity, angle, angularVelocity) = (numbers(), numbers(), numbers(), numbers())
    (gravity, cartMass, poleMass) = (numbers(), numbers(), numbers())
    (poleHalfLength, force, lastPush) = (numbers(), numbers(), numbers())
    slots = (0..<count).map { _ in Slot() }
  }

  func setParameters(_ values: Span<Double>, of slot: Int) {
    for (entry, j) in zip(CartPoleParameters.table, values.indices) {
      entry.store(values[j], in: &slots[slot].next)
    }
  }

  func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    for k in episodes.indices {
      let i = episodes[k].slot
      var random = NumPyRandom(seed: episodes[k].seed)
      var observation = unsafe observations.mutableRow(i).mutableSpan
      store(
        CartPoleV1(parameters: slots[i].next, using: &random, observation: &observation), in: i)
      slots[i].isStarted = true
    }
  }

  func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    let rest = range.upperBound - range.count % 4
    for first in stride(from: range.lowerBound, to: rest, by: 4) {
      stepFour(from: first, actions, disturbances)
      concludeFour(from: first, batch)
    }
    for i in rest..<range.upperBound {
      var cartPole = cartPole(in: i)
      if let disturbances { cartPole.disturb(unsafe disturbances.row(i).span) }
      var observation = unsafe batch.observations.mutableRow(i).mutableSpan
      let outcome = cartPole.step(
        action: unsafe actions.row(i).span, observation: &observation)
      batch.rewards[i] = Float(outcome.reward)
      unsafe batch.ends[i] = outcome.end
      store(cartPole, in: i)
    }
  }

  private func stepFour(from i: Int, _ actions: Matrix, _ disturbances: Matrix?) {
    let (sines, cosines) = sinesAndCosines(angle[fourFrom: i])
    let asked = SIMD4<Double>(
      SIMD4(actions[i, 0], actions[i + 1, 0], actions[i + 2, 0], actions[i + 3, 0]))
    let right = force[fourFrom: i]
    var push = (-right).replacing(with: right, where: asked .== 1)
    lastPush[fourFrom: i] = push
    if let disturbances {
      for lane in 0..<4 {
        let slot = slots[i + lane]
        slot.disturbance.accept(unsafe disturbances.row(i + lane).span)
        if let force = slot.disturbance.take() { push[lane] += Double(force.x) }
      }
    }
    var (x, speed) = (position[fourFrom: i], velocity[fourFrom: i])
    var (lean, turning) = (angle[fourFrom: i], angularVelocity[fourFrom: i])
    CartPoleEquations(
      gravity: gravity[fourFrom: i], cartMass: cartMass[fourFrom: i],
      poleMass: poleMass[fourFrom: i], poleHalfLength: poleHalfLength[fourFrom: i]
    ).step(
      push: push, sine: sines, cosine: cosines, &x, &speed, &lean, &turning)
    (position[fourFrom: i], velocity[fourFrom: i]) = (x, speed)
    (angle[fourFrom: i], angularVelocity[fourFrom: i]) = (lean, turning)
  }

  /// Writes what a step of four slots brings.
  ///
  /// It reads the states again, since the compiler keeps the numbers of a step in whole registers only
  /// where nothing takes them apart.
  private func concludeFour(from i: Int, _ batch: StepBatch) {
    let (first, second) = (
      SIMD4<Float>(position[fourFrom: i]), SIMD4<Float>(velocity[fourFrom: i])
    )
    let (third, fourth) = (
      SIMD4<Float>(angle[fourFrom: i]), SIMD4<Float>(angularVelocity[fourFrom: i])
    )
    for lane in 0..<4 {
      let row = unsafe batch.observations.mutableRow(i + lane)
      unsafe (row[0], row[1]) = (first[lane], second[lane])
      unsafe (row[2], row[3]) = (third[lane], fourth[lane])
    }
    for slot in i..<i + 4 {
      unsafe batch.ends[slot] = nil
      batch.rewards[slot] = 1
    }
    let beyond = CartPoleLimits.areBeyond(
      positions: position[fourFrom: i], angles: angle[fourFrom: i])
    guard any(beyond) else { return }
    for slot in i..<i + 4 { end(slot, batch) }
  }

  /// Writes the end and the reward of a slot whose state may be beyond the bounds.
  private func end(_ i: Int, _ batch: StepBatch) {
    guard let end = CartPoleLimits.end(position: position[i], angle: angle[i]) else { return }
    let slot = slots[i]
    unsafe batch.ends[i] = end
    batch.rewards[i] = Float(
      CartPoleV1.RewardRule.survival.reward(end: end, hasEnded: slot.hasEnded))
    slot.hasEnded = true
  }

  // MARK: Episodes as values

  private func cartPole(in i: Int) -> CartPoleV1 {
    var constants = CartPoleParameters()
    (constants.gravity, constants.cartMass, constants.poleMass) = (
      gravity[i], cartMass[i], poleMass[i]
    )
    (constants.poleHalfLength, constants.force) = (poleHalfLength[i], force[i])
    return CartPoleV1(
      parameters: constants,
      state: CartPoleState(
        position: position[i], velocity: velocity[i], angle: angle[i],
        angularVelocity: angularVelocity[i]),
      hasEnded: slots[i].hasEnded, lastPush: lastPush[i], disturbance: slots[i].disturbance)
  }

  private func store(_ cartPole: CartPoleV1, in i: Int) {
    let (constants, state) = (cartPole.parameters, cartPole.state)
    (gravity[i], cartMass[i], poleMass[i]) = (
      constants.gravity, constants.cartMass, constants.poleMass
    )
    (poleHalfLength[i], force[i]) = (constants.poleHalfLength, constants.force)
    (position[i], velocity[i]) = (state.position, state.velocity)
    (angle[i], angularVelocity[i]) = (state.angle, state.angularVelocity)
    lastPush[i] = cartPole.lastPush
    (slots[i].hasEnded, slots[i].disturbance) = (cartPole.hasEnded, cartPole.disturbance)
  }

  func hashState(of slot: Int, into hasher: inout StateHasher) {
    precondition(
      slots[slot].isStarted, "environment \(slot) must be reset before its state is hashed")
    cartPole(in: slot).hashState(into: &hasher)
  }

  func scene(of slot: Int) -> Scene {
    slots[slot].isStarted ? cartPole(in: slot).scene() : .empty
  }

  func planningModel(of slot: Int, _ known: ModelParameters) -> (any PlanningModel)? {
    precondition(
      slots[slot].isStarted, "environment \(slot) must be reset before its state is copied")
    let cartPole = cartPole(in: slot)
    return cartPole.planningModel(known == .nominal ? .init() : cartPole.parameters)
  }
}
