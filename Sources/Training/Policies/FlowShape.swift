public import LinearAlgebra

/// The function that turns the end of a flow into an action within bounds.
public enum FlowBounds: String, Codable, SettingValue, CaseIterable {
  /// The hyperbolic tangent.
  case tanh
  /// Clipping to ±1.
  case clip
}

/// The shape of a flow policy, besides its velocity network.
public struct FlowShape: Codable, Sendable, Equatable {
  /// Number of Euler steps of a rollout's actions.
  public var steps = 10
  /// Number of Euler steps of an evaluation's actions.
  public var evaluationSteps = 10
  /// Number E of inputs that encode the time, an even number: `cos(2ᵏ t)` and `sin(2ᵏ t)`.
  public var timeFeatures = 8
  /// Factor on the network's outputs, which makes them velocities.
  public var velocityScale: Float = 0.25
  /// Factor on the end of the flow before it is bounded.
  public var actionScale: Float = 1
  /// Function that bounds actions.
  public var bounds = FlowBounds.tanh

  /// Creates the shape of the published policy.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case steps, bounds
    case evaluationSteps = "evaluation-steps"
    case timeFeatures = "time-features"
    case velocityScale = "velocity-scale"
    case actionScale = "action-scale"
  }

  /// Range of both numbers of Euler steps.
  public static let stepRange = 1...1024
  /// Range of the number of time features.
  public static let timeFeatureRange = 2...32

  /// Whether all values are possible.
  public var isPossible: Bool {
    [steps, evaluationSteps].allSatisfy(Self.stepRange.contains)
      && Self.timeFeatureRange.contains(timeFeatures) && timeFeatures % 2 == 0
      && velocityScale.isFinite && velocityScale > 0 && actionScale.isFinite && actionScale > 0
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
  /// Times at which Euler steps begin: 1, 1 − 1/K and so on down to 1/K.
  case grid
  /// Times `0.005 + 0.99 (1 − (1 − u)^(1/β))` of uniform u, near the action if β is above 1.
  case continuous(beta: Float)

  /// Draws a time.
  ///
  /// - Parameters:
  ///   - steps: The number K of Euler steps.
  ///   - random: The stream to draw from.
  /// - Returns: The time.
  public func draw(steps: Int, using random: inout RandomStream) -> FlowTime {
    switch self {
    case .grid:
      return FlowTime(1 - Float(random.integer(below: UInt32(steps))) / Float(steps))
    case .continuous(let beta):
      let remaining = 1 - random.uniform()
      return FlowTime(0.005 + 0.99 * (1 - ScalarMaths.pow(remaining, 1 / beta)))
    }
  }
}
