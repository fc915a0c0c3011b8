internal import Physics
package import RLCore

/// The ground of one walker episode: a line of 200 heights and the obstacles on it.
///
/// - Source: Gymnasium 1.4.0 `BipedalWalker-v3`, draw for draw.
package struct BipedalWalkerTerrain: Sendable, Equatable {
  /// Distance between two columns, in m.
  package static let spacing = 14.0 / 30.0
  /// Number of heights.
  package static let columnCount = 200
  /// Height of flat ground, in m.
  package static let baseHeight = 400.0 / 30.0 / 4
  /// Number of flat columns at the start.
  package static let startColumns = 20

  /// Height of each column, in m.
  package var heights: [Double] = []
  /// Convex quadrilaterals, as x and y of four vertices in turn, in m.
  package var obstacles: [[Float]] = []
  /// Force on the hull that starts the episode, in N.
  package var hullForce = 0.0

  /// Creates a terrain from recorded values.
  package init(heights: [Double], obstacles: [[Float]], hullForce: Double) {
    self.heights = heights
    self.obstacles = obstacles
    self.hullForce = hullForce
  }

  /// Draws a terrain.
  ///
  /// - Parameters:
  ///   - roughness: Factor on the noise; 0 is flat ground with the same draws.
  ///   - hasObstacles: Whether stumps, stairs and pits alternate with grass.
  ///   - random: Generator, used draw for draw as in Gymnasium, including clouds and hull force.
  package init(roughness: Double, hasObstacles: Bool, using random: inout NumPyRandom) {
    var builder = Builder(roughness: roughness, hasObstacles: hasObstacles)
    heights.reserveCapacity(Self.columnCount)
    for column in 0..<Self.columnCount {
      builder.advance(column, using: &random)
      heights.append(builder.height)
    }
    obstacles = builder.obstacles
    // Numbers for ten clouds, which have no picture here; without them the hull's push would differ.
    for _ in 0..<10 * (1 + 2 * 5) { _ = random.double() }
    hullForce = random.uniform(-5, 5)
  }

  /// The kind of ground to which a column belongs; the numbers are the reference's draws.
  private enum Ground: Int {
    case grass, stump, stairs, pit
  }

  /// Builds the terrain column by column.
  private struct Builder {
    private let roughness: Double
    private let hasObstacles: Bool
    private var ground = Ground.grass
    /// Whether the column is the first of a new stretch of ground.
    private var isFirst = false
    /// Number of columns left in this stretch.
    private var remaining = BipedalWalkerTerrain.startColumns
    private var slope = 0.0
    private var heightBefore = 0.0
    private var stepDirection = 0
    private var stepCount = 0
    private let stepWidth = 4

    private(set) var height = BipedalWalkerTerrain.baseHeight
    private(set) var obstacles: [[Float]] = []

    init(roughness: Double, hasObstacles: Bool) {
      self.roughness = roughness
      self.hasObstacles = hasObstacles
    }

    mutating func advance(_ column: Int, using random: inout NumPyRandom) {
      let x = Double(column) * spacing
      switch ground {
      case .grass: if !isFirst { undulate(column, using: &random) }
      case .stump: if isFirst { addStump(at: x, using: &random) }
      case .stairs: if isFirst { addStairs(at: x, using: &random) } else { climb() }
      case .pit: if isFirst { addPit(at: x, using: &random) } else { dive() }
      }
      isFirst = false
      remaining -= 1
      if remaining == 0 { changeGround(using: &random) }
    }

    private mutating func undulate(_ column: Int, using random: inout NumPyRandom) {
      let difference = baseHeight - height
      slope = 0.8 * slope + 0.01 * (difference > 0 ? 1 : difference < 0 ? -1 : 0)
      if column > startColumns { slope += roughness * random.uniform(-1, 1) / 30 }
      height += slope
    }

    private mutating func addStump(at x: Double, using random: inout NumPyRandom) {
      remaining = random.integers(1, 3)
      let side = Double(remaining) * spacing
      addQuadrilateral(left: x, right: x + side, top: height, bottom: height + side)
    }

    private mutating func addStairs(at x: Double, using random: inout NumPyRandom) {
      stepDirection = random.double() > 0.5 ? 1 : -1
      stepCount = random.integers(3, 5)
      heightBefore = height
      for k in 0..<stepCount {
        addQuadrilateral(
          left: x + Double(k * stepWidth) * spacing,
          right: x + Double((1 + k) * stepWidth) * spacing,
          top: height + Double(k * stepDirection) * spacing,
          bottom: height + Double(-1 + k * stepDirection) * spacing)
      }
      remaining = stepCount * stepWidth
    }

    /// Raises the ground as a ramp under the steps.
    private mutating func climb() {
      let columns = stepCount * stepWidth - remaining - stepDirection
      height =
        heightBefore + Double(columns) / Double(stepWidth) * Double(stepDirection) * spacing
    }

    private mutating func addPit(at x: Double, using random: inout NumPyRandom) {
      remaining = random.integers(3, 5)
      let (bottom, gap) = (height - 4 * spacing, spacing * Double(remaining))
      addQuadrilateral(left: x, right: x + spacing, top: height, bottom: bottom)
      addQuadrilateral(left: x + gap, right: x + spacing + gap, top: height, bottom: bottom)
      remaining += 2
      heightBefore = height
    }

    private mutating func dive() {
      height = heightBefore
      if remaining > 1 { height -= 4 * spacing }
    }

    private mutating func changeGround(using random: inout NumPyRandom) {
      remaining = random.integers(5, 10)
      let next = ground == .grass && hasObstacles ? Ground(rawValue: random.integers(1, 4)) : nil
      ground = next ?? .grass
      // On plain grass too, the first column of a stretch repeats the height and draws nothing.
      isFirst = true
    }

    private mutating func addQuadrilateral(
      left: Double, right: Double, top: Double, bottom: Double
    ) {
      obstacles.append(
        [left, top, right, top, right, bottom, left, bottom].map { Float($0) })
    }
  }
}

extension BipedalWalkerTerrain {
  /// The points of the ground's line, in m.
  private var points: [Point] {
    heights.indices.map { Point(Float(Double($0) * Self.spacing), Float(heights[$0])) }
  }

  /// The vertices of an obstacle.
  private static func vertices(_ obstacle: [Float]) -> [Point] {
    stride(from: 0, to: obstacle.count, by: 2).map { Point(obstacle[$0], obstacle[$0 + 1]) }
  }

  /// Builds the ground in a world: one static body for each obstacle, one for all edges.
  func build(in world: inout World, friction: Float) {
    let material = Material(friction: friction)
    for obstacle in obstacles {
      world.addPolygon(Self.vertices(obstacle), to: world.addStaticBody(), material)
    }
    let (ground, points) = (world.addStaticBody(), points)
    for i in 1..<points.count {
      world.addEdge(from: points[i - 1], to: points[i], of: ground, material)
    }
  }

  /// The start of a walker in lanes on this ground.
  func start(_ parameters: BipedalWalkerParameters) -> LaneWorlds.Start {
    LaneWorlds.Start(
      gravity: parameters.gravityUpwards, groundFriction: parameters.groundFriction,
      densities: [parameters.hullDensity] + [Float](repeating: parameters.legDensity, count: 4),
      force: Float(hullForce), columns: points, obstacles: obstacles.flatMap(Self.vertices))
  }
}
