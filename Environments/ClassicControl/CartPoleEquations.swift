internal import Glibc
internal import RLCore

/// The physical constants of a cart with a pole, the equations of which have a closed form.
protocol CartPoleConstants: EnvironmentParameters {
  /// Gravitational acceleration, in m/s².
  var gravity: Double { get set }
  /// Mass of the cart, in kg.
  var cartMass: Double { get set }
  /// Mass of the pole, in kg.
  var poleMass: Double { get set }
  /// Distance from the pivot to the pole's centre of mass, in m.
  var poleHalfLength: Double { get set }
  /// Size of a push, in N.
  var force: Double { get set }
}

extension CartPoleConstants {
  static var cartPoleTable: [PhysicalParameter<Self>] {
    [
      .init("gravity", unit: "m/s²", range: 1...30, "gravitational acceleration", \.gravity),
      .init("cart-mass", unit: "kg", range: 0.2...5, "mass of the cart", \.cartMass),
      .init("pole-mass", unit: "kg", range: 0.02...1, "mass of the pole", \.poleMass),
      .init(
        "pole-half-length", unit: "m", range: 0.1...2, "pivot to the pole's centre of mass",
        \.poleHalfLength),
      .init(
        "force", unit: "N", range: 2...30, isReversible: true, "size of a push", \.force),
    ]
  }

  /// What a push of the cart does, by Florian 2007 without friction.
  ///
  /// - Parameters:
  ///   - push: Force on the cart, in N.
  ///   - angle: Of the pole, in rad from upright.
  ///   - angularVelocity: Of the pole, in rad/s.
  /// - Returns: The accelerations of the cart in m/s² and of the pole in rad/s².
  @inline(__always) func accelerations(
    push: Double, angle: Double, angularVelocity: Double
  ) -> (cart: Double, pole: Double) {
    let (sine, cosine) = (sin(angle), cos(angle))
    let totalMass = poleMass + cartMass
    let poleMoment = poleMass * poleHalfLength
    // The order of the operations is the reference's: the last bits depend on it.
    let drive = (push + poleMoment * (angularVelocity * angularVelocity) * sine) / totalMass
    let pole =
      (gravity * sine - cosine * drive)
      / (poleHalfLength * (4.0 / 3.0 - poleMass * (cosine * cosine) / totalMass))
    return (drive - poleMoment * pole * cosine / totalMass, pole)
  }
}
