internal import Glibc
internal import Physics
package import RLCore

/// Gates from left to right and balloons between them, through which ``QuadcopterGates`` leads.
package struct GateCourse: Sendable {
  /// Number of gates.
  static let gateCount = 3
  /// Half of the height of a gate's opening, in m.
  static let opening = 0.25
  /// Height of the bar above the opening, in m; the post below it stands on the ground.
  static let barHeight = 0.3
  /// Half of the width of bars and posts, in m.
  static let halfWidth = 0.03
  /// Radius of a balloon, in m.
  static let balloonRadius = 0.12
  /// Half of the ground's length, in m.
  static let reach = 4.0

  /// Middles of the openings, in m.
  package private(set) var gates: [3 of (x: Double, z: Double)]
  /// Middles of the balloons, in m, of which the first `balloonCount` exist.
  package private(set) var balloons: [2 of (x: Double, z: Double)]
  package let balloonCount: Int

  /// Draws a course; the draws are the same for any number of balloons.
  package init(balloonCount: Int, using random: inout NumPyRandom) {
    self.balloonCount = balloonCount
    gates = .init(repeating: (0, 0))
    balloons = .init(repeating: (0, 0))
    for i in 0..<Self.gateCount {
      let x = -1.2 + 1.6 * Double(i) + random.uniform(-0.1, 0.1)
      gates[i] = (x, random.uniform(0.9, 2.1))
    }
    let first = random.integers(0, 2)
    for j in 0..<2 {
      let gap = (first + j) % 2
      balloons[j] = (
        (gates[gap].x + gates[gap + 1].x) / 2,
        (gates[gap].z + gates[gap + 1].z) / 2 + random.uniform(-0.2, 0.2)
      )
    }
  }

  /// Adds the ground, the gates and the balloons to a world as static bodies.
  func build(in world: inout World) {
    let scale = Quadcopter.unitsPerMetre
    func point(_ x: Double, _ z: Double) -> Point { Point(Float(x * scale), Float(z * scale)) }
    let ground = world.addStaticBody()
    world.addEdge(from: point(-Self.reach, 0), to: point(Self.reach, 0), of: ground, Material())
    let course = world.addStaticBody()
    for i in 0..<Self.gateCount {
      let (left, right) = (gates[i].x - Self.halfWidth, gates[i].x + Self.halfWidth)
      let (bottom, top) = (gates[i].z - Self.opening, gates[i].z + Self.opening)
      for (low, high) in [(0, bottom), (top, top + Self.barHeight)] {
        world.addPolygon(
          [point(left, low), point(right, low), point(right, high), point(left, high)],
          to: course, Material())
      }
    }
    for j in 0..<balloonCount {
      let outline = (0..<8).map { corner in
        let angle = (Double(corner) + 0.5) / 4 * Double.pi
        return point(
          balloons[j].x + Self.balloonRadius * cos(angle),
          balloons[j].z + Self.balloonRadius * sin(angle))
      }
      world.addPolygon(outline, to: course, Material())
    }
  }

  /// Returns the gate's middle, from a point; for a number beyond the last, that of the last.
  func way(toGate gate: Int, fromX x: Double, z: Double) -> (x: Double, z: Double) {
    let middle = gates[min(gate, Self.gateCount - 1)]
    return (middle.x - x, middle.z - z)
  }

  /// Whether a straight way leads through a gate from left to right.
  func passes(
    gate: Int, from start: (x: Double, z: Double), to end: (x: Double, z: Double)
  ) -> Bool {
    let middle = gates[gate]
    guard start.x < middle.x && end.x >= middle.x else { return false }
    let part = (middle.x - start.x) / (end.x - start.x)
    return abs(start.z + part * (end.z - start.z) - middle.z) < Self.opening
  }

  func hash(into hasher: inout StateHasher) {
    for i in 0..<Self.gateCount {
      hasher.combine(gates[i].x)
      hasher.combine(gates[i].z)
    }
  }
}
