internal import Glibc
internal import RLCore

/// A closed curve around (0, 0) that a quadcopter follows, once per period.
package struct FlightReference: Sendable {
  /// The kinds of curves, by the numbers of the parameter `shape`.
  package enum Shape: Int, Sendable, CaseIterable {
    /// `x = A sin φ`, `z = A sin φ cos φ`.
    case figureEight = 1
    /// A circle of radius A.
    case circle
    /// A square with sides of 1.2 A, at constant speed; the velocity jumps at its corners.
    case square
    /// The sum of three harmonics with random amplitudes and phases along each axis.
    case smooth
  }

  /// Number of harmonics of a smooth curve along each axis.
  private static let harmonicCount = 3

  package var shape: Shape
  /// Size A, in m.
  package var size: Double
  /// Time of one round in s, negative if it is flown backwards.
  package var period: Double
  /// Part of the round that lies behind the start, in 0...1.
  package var start: Double
  /// Amplitudes, as parts of the size, and phases in rad, of the harmonics of a smooth curve: along x,
  /// then along z.
  private var harmonics: [6 of (amplitude: Double, phase: Double)]

  /// Draws a curve; the draws are the same for every shape.
  init(using random: inout NumPyRandom) {
    shape = Shape.allCases[random.integers(0, Shape.allCases.count)]
    size = random.uniform(0.5, 1)
    let direction: Double = random.double() < 0.5 ? -1 : 1
    period = direction * random.uniform(6, 8)
    start = random.double()
    harmonics = .init(repeating: (0, 0))
    for j in 0..<2 * Self.harmonicCount {
      let order = Double(1 + j % Self.harmonicCount)
      let amplitude = 0.6 * random.uniform(0.3, 1) / (order * order.squareRoot())
      harmonics[j] = (amplitude, random.uniform(0, 2 * .pi))
    }
  }

  /// Returns the point of the curve at a time after the start, in m.
  package func point(at seconds: Double) -> (x: Double, z: Double) {
    let round = start + seconds / period
    let phase = 2 * Double.pi * round
    switch shape {
    case .figureEight: return (size * sin(phase), size * sin(phase) * cos(phase))
    case .circle: return (size * cos(phase), size * sin(phase))
    case .square:
      let (x, z) = Self.pointOfSquare(at: round)
      return (0.6 * size * x, 0.6 * size * z)
    case .smooth: return (size * sum(from: 0, at: phase), size * sum(from: 3, at: phase))
    }
  }

  /// Returns the point of a square with sides of 2, counter-clockwise from the lower right corner.
  private static func pointOfSquare(at round: Double) -> (x: Double, z: Double) {
    let progress = 4 * (round - round.rounded(.down))
    let along = 2 * (progress - progress.rounded(.down)) - 1
    switch Int(progress) {
    case 0: return (1, along)
    case 1: return (-along, 1)
    case 2: return (-1, -along)
    default: return (along, -1)
    }
  }

  private func sum(from first: Int, at phase: Double) -> Double {
    var sum = 0.0
    for j in 0..<Self.harmonicCount {
      let (amplitude, shift) = harmonics[first + j]
      sum += amplitude * sin(Double(1 + j) * phase + shift)
    }
    return sum
  }

  func hash(into hasher: inout StateHasher) {
    hasher.combine(shape.rawValue)
    hasher.combine(size)
    hasher.combine(period)
    hasher.combine(start)
    for j in 0..<2 * Self.harmonicCount {
      hasher.combine(harmonics[j].amplitude)
      hasher.combine(harmonics[j].phase)
    }
  }
}
