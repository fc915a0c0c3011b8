public import LinearAlgebra
public import NeuralNetworks

/// The activity of a hidden layer's units on a batch of inputs.
public struct UnitActivity: Sendable, Equatable {
  /// Mean of |h| over the batch for each unit.
  public let meanMagnitudes: [Double]
  /// Fraction of the batch on which h is above zero, for each unit.
  public let activeFractions: [Double]

  /// Creates an activity from known statistics, one element of each array per unit.
  public init(meanMagnitudes: [Double], activeFractions: [Double]) {
    precondition(meanMagnitudes.count == activeFractions.count)
    self.meanMagnitudes = meanMagnitudes
    self.activeFractions = activeFractions
  }

  /// Summarises the features of a layer, taken after its activation function.
  ///
  /// - Parameters:
  ///   - features: Features h, [≥ rows × units].
  ///   - rows: Number of rows to use, at least 1.
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

  /// Activity of each unit relative to the layer's mean, `E|h_i| / (mean_k E|h_k| + 1e-9)`.
  ///
  /// - Source: Sokar et al. 2023, arXiv:2302.12902, equation 1.
  public var dormancyScores: [Double] {
    let mean = meanMagnitudes.reduce(0, +) / Double(max(1, count))
    return meanMagnitudes.map { $0 / (mean + 1e-9) }
  }

  /// Returns the number of units with a dormancy score of at most a threshold; a threshold of 0
  /// counts the units that never fire.
  public func dormantCount(threshold: Double) -> Int {
    dormancyScores.count { $0 <= threshold }
  }

  /// Number of units that are never above zero.
  public var deadCount: Int { activeFractions.count { $0 == 0 } }

  /// Number of units with a mean magnitude above 0.9, where a hyperbolic tangent is almost flat.
  public var saturatedCount: Int { meanMagnitudes.count { $0 > 0.9 } }

  /// Fraction of all pairs of unit and input with h above zero.
  ///
  /// - Source: Ma et al. 2024, arXiv:2310.07418, "fraction of active units".
  public var activeFraction: Double {
    activeFractions.reduce(0, +) / Double(max(1, count))
  }
}

extension Activation {
  /// Whether a unit that is never above zero has stopped, or almost stopped, learning.
  public var canDie: Bool {
    switch self {
    case .relu, .elu, .silu: true
    case .tanh, .identity: false
    }
  }

  /// Whether the activation is anything but the identity.
  public var isActivating: Bool { self != .identity }

  /// Whether a unit of large magnitude has almost stopped learning.
  public var canSaturate: Bool { self == .tanh }
}
