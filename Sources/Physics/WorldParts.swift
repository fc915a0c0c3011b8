internal import CBox2D

/// A body, identified by its number in its world.
public struct Body: Sendable, Equatable {
  let index: Int32
}

/// A joint, identified by its number in its world.
public struct Joint: Sendable, Equatable {
  let index: Int32
}

/// A point in the plane, in m.
public struct Point: Sendable, Equatable {
  /// Horizontal coordinate, positive to the right, in m.
  public var x: Float
  /// Vertical coordinate, positive upwards, in m.
  public var y: Float

  /// Creates a point from its coordinates.
  public init(_ x: Float, _ y: Float) {
    self.x = x
    self.y = y
  }
}

/// The end of a ray relative to its start, in m.
///
/// In double precision, because the end is the rounded sum of a single-precision start and this.
@frozen public struct RayOffset: Sendable, Equatable {
  /// Horizontal offset, positive to the right, at least 0, in m.
  public var x: Double
  /// Vertical offset, positive upwards, in m.
  public var y: Double

  /// Creates an offset from its coordinates.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// The position and velocity of a body.
public struct BodyState: Sendable, Equatable {
  /// Horizontal position of the origin, in m.
  public var x: Float
  /// Vertical position of the origin, in m.
  public var y: Float
  /// Rotation, in rad, not wrapped to a single turn.
  public var angle: Float
  /// Horizontal velocity of the centre of mass, in m/s.
  public var velocityX: Float
  /// Upward velocity of the centre of mass, in m/s.
  public var velocityY: Float
  /// Angular velocity, in rad/s.
  public var angularVelocity: Float

  /// Creates a state, at rest by default.
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

/// The mass, inertia and centre of mass of a body.
public struct MassProperties: Sendable, Equatable {
  /// Mass, in kg.
  public var mass: Float
  /// Moment of inertia about the body's origin, in kg·m².
  public var inertia: Float
  /// Centre of mass in the body's frame, in m.
  public var center: Point

  /// Creates mass properties.
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

/// The physical properties of a shape and its collision filter.
public struct Material: Sendable, Equatable {
  /// Density, in kg/m².
  public var density: Float
  /// Coefficient of Coulomb friction; a pair of shapes has the geometric mean of both.
  public var friction: Float
  /// Coefficient of restitution; a pair of shapes has the larger of both.
  public var restitution: Float
  /// Category of the shape, as a single bit.
  public var category: UInt16
  /// Categories with which the shape collides.
  public var mask: UInt16

  /// Creates a material, with Box2D's defaults.
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

/// A hinge that joins two bodies at a point about which they turn.
public struct Hinge: Sendable {
  /// First body, which carries the second.
  public var first: Body
  /// Second body, which is carried by the first.
  public var second: Body
  /// Position of the joint in the first body's frame, in m.
  public var firstAnchor: Point
  /// Position of the joint in the second body's frame, in m.
  public var secondAnchor: Point
  /// Angle between the bodies at which the hinge's angle is 0, in rad.
  public var referenceAngle: Float
  /// Range of the hinge's angle, in rad; nil if it is not limited.
  public var limits: ClosedRange<Float>?
  /// Whether a motor drives the hinge.
  public var hasMotor: Bool

  /// Creates a hinge, by default without limits or a motor.
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

/// The angle and speed of a hinge.
public struct HingeState: Sendable, Equatable {
  /// Angle relative to the reference angle, in rad.
  public var angle: Float
  /// Angular velocity of the second body minus that of the first, in rad/s.
  public var speed: Float
}
