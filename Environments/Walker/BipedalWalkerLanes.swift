package import LinearAlgebra
internal import Physics
package import RLCore

/// Walkers as lanes: all slots of a block are stepped together, with the bits of one by one.
package final class BipedalWalkerLanes: Simulator {
  private let worlds: LaneWorlds
  private let hasObstacles: Bool
  private let table: [PhysicalParameter<BipedalWalkerParameters>]
  private let slots: [Slot]

  /// A slot's episode, besides its bodies; each is used by one thread at a time.
  private final class Slot {
    var parameters = BipedalWalkerParameters()
    /// Ground of the running episode; nil before the first.
    var terrain: BipedalWalkerTerrain?
    var previousShaping = 0.0
    var disturbance = DisturbancePort(BipedalWalkerSimulation.disturbanceComponents)
  }

  /// Makes a simulator; its walkers' legs have the nominal length, whatever the parameters say.
  ///
  /// - Parameters:
  ///   - count: Number of slots.
  ///   - hasObstacles: Whether stumps, stairs and pits of random sizes alternate with grass.
  ///   - table: Table in whose order parameters are set.
  package init(
    count: Int, hasObstacles: Bool,
    table: [PhysicalParameter<BipedalWalkerParameters>] = BipedalWalker.parameterTable
  ) {
    worlds = LaneWorlds(count: count, model: Self.model)
    (self.hasObstacles, self.table) = (hasObstacles, table)
    slots = (0..<count).map { _ in Slot() }
  }

  package var blockSize: Int { LaneWorlds.blockSize }

  package func setParameters(_ values: Span<Double>, of slot: Int) {
    for (entry, j) in zip(table, values.indices) {
      entry.store(values[j], in: &slots[slot].parameters)
    }
  }

  package func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    let rest: [4 of Float] = [0, 0, 0, 0]
    var started: [Int32] = []
    started.reserveCapacity(episodes.count)
    for k in episodes.indices {
      let i = episodes[k].slot
      let slot = slots[i]
      var random = NumPyRandom(seed: episodes[k].seed)
      let terrain = BipedalWalkerTerrain(
        slot.parameters, hasObstacles: hasObstacles, using: &random)
      worlds.start(i, with: terrain.start(slot.parameters))
      slot.terrain = terrain
      slot.previousShaping = BipedalWalkerSimulation.shaping(
        hull: BipedalWalkerSimulation.restPoses[0])
      slot.disturbance = DisturbancePort(BipedalWalkerSimulation.disturbanceComponents)
      var bodies = bodies(of: i)
      bodies.drive(rest.span, slot.parameters)
      started.append(Int32(i))
    }
    // The reference's reset takes a first step with no torque and discards its reward.
    worlds.step(started.span)
    for k in episodes.indices {
      let i = episodes[k].slot
      // Rows are viewed where they are: copying them would take 3 % of a step.
      var observation = unsafe observations.mutableRow(i).mutableSpan
      _ = bodies(of: i).conclude(
        rest.span, &slots[i].previousShaping, observation: &observation)
    }
  }

  package func step(
    _ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch
  ) {
    for i in range {
      let slot = slots[i]
      var bodies = bodies(of: i)
      bodies.drive(unsafe actions.row(i).span, slot.parameters)
      if let disturbances { slot.disturbance.accept(unsafe disturbances.row(i).span) }
      if let force = slot.disturbance.take() {
        worlds.applyForce(x: force.x, y: force.y, to: 0, in: i)
      }
    }
    worlds.step(range)
    for i in range {
      var observation = unsafe batch.observations.mutableRow(i).mutableSpan
      let outcome = bodies(of: i).conclude(
        unsafe actions.row(i).span, &slots[i].previousShaping, observation: &observation)
      batch.rewards[i] = Float(outcome.reward)
      unsafe batch.ends[i] = outcome.end
    }
  }

  package func hashState(of slot: Int, into hasher: inout StateHasher) {
    precondition(
      slots[slot].terrain != nil,
      "environment \(slot) must be reset before its state is hashed")
    hasher.combine(worlds.fingerprint(of: slot))
    hasher.combine(slots[slot].previousShaping)
  }

  package func scene(of slot: Int) -> Scene {
    guard let terrain = slots[slot].terrain else { return .empty }
    return bodies(of: slot).picture(on: terrain, legLength: 1, push: slots[slot].disturbance)
  }

  private func bodies(of slot: Int) -> Bodies { Bodies(worlds: worlds, world: slot) }
}

/// A slot's bodies.
private struct Bodies: BipedalWalkerBodies {
  let worlds: LaneWorlds
  let world: Int

  func state(ofBody body: Int) -> BodyState { worlds.state(ofBody: body, in: world) }
  func state(ofHinge hinge: Int) -> HingeState { worlds.state(ofHinge: hinge, in: world) }
  func isTouching(_ body: Int) -> Bool { worlds.isTouching(body, in: world) }
  var hullHasTouched: Bool { worlds.hasTouched(0, in: world) }
  func castRays(into fractions: inout MutableSpan<Float>, at offset: Int) {
    let rays = BipedalWalkerSimulation.rays
    worlds.castFan(from: 0, in: world, rays: rays.span, into: &fractions, at: offset)
  }
  mutating func drive(_ hinge: Int, speed: Float, maximumTorque: Float) {
    worlds.drive(hinge, speed: speed, maximumTorque: maximumTorque, in: world)
  }
}

extension BipedalWalkerLanes {
  /// The walker as ``BipedalWalkerSimulation`` builds it.
  private static let model: LaneWorlds.Model = {
    typealias Walker = BipedalWalkerSimulation
    let nominal = 1.0  // factor on the legs' length
    func segment(_ halfWidth: Float) -> (outline: LaneWorlds.Outline, friction: Float) {
      (
        .box(halfWidth: halfWidth, halfHeight: Walker.legHalfHeight(nominal)), Walker.legFriction
      )
    }
    let bodies = (0..<LaneWorlds.bodyCount).map(LaneWorlds.body)
    return LaneWorlds.Model(
      shapes: [
        (.polygon(Walker.hullOutline), Walker.hullFriction), segment(Walker.upperHalfWidth),
        segment(Walker.lowerHalfWidth), segment(Walker.upperHalfWidth),
        segment(Walker.lowerHalfWidth),
      ],
      hinges: [1, 3].flatMap { upper in
        [
          Walker.hip(of: upper, hull: bodies[0], thigh: bodies[upper], legLength: nominal),
          Walker.knee(thigh: bodies[upper], shin: bodies[upper + 1], legLength: nominal),
        ]
      },
      poses: (0..<LaneWorlds.bodyCount).map { Walker.restPoses[$0] },
      seconds: Float(1 / Walker.framesPerSecond), velocityIterations: Walker.velocityIterations,
      positionIterations: Walker.positionIterations)
  }()
}
