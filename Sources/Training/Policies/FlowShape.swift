public import LinearAlgebra

/// The function that turns the end of a flow into an action within bounds.
public enum FlowBounds: String, Codable, SettingValue, CaseIterable {
  /// The hyperbolic tangent.
  case tanh
  /// Clipping to ±1.
  case clip
}

/// The method that carries points along a velocity field.
public enum FlowMethod: String, Codable, SettingValue, CaseIterable {
  /// Euler's method: one evaluation of the network a step.
  case euler
  /// The midpoint method: two evaluations a step, and an error of second order.
  case midpoint
}

/// The shape of a flow policy, besides its velocity network.
public struct FlowShape: Codable, Sendable, Equatable {
  /// Number of steps of a rollout's actions.
  public var steps = 10
  /// Number of steps of an evaluation's actions.
  public var evaluationSteps = 10
  /// Method of these steps; nil for Euler's.
  public var method: FlowMethod?
  /// Number E of inputs that encode the time, an even number: `cos(2ᵏ t)` and `sin(2ᵏ t)`.
  public var timeFeatures = 8
  /// Factor on the network's outputs, which makes them velocities.
  public var velocityScale: Float = 0.25
  /// Standard deviation σ of actions before they are bounded at which the velocity is linear in the
  /// point but for the network's part; nil if the network computes all of it.
  public var initialDeviation: Float?
  /// Factor on the end of the flow before it is bounded.
  public var actionScale: Float = 1
  /// Function that bounds actions.
  public var bounds = FlowBounds.tanh

  /// Creates the shape of the published policy.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case steps, method, bounds
    case evaluationSteps = "evaluation-steps"
    case timeFeatures = "time-features"
    case velocityScale = "velocity-scale"
    case initialDeviation = "initial-deviation"
    case actionScale = "action-scale"
  }

  /// Range of both numbers of steps.
  public static let stepRange = 1...1024
  /// Range of the number of time features.
  public static let timeFeatureRange = 2...32

  /// Whether all values are possible.
  public var isPossible: Bool {
    [steps, evaluationSteps].allSatisfy(Self.stepRange.contains)
      && Self.timeFeatureRange.contains(timeFeatures) && timeFeatures % 2 == 0
      && velocityScale.isFinite && velocityScale > 0 && actionScale.isFinite && actionScale > 0
      && initialDeviation.map { $0.isFinite && $0 > 0 } ?? true
  }
}

/// A time of a flow, with the numbers from which its features follow: 1 is noise, 0 is the action.
public struct FlowTime: Sendable, Equatable {
  /// Number of values that ``store(in:row:column:)`` writes.
  public static let storedWidth = 3

  /// Time t, in 0...1.
  public let time: Float
  private let cosine: Float
  private let sine: Float

  /// Creates a time.
  public init(_ time: Float) {
    self.time = time
    cosine = Float(ScalarMaths.cos(Double(time)))
    sine = Float(ScalarMaths.sin(Double(time)))
  }

  /// Reads a time that was stored in a matrix.
  public init(from matrix: Matrix, row: Int, column: Int) {
    time = matrix[row, column]
    cosine = matrix[row, column + 1]
    sine = matrix[row, column + 2]
  }

  /// Returns the factor k on the point x of the best velocity for actions of N(0, σ²), which is
  /// `k x`; 0 without a deviation.
  ///
  /// `k = (t − (1 − t) σ²) / (t² + (1 − t)² σ²)`, the regression of ε − a on `x = t ε + (1 − t) a`.
  public func linearVelocity(deviation: Float?) -> Float {
    guard let deviation else { return 0 }
    let (remaining, variance) = (1 - time, deviation * deviation)
    return (time - remaining * variance) / (time * time + remaining * remaining * variance)
  }

  /// Stores the time in three columns of a matrix.
  public func store(in matrix: Matrix, row: Int, column: Int) {
    matrix[row, column] = time
    matrix[row, column + 1] = cosine
    matrix[row, column + 2] = sine
  }

  /// Writes the features `cos(2ᵏ t)`, then `sin(2ᵏ t)`, k = 0 to E/2 − 1, to E columns of a matrix.
  public func writeFeatures(_ count: Int, to matrix: Matrix, row: Int, column: Int) {
    var (c, s) = (cosine, sine)
    for k in 0..<count / 2 {
      matrix[row, column + k] = c
      matrix[row, column + count / 2 + k] = s
      // The double angle: no further cosine is computed.
      (c, s) = (2 * c * c - 1, 2 * c * s)
    }
  }
}

/// The random times at which a flow-matching loss is estimated.
public enum FlowTimes: Sendable, Equatable {
  /// Times at which steps begin: 1, 1 − 1/K and so on down to 1/K.
  case grid
  /// Times `0.005 + 0.99 (1 − (1 − u)^(1/β))` of uniform u, near the action if β is above 1.
  case continuous(beta: Float)

  /// Returns a time of these.
  ///
  /// - Parameters:
  ///   - quantile: A number in 0..<1, uniform if random times are wanted.
  ///   - steps: The number K of steps.
  /// - Returns: The time.
  public func time(at quantile: Float, steps: Int) -> FlowTime {
    switch self {
    case .grid:
      let step = min(Int(quantile * Float(steps)), steps - 1)
      return FlowTime(1 - Float(step) / Float(steps))
    case .continuous(let beta):
      return FlowTime(0.005 + 0.99 * (1 - ScalarMaths.pow(1 - quantile, 1 / beta)))
    }
  }
}
