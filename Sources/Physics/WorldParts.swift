internal import CBox2D

/// A body, by its number in its world.
public struct Body: Sendable, Equatable {
  let index: Int32
}

/// A joint, by its number in its world.
public struct Joint: Sendable, Equatable {
  let index: Int32
}

/// A point, in m.
public struct Point: Sendable, Equatable {
  /// Rightwards.
  public var x: Float
  /// Upwards.
  public var y: Float

  /// Names the coordinates.
  public init(_ x: Float, _ y: Float) {
    self.x = x
    self.y = y
  }
}

/// Where a ray ends, relative to its start, in m.
///
/// In double precision, as the end is the rounded sum of a single-precision start and this.
@frozen public struct RayOffset: Sendable, Equatable {
  /// Rightwards, at least 0.
  public var x: Double
  /// Upwards.
  public var y: Double

  /// Names the coordinates.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// Where a body is and how it moves.
public struct BodyState: Sendable, Equatable {
  /// The origin's position, in m.
  public var x: Float
  /// The origin's height, in m.
  public var y: Float
  /// Rotation, in rad, unwrapped.
  public var angle: Float
  /// Velocity of the centre of mass, in m/s.
  public var velocityX: Float
  /// Upward velocity of the centre of mass, in m/s.
  public var velocityY: Float
  /// Angular velocity, in rad/s.
  public var angularVelocity: Float

  /// Gathers a state; at rest unless said otherwise.
  public init(
    x: Float, y: Float, angle: Float = 0, velocityX: Float = 0, velocityY: Float = 0,
    angularVelocity: Float = 0
  ) {
    self.x = x
    self.y = y
    self.angle = angle
    self.velocityX = velocityX
    self.velocityY = velocityY
    self.angularVelocity = angularVelocity
  }

  /// The same pose without velocity.
  public var atRest: BodyState { BodyState(x: x, y: y, angle: angle) }

  init(_ state: cb2_body_state) {
    self.init(
      x: state.x, y: state.y, angle: state.angle, velocityX: state.vx, velocityY: state.vy,
      angularVelocity: state.omega)
  }

  var c: cb2_body_state {
    cb2_body_state(
      x: x, y: y, angle: angle, vx: velocityX, vy: velocityY, omega: angularVelocity)
  }
}

/// How heavy a body is.
public struct MassProperties: Sendable, Equatable {
  /// In kg.
  public var mass: Float
  /// About the body's origin, in kg·m².
  public var inertia: Float
  /// Centre of mass in the body's frame, in m.
  public var center: Point

  /// Gathers the properties.
  public init(mass: Float, inertia: Float, center: Point = Point(0, 0)) {
    self.mass = mass
    self.inertia = inertia
    self.center = center
  }

  init(_ mass: cb2_mass) {
    self.init(
      mass: mass.mass, inertia: mass.inertia, center: Point(mass.center_x, mass.center_y))
  }

  var c: cb2_mass {
    cb2_mass(mass: mass, inertia: inertia, center_x: center.x, center_y: center.y)
  }
}

/// What a shape is made of and what it collides with.
public struct Material: Sendable, Equatable {
  /// In kg/m².
  public var density: Float
  /// Coulomb's coefficient; a pair's is the geometric mean.
  public var friction: Float
  /// Bounciness; a pair's is the larger.
  public var restitution: Float
  /// The one bit that says what it is.
  public var category: UInt16
  /// The categories it collides with.
  public var mask: UInt16

  /// Describes a material; Box2D's defaults unless said otherwise.
  public init(
    density: Float = 0, friction: Float = 0.2, restitution: Float = 0, category: UInt16 = 1,
    mask: UInt16 = 0xFFFF
  ) {
    self.density = density
    self.friction = friction
    self.restitution = restitution
    self.category = category
    self.mask = mask
  }

  var c: cb2_material {
    cb2_material(
      density: density, friction: friction, restitution: restitution, category: category,
      mask: mask)
  }
}

/// Two bodies joined at a point about which they turn.
public struct Hinge: Sendable {
  /// The body that carries.
  public var first: Body
  /// The body that is carried.
  public var second: Body
  /// The point in the first body's frame, in m.
  public var firstAnchor: Point
  /// The point in the second body's frame, in m.
  public var secondAnchor: Point
  /// The angle between the bodies at which the hinge's angle is 0, in rad.
  public var referenceAngle: Float
  /// The hinge's range in rad, if limited.
  public var limits: ClosedRange<Float>?
  /// Whether a motor drives it.
  public var hasMotor: Bool

  /// Describes a hinge; free and without a motor unless said otherwise.
  public init(
    _ first: Body, at firstAnchor: Point, to second: Body, at secondAnchor: Point,
    referenceAngle: Float = 0, limits: ClosedRange<Float>? = nil, hasMotor: Bool = false
  ) {
    self.first = first
    self.second = second
    self.firstAnchor = firstAnchor
    self.secondAnchor = secondAnchor
    self.referenceAngle = referenceAngle
    self.limits = limits
    self.hasMotor = hasMotor
  }

  var c: cb2_revolute {
    cb2_revolute(
      body_a: first.index, body_b: second.index, anchor_ax: firstAnchor.x,
      anchor_ay: firstAnchor.y, anchor_bx: secondAnchor.x, anchor_by: secondAnchor.y,
      reference_angle: referenceAngle, has_limits: limits != nil,
      lower: limits?.lowerBound ?? 0, upper: limits?.upperBound ?? 0, has_motor: hasMotor)
  }
}

/// What a hinge does.
public struct HingeState: Sendable, Equatable {
  /// Relative to the reference angle, in rad.
  public var angle: Float
  /// Angular velocity of the second body minus that of the first, in rad/s.
  public var speed: Float
}
