package import RLCore

/// What is drawn for one lander episode: the moon, the first push, and the wind.
///
/// - Source: Gymnasium 1.4.0 `LunarLander-v3`, draw for draw.
package struct LunarLanderStart: Sendable, Equatable {
  /// Width of the world, in m.
  package static let width = 20.0
  /// Height of the world, above whose middle the view ends, in m.
  package static let height = 40 / 3.0
  /// Height at which observations have the pad, in m; its surface lies 1 % lower.
  package static let padHeight = height / 4
  /// Range of the pad along x, in m.
  package static let pad = 8.0...12.0
  /// Number of points of the ground's line, 2 m apart.
  package static let pointCount = 11

  /// The twelve heights that are drawn, in m; the pad replaces five of them.
  package let drawnHeights: [Double]
  /// Force on the lander during the first step, in N.
  package let force: (x: Double, y: Double)
  /// Positions in the sequences of gusts and of turning gusts; nil without wind.
  package let gusts: (force: Int, torque: Int)?

  /// Draws a start.
  ///
  /// - Parameters:
  ///   - hasWind: Whether there is wind, for which two more numbers are drawn.
  ///   - random: Generator, used draw for draw as in Gymnasium.
  package init(hasWind: Bool, using random: inout NumPyRandom) {
    drawnHeights = (0...Self.pointCount).map { _ in random.uniform(0, Self.height / 2) }
    let x = random.uniform(-1000, 1000)
    force = (x, random.uniform(-1000, 1000))
    guard hasWind else {
      gusts = nil
      return
    }
    let gust = random.integers(-9999, 9999)
    gusts = (gust, random.integers(-9999, 9999))
  }

  /// Heights of the ground's line, smoothed over three points, in m.
  package var ground: [Double] {
    var heights = drawnHeights
    for i in 3...7 { heights[i] = Self.padHeight }
    return (0..<Self.pointCount).map { i in
      let before = heights[i == 0 ? Self.pointCount : i - 1]
      return 0.33 * (before + heights[i] + heights[i + 1])
    }
  }

  /// Compares everything that is drawn.
  package static func == (first: Self, second: Self) -> Bool {
    first.drawnHeights == second.drawnHeights && first.force == second.force
      && first.gusts?.force == second.gusts?.force && first.gusts?.torque == second.gusts?.torque
  }
}
