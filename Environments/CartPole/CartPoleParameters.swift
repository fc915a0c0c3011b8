internal import LinearAlgebra
public import RLCore

/// The physical constants of all cart-poles.
public struct CartPoleParameters: EnvironmentParameters {
  /// Gravitational acceleration, in m/s².
  public var gravity = 9.8
  /// Mass of the cart, in kg.
  public var cartMass = 1.0
  /// Mass of the pole, in kg.
  public var poleMass = 0.1
  /// Distance from the pivot to the pole's centre of mass, in m.
  public var poleHalfLength = 0.5
  /// Size of a push, in N; for continuous actions, of an action of 1.
  public var force = 10.0

  /// The nominal constants.
  public init() {}

  static let table: [PhysicalParameter<Self>] = [
    .init("gravity", unit: "m/s²", range: 1...30, "gravitational acceleration", \.gravity),
    .init("cart-mass", unit: "kg", range: 0.2...5, "mass of the cart", \.cartMass),
    .init("pole-mass", unit: "kg", range: 0.02...1, "mass of the pole", \.poleMass),
    .init(
      "pole-half-length", unit: "m", range: 0.1...2, "pivot to the pole's centre of mass",
      \.poleHalfLength),
    .init("force", unit: "N", range: 2...30, isReversible: true, "size of a push", \.force),
  ]

  /// Returns the accelerations that a push causes, by Florian 2007 without friction.
  ///
  /// - Parameters:
  ///   - push: Force on the cart, in N.
  ///   - state: Positions and velocities of cart and pole.
  /// - Returns: The accelerations of the cart in m/s² and of the pole in rad/s².
  @inline(__always) func accelerations(
    push: Double, state: CartPoleState
  ) -> (cart: Double, pole: Double) {
    let (sine, cosine) = sineAndCosine(state.angle)
    return equations.accelerations(
      push: push, sine: sine, cosine: cosine, angularVelocity: state.angularVelocity)
  }

  /// The equations of motion with these constants.
  @inline(__always) var equations: CartPoleEquations<Double> {
    CartPoleEquations(
      gravity: gravity, cartMass: cartMass, poleMass: poleMass, poleHalfLength: poleHalfLength)
  }
}

/// A number, or as many as a vector has.
protocol CartPoleNumber {
  init(repeating value: Double)
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
}

extension Double: CartPoleNumber {
  @inline(__always) init(repeating value: Double) { self = value }
}
extension SIMD4: CartPoleNumber where Scalar == Double {}

/// The equations of motion of one cart-pole, or of as many as a vector has numbers.
struct CartPoleEquations<Number: CartPoleNumber> {
  var gravity: Number
  var cartMass: Number
  var poleMass: Number
  var poleHalfLength: Number

  /// Returns the accelerations that a push causes, by Florian 2007 without friction.
  @inline(__always) func accelerations(
    push: Number, sine: Number, cosine: Number, angularVelocity: Number
  ) -> (cart: Number, pole: Number) {
    let totalMass = poleMass + cartMass
    let poleMoment = poleMass * poleHalfLength
    // The order of the operations is the reference's, since it decides the last bits.
    let drive = (push + poleMoment * (angularVelocity * angularVelocity) * sine) / totalMass
    let fourThirds = Number(repeating: 4.0 / 3.0)
    let pole =
      (gravity * sine - cosine * drive)
      / (poleHalfLength * (fourThirds - poleMass * (cosine * cosine) / totalMass))
    return (drive - poleMoment * pole * cosine / totalMass, pole)
  }

  /// Advances `cartpole-v1` by a step of explicit Euler, 0.02 s.
  @inline(__always) func step(
    push: Number, sine: Number, cosine: Number, _ position: inout Number,
    _ velocity: inout Number, _ angle: inout Number, _ angularVelocity: inout Number
  ) {
    let accelerations = accelerations(
      push: push, sine: sine, cosine: cosine, angularVelocity: angularVelocity)
    let seconds = Number(repeating: 0.02)
    position = position + seconds * velocity
    velocity = velocity + seconds * accelerations.cart
    angle = angle + seconds * angularVelocity
    angularVelocity = angularVelocity + seconds * accelerations.pole
  }
}

/// The positions and velocities of a cart and its pole.
package struct CartPoleState: Sendable, Equatable {
  /// Position of the cart, in m.
  package var position: Double
  /// Velocity of the cart, in m/s.
  package var velocity: Double
  /// Angle of the pole, in rad: 0 upright, positive if it leans towards positive positions.
  package var angle: Double
  /// Angular velocity of the pole, in rad/s.
  package var angularVelocity: Double

  /// Creates a state.
  package init(position: Double, velocity: Double, angle: Double, angularVelocity: Double) {
    self.position = position
    self.velocity = velocity
    self.angle = angle
    self.angularVelocity = angularVelocity
  }

  /// Draws all four numbers uniformly within ±0.05 of rest in the middle with a given pole angle.
  init(near angle: Double = 0, using random: inout NumPyRandom) {
    position = random.uniform(-0.05, 0.05)
    velocity = random.uniform(-0.05, 0.05)
    self.angle = angle + random.uniform(-0.05, 0.05)
    angularVelocity = random.uniform(-0.05, 0.05)
  }

  /// Writes the four numbers in order as an observation.
  func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
    observation[2] = Float(angle)
    observation[3] = Float(angularVelocity)
  }

  /// Feeds the four numbers to a hasher.
  func hash(into hasher: inout StateHasher) {
    hasher.combine(position)
    hasher.combine(velocity)
    hasher.combine(angle)
    hasher.combine(angularVelocity)
  }
}

/// The bounds that end an episode of `cartpole` and `cartpole-v1`; the track of all cart-poles.
enum CartPoleLimits {
  static let position = 2.4  // m
  static let angle = 12 * 2 * Double.pi / 360  // rad

  static let ends: [EnvironmentSpecification.End] = [
    .init(.fell, when: "the pole leans beyond ±12°"),
    .init(.outOfBounds, when: "the cart moves beyond ±2.4 m"),
  ]

  /// Returns the end that a state brings; nil if it is within the bounds.
  static func end(position x: Double, angle theta: Double) -> TaskEnd? {
    if theta < -angle || theta > angle { return .fell }
    return x < -position || x > position ? .outOfBounds : nil
  }

  /// Returns which of four states bring an end.
  @inline(__always) static func areBeyond(
    positions x: SIMD4<Double>, angles theta: SIMD4<Double>
  ) -> SIMDMask<SIMD4<Int64>> {
    (theta .< -angle) .| (theta .> angle) .| (x .< -position) .| (x .> position)
  }
}

let cartPoleReward = "1 in every step, the one that ends the episode included"

let cartPoleObservationComponents: [EnvironmentSpecification.Component] = [
  .init("cart position", unit: "m"), .init("cart velocity", unit: "m/s"),
  .init("pole angle", unit: "rad"), .init("pole angular velocity", unit: "rad/s"),
]

let cartPoleActionComponents: [EnvironmentSpecification.Component] = [
  .init("push left", unit: "N"), .init("push right", unit: "N"),
]
