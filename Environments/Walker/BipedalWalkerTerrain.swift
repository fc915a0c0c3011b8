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

  /// Draws a terrain for ``BipedalWalker``, or for ``BipedalWalkerHardcore`` if it has obstacles.
  ///
  /// - Parameters:
  ///   - parameters: Roughness, and sizes of obstacles, of which there are none nominally.
  ///   - hasObstacles: Whether stumps, stairs and pits of random sizes alternate with grass instead.
  ///   - random: Generator, used draw for draw as in Gymnasium, including clouds and hull force.
  package init(
    _ parameters: BipedalWalkerParameters = .init(), hasObstacles: Bool,
    using random: inout NumPyRandom
  ) {
    var builder = Builder(Course(parameters: parameters, hasRandomObstacles: hasObstacles))
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

  /// What a terrain is made of.
  private struct Course {
    let parameters: BipedalWalkerParameters
    /// Whether obstacles are of every kind, with sizes that the reference draws.
    let hasRandomObstacles: Bool

    /// Smallest size of an obstacle that the parameters set, in m.
    private static let smallest = 0.05

    /// Draws what follows a stretch of grass; draws nothing if there are no obstacles.
    func obstacle(using random: inout NumPyRandom) -> Ground {
      if hasRandomObstacles { return Ground(rawValue: random.integers(1, 4)) ?? .grass }
      let sizes = [
        (Ground.stump, parameters.stumpHeight), (.stairs, parameters.stairHeight),
        (.pit, parameters.pitWidth),
      ]
      let kinds = sizes.filter { $0.1 >= Self.smallest }.map(\.0)
      return kinds.isEmpty ? .grass : kinds[random.integers(0, kinds.count)]
    }

    /// Draws the number of columns of a stretch of grass.
    func grassColumns(using random: inout NumPyRandom) -> Int {
      let drawn = Double(random.integers(5, 10))
      return max(1, Int((parameters.obstacleSpacing * drawn).rounded()))
    }

    /// Draws the width in columns and the height in m of a stump.
    func stump(using random: inout NumPyRandom) -> (columns: Int, height: Double) {
      guard hasRandomObstacles else { return (1, parameters.stumpHeight) }
      let columns = random.integers(1, 3)
      return (columns, Double(columns) * spacing)
    }

    /// Draws the distance of a pit's walls in columns, from left to left, and the width of the left one
    /// in m.
    func pit(using random: inout NumPyRandom) -> (columns: Int, wall: Double) {
      if hasRandomObstacles { return (random.integers(3, 5), spacing) }
      // The right wall stands on a column; the left one is as wide as it takes to leave the gap.
      let columns = 1 + Int((parameters.pitWidth / spacing).rounded(.up))
      return (columns, Double(columns) * spacing - parameters.pitWidth)
    }

    /// Height of a step of stairs, in m.
    var stairHeight: Double { hasRandomObstacles ? spacing : parameters.stairHeight }
  }

  /// Builds the terrain column by column.
  private struct Builder {
    private let course: Course
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

    init(_ course: Course) { self.course = course }

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
      if column > startColumns { slope += course.parameters.roughness * random.uniform(-1, 1) / 30 }
      height += slope
    }

    private mutating func addStump(at x: Double, using random: inout NumPyRandom) {
      let stump = course.stump(using: &random)
      remaining = stump.columns
      addQuadrilateral(
        left: x, right: x + Double(remaining) * spacing, top: height,
        bottom: height + stump.height)
    }

    private mutating func addStairs(at x: Double, using random: inout NumPyRandom) {
      stepDirection = random.double() > 0.5 ? 1 : -1
      stepCount = random.integers(3, 5)
      heightBefore = height
      let depth = spacing / course.stairHeight  // of a block, in steps
      for k in 0..<stepCount {
        addQuadrilateral(
          left: x + Double(k * stepWidth) * spacing,
          right: x + Double((1 + k) * stepWidth) * spacing,
          top: height + Double(k * stepDirection) * course.stairHeight,
          bottom: height + (Double(k * stepDirection) - depth) * course.stairHeight)
      }
      remaining = stepCount * stepWidth
    }

    /// Raises the ground as a ramp under the steps.
    private mutating func climb() {
      let columns = stepCount * stepWidth - remaining - stepDirection
      height =
        heightBefore + Double(columns) / Double(stepWidth) * Double(stepDirection)
        * course.stairHeight
    }

    private mutating func addPit(at x: Double, using random: inout NumPyRandom) {
      let pit = course.pit(using: &random)
      remaining = pit.columns
      let (bottom, gap) = (height - 4 * spacing, spacing * Double(remaining))
      addQuadrilateral(left: x, right: x + pit.wall, top: height, bottom: bottom)
      addQuadrilateral(left: x + gap, right: x + spacing + gap, top: height, bottom: bottom)
      remaining += 2
      heightBefore = height
    }

    private mutating func dive() {
      height = heightBefore
      if remaining > 1 { height -= 4 * spacing }
    }

    private mutating func changeGround(using random: inout NumPyRandom) {
      remaining = course.grassColumns(using: &random)
      ground = ground == .grass ? course.obstacle(using: &random) : .grass
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
