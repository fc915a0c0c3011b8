public import LinearAlgebra
public import NeuralNetworks

/// What the units of one hidden layer do on a batch of inputs.
public struct UnitActivity: Sendable, Equatable {
  /// Mean of |h| over the batch, one for each unit.
  public let meanMagnitudes: [Double]
  /// Fraction of the batch on which h is above zero, one for each unit.
  public let activeFractions: [Double]

  /// Takes numbers that are known already.
  public init(meanMagnitudes: [Double], activeFractions: [Double]) {
    precondition(meanMagnitudes.count == activeFractions.count)
    self.meanMagnitudes = meanMagnitudes
    self.activeFractions = activeFractions
  }

  /// Summarises the features after the activation.
  ///
  /// - Parameters:
  ///   - features: [≥ rows × units].
  ///   - rows: How many rows, at least one.
  public init(features: Matrix, rows: Int) {
    precondition(rows > 0 && rows <= features.rows, "\(rows) of \(features.rows) rows")
    var magnitudes = [Double](repeating: 0, count: features.columns)
    var actives = [Int](repeating: 0, count: features.columns)
    for i in 0..<rows {
      for j in 0..<features.columns {
        magnitudes[j] += Double(abs(features[i, j]))
        if features[i, j] > 0 { actives[j] += 1 }
      }
    }
    meanMagnitudes = magnitudes.map { $0 / Double(rows) }
    activeFractions = actives.map { Double($0) / Double(rows) }
  }

  /// Number of units.
  public var count: Int { meanMagnitudes.count }

  /// Each unit's share of the layer's activity: `E|h_i| / (mean over the layer of E|h_k| + 1e-9)`.
  ///
  /// - Source: Sokar et al. 2023, arXiv:2302.12902, equation 1.
  public var dormancyScores: [Double] {
    let mean = meanMagnitudes.reduce(0, +) / Double(max(1, count))
    return meanMagnitudes.map { $0 / (mean + 1e-9) }
  }

  /// How many units score at most a threshold; 0 counts those that never fire.
  public func dormantCount(threshold: Double) -> Int {
    dormancyScores.count { $0 <= threshold }
  }

  /// How many units are never above zero.
  public var deadCount: Int { activeFractions.count { $0 == 0 } }

  /// How many units have a mean magnitude above 0.9: of a hyperbolic tangent, those whose slope is
  /// all but gone.
  public var saturatedCount: Int { meanMagnitudes.count { $0 > 0.9 } }

  /// The fraction of pairs of unit and input with h above zero.
  ///
  /// - Source: Ma et al. 2024, arXiv:2310.07418, "fraction of active units".
  public var activeFraction: Double {
    activeFractions.reduce(0, +) / Double(max(1, count))
  }
}

extension Activation {
  /// Whether a unit that is never above zero has stopped (or all but stopped) to learn.
  public var canDie: Bool {
    switch self {
    case .relu, .elu, .silu: true
    case .tanh, .identity: false
    }
  }

  /// Whether there is a function at all.
  public var isActivating: Bool { self != .identity }

  /// Whether a unit of great magnitude has all but stopped to learn.
  public var canSaturate: Bool { self == .tanh }
}
