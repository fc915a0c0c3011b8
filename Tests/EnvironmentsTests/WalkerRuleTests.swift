import Environments
import Physics
import RLCore
import Testing

/// Rules of the walker that are easy to get wrong.
@Suite struct WalkerRuleTests {
  private func flat(hullForce: Double = 0) -> BipedalWalkerTerrain {
    BipedalWalkerTerrain(
      heights: .init(repeating: BipedalWalkerTerrain.baseHeight, count: 200), obstacles: [],
      hullForce: hullForce)
  }

  /// The bodies at rest, moved along x and given a common velocity.
  private func poses(shiftedBy x: Float, velocity: Float = 0) -> [5 of BodyState] {
    var poses = BipedalWalkerSimulation.restPoses
    for i in 0..<5 {
      poses[i].x += x
      poses[i].velocityX = velocity
    }
    return poses
  }

  /// Hinge angles are measured from the legs' tilt at creation: without that the hips would read
  /// 0.05 rad less and more.
  @Test func hingesAreMeasuredFromThePoseAtCreation() {
    let hanging = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), poses: BipedalWalkerSimulation.restPoses)
    for i in 0..<4 {
      let angle = hanging.world.state(of: hanging.joints[i]).angle
      #expect(abs(angle) < 1e-6)
    }
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    _ = BipedalWalker(parameters: .init(), on: flat(), observation: &observation)
    #expect(abs(observation[4] - 0.092) < 2e-3 && abs(observation[9] - 0.032) < 2e-3)
    #expect(abs(observation[6] - 0.86) < 1e-2 && abs(observation[11] - 0.86) < 1e-2)
  }

  /// The lidar walks along the ground's edges; Box2D's own ray cast is the oracle, bit for bit.
  @Test(arguments: ["walker", "walker-hardcore"], [UInt64(1), 2, 3])
  func lidarEqualsBox2DsRayCasts(identifier: String, seed: UInt64) {
    var random = NumPyRandom(seed: seed)
    let terrain = BipedalWalkerTerrain(
      hasObstacles: identifier == "walker-hardcore", using: &random)
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    var hits = 0
    for column in stride(from: 0, to: 190, by: 5) {
      // Dropped from a height, so that steep obstacles come from all sides.
      let x = Float(Double(column) * BipedalWalkerTerrain.spacing) - 4
      var poses = poses(shiftedBy: x, velocity: 3)
      for i in 0..<5 { poses[i].y += 1 }
      var walker = BipedalWalkerSimulation(
        parameters: .init(), on: terrain, poses: poses)
      for _ in 0..<40 {
        let action = (0..<4).map { _ in Float(random.uniform(-1, 1)) }
        _ = walker.step(action: action.span, observation: &observation)
        let hull = walker.world.state(of: walker.bodies[0])
        for (i, ray) in BipedalWalkerSimulation.rays.enumerated() {
          let end = Point(Float(Double(hull.x) + ray.x), Float(Double(hull.y) + ray.y))
          let free = walker.world.castRay(from: Point(hull.x, hull.y), to: end)
          #expect(observation[14 + i] == free)
          if free < 1 { hits += 1 }
        }
      }
    }
    #expect(hits > 5000)
  }

  @Test func aFallReplacesTheReward() {
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    var poses = poses(shiftedBy: 0, velocity: 4)
    for i in 0..<5 { poses[i].y -= 2.05 }
    var walker = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), poses: poses)
    let action: [4 of Float] = [1, 1, 1, 1]
    let fall = walker.step(action: action.span, observation: &observation)
    #expect(fall == StepOutcome(reward: -100, end: .fell))
    // Once down, always down: the flag is of the episode, not of the moment.
    let later = walker.step(action: action.span, observation: &observation)
    #expect(later == StepOutcome(reward: -100, end: .fell))
  }

  @Test func bothEndsOfTheCourseTerminate() {
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    let action: [4 of Float] = [0, 0, 0, 0]
    let start = BipedalWalkerSimulation.restPoses[0].x
    var walker = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), poses: poses(shiftedBy: 0.01 - start, velocity: -5))
    let left = walker.step(action: action.span, observation: &observation)
    #expect(left == StepOutcome(reward: -100, end: .outOfBounds))
    // At 190 columns the ordinary reward stays: 5 m/s for 0.02 s pay about 0.43.
    let finish = Float(190 * BipedalWalkerTerrain.spacing)
    walker = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), poses: poses(shiftedBy: finish - 0.05 - start, velocity: 5))
    let goal = walker.step(action: action.span, observation: &observation)
    #expect(goal.end == .goalReached && goal.reward > 0.2 && goal.reward < 0.6)
    walker = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), poses: poses(shiftedBy: finish - 0.5 - start, velocity: 5))
    let before = walker.step(action: action.span, observation: &observation)
    #expect(!before.terminated)
  }

  @Test func theRewardOfTheResetStepDoesNotLeak() {
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    var walker = BipedalWalkerSimulation(
      parameters: .init(), on: flat(), observation: &observation)
    let hull = walker.world.state(of: walker.bodies[0])
    let rest: [4 of Float] = [0, 0, 0, 0]
    let outcome = walker.step(action: rest.span, observation: &observation)
    let next = walker.world.state(of: walker.bodies[0])
    let change =
      130 * Double(next.x - hull.x) / 30 - 5 * Double(abs(next.angle) - abs(hull.angle))
    #expect(abs(outcome.reward - change) < 1e-5)
  }

  /// Torque costs 0.028 per unit of action, clipped to 1, in single precision.
  @Test func torqueCosts() {
    var rewards: [Double] = []
    for size in [Float(0), 1, 7] {
      var poses = BipedalWalkerSimulation.restPoses
      for i in 0..<5 { poses[i].y += 3 }
      var walker = BipedalWalkerSimulation(
        parameters: .init(), on: flat(), poses: poses)
      var values = [Float](repeating: 0, count: 24)
      var observation = values.mutableSpan
      let action: [4 of Float] = [size, size, size, size]
      let before = walker.world.state(of: walker.bodies[0])
      let outcome = walker.step(action: action.span, observation: &observation)
      let after = walker.world.state(of: walker.bodies[0])
      let shaping = 130 * Double(after.x - before.x) / 30 - 5 * Double(abs(after.angle))
      rewards.append(outcome.reward - shaping)
      #expect(outcome.reward == Double(Float(outcome.reward)))
    }
    #expect(abs(rewards[0]) < 1e-5)
    #expect(abs(rewards[1] + 4 * 0.028) < 1e-5 && abs(rewards[2] + 4 * 0.028) < 1e-5)
  }

  /// The push of the reset acts in one step and is gone.
  @Test func theHullForceActsOnce() {
    var velocities: [Float] = []
    for force in [0.0, 5] {
      var poses = BipedalWalkerSimulation.restPoses
      for i in 0..<5 { poses[i].y += 3 }
      var walker = BipedalWalkerSimulation(
        parameters: .init(), on: flat(hullForce: force), poses: poses)
      var values = [Float](repeating: 0, count: 24)
      var observation = values.mutableSpan
      let rest: [4 of Float] = [0, 0, 0, 0]
      for _ in 0..<3 {
        _ = walker.step(action: rest.span, observation: &observation)
        velocities.append(
          walker.world.state(of: walker.bodies[0]).velocityX)
      }
    }
    let gains = (0..<3).map { velocities[3 + $0] - velocities[$0] }
    #expect(gains[0] > 0.012 && gains[0] < 0.02)
    #expect(abs(gains[1]) < 0.02 && abs(gains[2]) < 0.02)
  }

  /// Beginning and ending of contacts set and clear one flag: rolling over an edge's end clears it
  /// although the box still lies on the ground.
  @Test func contactFlagsFollowEventsAndAreNoCount() {
    var world = World(gravity: -10)
    let ground = world.addStaticBody()
    for i in 0..<10 {
      world.addEdge(
        from: Point(Float(i), 0), to: Point(Float(i + 1), 0), of: ground, Material(friction: 0))
    }
    let box = world.addDynamicBody(BodyState(x: 0.6, y: 0.11), maySleep: false)
    world.addBox(halfWidth: 0.2, halfHeight: 0.1, to: box, Material(density: 1, friction: 0))
    world.setVelocity(x: 1, y: 0, angular: 0, of: box)
    var (touching, clearedWhileDown) = (0, 0)
    for _ in 0..<200 {
      world.step(seconds: 0.02, velocityIterations: 8, positionIterations: 3)
      let state = world.state(of: box)
      #expect(state.y < 0.13 && state.y > 0.09)
      if world.isTouching(box) { touching += 1 } else { clearedWhileDown += 1 }
    }
    #expect(touching > 50 && clearedWhileDown > 10)
    let hasTouched = world.hasTouched(box)
    #expect(hasTouched)
  }

  /// Whole columns repeat their height and draw nothing: the first at column 20, then one where
  /// each stretch of grass begins.
  @Test func grassRepeatsItsHeightWhereAStretchBegins() {
    var random = NumPyRandom(seed: 5)
    let heights = BipedalWalkerTerrain(hasObstacles: false, using: &random).heights
    #expect(heights[..<21].allSatisfy { $0 == BipedalWalkerTerrain.baseHeight })
    let repeated = (21..<200).filter { heights[$0] == heights[$0 - 1] }
    #expect(repeated.count >= 179 / 10 - 2 && repeated.count <= 179 / 5 + 1)
    for (a, b) in zip(repeated, repeated.dropFirst()) { #expect((5...9).contains(b - a)) }
  }
}
