internal import Glibc
internal import Physics
internal import RLCore

/// The bodies, world and rules of ``QuadcopterSwarm``, for any number of quadcopters.
struct QuadcopterSwarmSimulation: ~Copyable {
  /// Greatest number of quadcopters.
  static let most = 8
  /// Distance of neighbouring places along x, in m.
  static let spacing = 1.0
  /// Distance of starts and goals from the ground and from the upper end of the space, in m.
  static let margin = 0.6
  /// Greatest distance from the goal of a success, in m.
  static let tolerance: Float = 0.1
  /// Distance below which a pair costs reward, in m.
  static let separation = 0.3
  static let disturbanceComponents = Quadcopter.disturbanceComponents

  let count: Int
  let parameters: QuadcopterSwarmParameters
  private var world: World
  private let bodies: [8 of Body]
  /// Speeds of the rotors of each, in rpm.
  private(set) var speeds: [8 of (right: Double, left: Double)]
  /// Goal of each, in m.
  let goals: [8 of (x: Double, z: Double)]
  /// Distance of each from its goal, in m.
  private var distances = [8 of Double](repeating: 0)
  var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  /// Starts an episode with a drawn start.
  init(
    count: Int, parameters: QuadcopterSwarmParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    var states = [8 of [6 of Double]](repeating: .init(repeating: 0))
    var heights = [8 of Double](repeating: 0)
    let top = Self.extent(count) - Self.margin
    for i in 0..<count {
      let x = Self.spacing * (Double(i) - Double(count - 1) / 2) + random.uniform(-0.25, 0.25)
      let vx = random.uniform(-0.2, 0.2)
      let z = random.uniform(Self.margin, top)
      let vz = random.uniform(-0.2, 0.2)
      let pitch = random.uniform(-0.1, 0.1)
      let rate = random.uniform(-0.5, 0.5)
      states[i] = [x, vx, z, vz, pitch, rate]
      heights[i] = random.uniform(Self.margin, top)
    }
    self.init(
      count: count, parameters: parameters, states: states, goalHeights: heights,
      observation: &observation)
  }

  /// Starts an episode in given states (x, x', z, z', pitch, rate), with goals at given heights where the
  /// mirror images are along x.
  init(
    count: Int, parameters: QuadcopterSwarmParameters, states: [8 of [6 of Double]],
    goalHeights: [8 of Double], observation: inout MutableSpan<Float>
  ) {
    (self.count, self.parameters) = (count, parameters)
    var world = World(gravity: -Quadcopter.gravity(parameters.quadcopter))
    var bodies = [8 of Body](
      repeating: Self.addBody(in: &world, states[0], parameters.quadcopter))
    for i in 1..<count {
      bodies[i] = Self.addBody(in: &world, states[i], parameters.quadcopter)
    }
    self.bodies = bodies
    self.world = world
    speeds = .init(repeating: (QuadcopterModel.hoverSpeed, QuadcopterModel.hoverSpeed))
    goals = .init { (states[max(count - 1 - $0, 0)][0], goalHeights[$0]) }
    observe(into: &observation)
    for i in 0..<count { distances[i] = distance(ofBody: i, observation) }
  }

  private static func addBody(
    in world: inout World, _ state: [6 of Double], _ parameters: Quadcopter.Parameters
  ) -> Body {
    let scale = Quadcopter.unitsPerMetre
    let body = world.addDynamicBody(
      BodyState(x: Float(state[0] * scale), y: Float(state[2] * scale), angle: Float(-state[4])),
      maySleep: false)
    Quadcopter.addShape(to: body, in: &world)
    world.setMass(Quadcopter.mass(parameters), of: body)
    world.setVelocity(
      x: Float(state[1] * scale), y: Float(state[3] * scale), angular: Float(-state[5]), of: body)
    return body
  }

  /// Returns the pose and velocity of one of them, in Box2D's units.
  func state(of quadcopter: Int) -> BodyState { world.state(of: bodies[quadcopter]) }

  mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    var commands = speeds
    for i in 0..<count { commands[i] = Quadcopter.commandedSpeeds(action, at: 2 * i) }
    let push = disturbance.take()
    for _ in 0..<Quadcopter.substeps {
      applyLoads(commands, push)
      world.step(
        seconds: Float(Quadcopter.substep), velocityIterations: 8, positionIterations: 3)
    }
    observe(into: &observation)
    return outcome(action: action, observation)
  }

  /// Applies thrust, drag, downwash and a push during the next substep.
  private mutating func applyLoads(
    _ commands: [8 of (right: Double, left: Double)], _ push: SIMD2<Float>?
  ) {
    let scale = Quadcopter.unitsPerMetre
    var states = [8 of BodyState](repeating: state(of: 0))
    for i in 1..<count { states[i] = state(of: i) }
    for i in 0..<count {
      speeds[i] = Quadcopter.laggedSpeeds(
        from: speeds[i], to: commands[i], parameters.quadcopter)
      var downwash = 0.0
      for j in 0..<count {
        downwash += QuadcopterModel.downwash(
          height: Double(states[j].y - states[i].y) / scale,
          offset: Double(states[j].x - states[i].x) / scale)
      }
      let load = Quadcopter.load(
        on: states[i], speeds: speeds[i], downwash: parameters.downwash * downwash,
        parameters.quadcopter)
      // Box2D aborts if several bodies are nowhere; speeds and reward already tell that this one is.
      guard load.x.isFinite && load.y.isFinite && load.torque.isFinite else { continue }
      world.applyForce(x: load.x, y: load.y, to: bodies[i])
      world.applyTorque(load.torque, to: bodies[i])
      if let push {
        world.applyForce(x: push.x * Float(scale), y: push.y * Float(scale), to: bodies[i])
      }
    }
  }

  /// Distance of a quadcopter from its goal, as observed.
  private func distance(
    ofBody quadcopter: Int, _ observation: borrowing MutableSpan<Float>
  ) -> Double {
    let first = quadcopter * Self.width(count)
    return hypot(Double(observation[first + 8]), Double(observation[first + 9]))
  }

  /// Returns the reward, and the end if there is one, of an action that led to an observation.
  private mutating func outcome(
    action: Span<Float>, _ observation: borrowing MutableSpan<Float>
  ) -> StepOutcome {
    let (extent, width) = (Self.extent(count), Self.width(count))
    var sum = 0.0
    var hasFallen = false
    var isOut = false
    var hasCollided = false
    for i in 0..<count {
      let first = i * width
      let distance = distance(ofBody: i, observation)
      let speed = hypot(Double(observation[first + 1]), Double(observation[first + 3]))
      let pitch = abs(Double(observation[first + 4]))
      let rate = abs(Double(observation[first + 5]))
      let (right, left) = (Double(action[2 * i]), Double(action[2 * i + 1]))
      let effort = min(right * right, 1) + min(left * left, 1)
      sum += exp(-(distance + 0.1 * speed + 0.5 * pitch + 0.1 * rate + 0.05 * effort))
      sum += distances[i] - distance
      distances[i] = distance
      let (x, z) = (Double(observation[first]), Double(observation[first + 2]))
      hasFallen = hasFallen || z < 0 || pitch > Quadcopter.maximumPitch
      isOut = isOut || abs(x) > extent || z > extent
      hasCollided = hasCollided || world.hasTouched(bodies[i])
      for j in 0..<i {
        let gap = hypot(
          x - Double(observation[j * width]), z - Double(observation[j * width + 2]))
        let closeness = max(1 - gap / Self.separation, 0)
        sum -= 0.5 * closeness * closeness
      }
    }
    let reward = sum / Double(count)
    guard hasCollided || hasFallen || isOut else { return StepOutcome(reward: reward) }
    return StepOutcome(
      reward: reward - 5, end: hasCollided ? .collided : hasFallen ? .fell : .outOfBounds)
  }

  func hashState(into hasher: inout StateHasher) {
    hasher.combine(world.fingerprint)
    for i in 0..<count {
      hasher.combine(speeds[i].right)
      hasher.combine(speeds[i].left)
      hasher.combine(goals[i].x)
      hasher.combine(goals[i].z)
      hasher.combine(distances[i])
    }
  }
}

// MARK: - Observation

extension QuadcopterSwarmSimulation {
  /// Returns how many others each of them observes.
  static func neighbours(_ count: Int) -> Int { min(count - 1, 3) }

  /// Returns the number of components that each of them observes.
  static func width(_ count: Int) -> Int { 10 + 4 * neighbours(count) }

  /// Returns the height of the space, which is half of its width, in m.
  static func extent(_ count: Int) -> Double { 0.75 * Double(max(count, 4)) }

  /// Whether all are within the tolerance of their goals, as observed.
  static func areAtGoals(_ observation: Span<Float>, count: Int) -> Bool {
    for i in 0..<count {
      let first = i * width(count)
      if hypot(observation[first + 8], observation[first + 9]) >= tolerance { return false }
    }
    return true
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    let width = Self.width(count)
    for i in 0..<count {
      let first = i * width
      Quadcopter.observe(state(of: i), speeds[i], into: &observation, at: first)
      observation[first + 2] += Float(Quadcopter.goal.z)
      observation[first + 8] = Float(goals[i].x) - observation[first]
      observation[first + 9] = Float(goals[i].z) - observation[first + 2]
    }
    for i in 0..<count { observeNeighbours(of: i, in: &observation) }
  }

  private func observeNeighbours(
    of quadcopter: Int, in observation: inout MutableSpan<Float>
  ) {
    let width = Self.width(count)
    let own = quadcopter * width
    func distance(_ other: Int, _ observation: borrowing MutableSpan<Float>) -> Float {
      let x = observation[other * width] - observation[own]
      let z = observation[other * width + 2] - observation[own + 2]
      return x * x + z * z
    }
    var next = own + 10
    for turn in 1..<count {
      let other = (quadcopter + turn) % count
      let far = distance(other, observation)
      var nearer = 0
      for rivalTurn in 1..<count where rivalTurn != turn {
        let rival = distance((quadcopter + rivalTurn) % count, observation)
        if rival < far || rival == far && rivalTurn < turn { nearer += 1 }
      }
      guard nearer < Self.neighbours(count) else { continue }
      for j in 0..<4 {
        observation[next + j] = observation[other * width + j] - observation[own + j]
      }
      next += 4
    }
  }
}

// MARK: - Specification

extension QuadcopterSwarmSimulation {
  /// The specifications of two to eight quadcopters.
  static let specifications = (2...most).map(specification)

  private static func specification(_ count: Int) -> EnvironmentSpecification {
    let extent = Float(extent(count))
    let others = neighbours(count)
    let limit = Float.infinity
    var own: (low: [Float], high: [Float]) = (
      [-extent - 1, -limit, -1, -limit, -2, -limit, -1, -1, -2 * extent - 2, -extent - 2],
      [extent + 1, limit, extent + 1, limit, 2, limit, 1.5, 1.5, 2 * extent + 2, extent + 2]
    )
    for _ in 0..<others {
      own.low += [-2 * extent - 2, -limit, -extent - 2, -limit]
      own.high += [2 * extent + 2, limit, extent + 2, limit]
    }
    func forAll(_ bounds: [Float]) -> [Float] {
      Array([[Float]](repeating: bounds, count: count).joined())
    }
    return EnvironmentSpecification(
      identifier: count == 4 ? "quadcopter-swarm" : "quadcopter-swarm-\(count)",
      summary: "Let \(count) quadcopters change sides without a collision.",
      reward:
        "mean of exp(-(d + 0.1 |v| + 0.5 |pitch| + 0.1 |rate| + 0.05 |a|²)) and of the"
        + " progress in m, with the distance d to the goal, less 0.5 (1 - s / 0.3)² for each pair"
        + " at s < 0.3 m; -5 for a failure",
      observationSpace: .box(low: forAll(own.low), high: forAll(own.high)),
      observationComponents: (1...count).flatMap { components(of: $0, others: others) },
      actionSpace: .box(low: forAll([-1, -1]), high: forAll([1, 1])),
      actionComponents: (1...count).flatMap { number in
        Quadcopter.specification.actionComponents.map { .init("\($0.name) \(number)") }
      },
      timeStep: Quadcopter.specification.timeStep, episodeSteps: 100 * max(count, 4),
      ends: [
        .init(.collided, when: "two of them touch"),
        .init(.fell, when: "one touches the ground or its pitch exceeds 85°"),
        .init(
          .outOfBounds, when: "one is \(extent) m beside the middle or \(extent) m above the ground"
        ),
      ], solvedReturn: nil,
      source: "gym-pybullet-drones' downwash between the suite's quadcopters", agents: count)
  }

  private static func components(
    of number: Int, others: Int
  ) -> [EnvironmentSpecification.Component] {
    var components = Quadcopter.specification.observationComponents
    components[0] = .init("x", unit: "m")
    components[2] = .init("height", unit: "m")
    components += [.init("way to the goal along x", unit: "m"), .init("up to the goal", unit: "m")]
    for other in ["first", "second", "third"].prefix(others) {
      components += [
        .init("\(other) neighbour's x", unit: "m"),
        .init("\(other) neighbour's x velocity", unit: "m/s"),
        .init("\(other) neighbour's z", unit: "m"),
        .init("\(other) neighbour's z velocity", unit: "m/s"),
      ]
    }
    return components.map { .init("\(number): \($0.name)", unit: $0.unit) }
  }
}
