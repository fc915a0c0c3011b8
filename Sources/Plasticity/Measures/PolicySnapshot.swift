public import LinearAlgebra
internal import NeuralNetworks
public import Training

/// What a policy says on some inputs, kept to be compared with what it says later.
///
/// - Source: Schaul et al. 2022, arXiv:2206.00730, for the churn of a policy.
public struct PolicySnapshot: Sendable, Equatable {
  /// [B · D]: the network's outputs, row by row.
  public let outputs: [Float]
  /// [A]: the logarithms of the deviations, where they are parameters of their own.
  public let logDeviations: [Float]

  /// Takes numbers that are known already.
  public init(outputs: [Float], logDeviations: [Float]) {
    self.outputs = outputs
    self.logDeviations = logDeviations
  }

  /// Copies what a policy's network has just computed.
  ///
  /// - Parameters:
  ///   - policy: Whose.
  ///   - outputs: [≥ rows × D].
  ///   - rows: How many rows.
  public init(_ policy: MLPPolicy, outputs: Matrix, rows: Int) {
    self.outputs = (0..<rows).flatMap { i in (0..<outputs.columns).map { outputs[i, $0] } }
    let parameter = policy.logDeviation.parameters[0].value
    logDeviations = (0..<parameter.columns).map { parameter[0, $0] }
  }

  /// The mean over the rows of KL(self ‖ other), in nats.
  ///
  /// A hyperbolic tangent on both changes nothing about a divergence, so that of squashed Gaussians is
  /// that of the Gaussians before it.
  ///
  /// - Parameters:
  ///   - other: Of the same policy and inputs.
  ///   - policy: Says how outputs are read.
  /// - Returns: The divergence.
  public func divergence(to other: PolicySnapshot, of policy: MLPPolicy) -> Double {
    let width = policy.network.architecture.outputs
    precondition(outputs.count == other.outputs.count && outputs.count % width == 0)
    let rows = outputs.count / width
    guard rows > 0 else { return .nan }
    var sum = 0.0
    for i in 0..<rows {
      if policy.head == .categorical {
        let (p, q) = (logProbabilities(i, width), other.logProbabilities(i, width))
        for (p, q) in zip(p, q) where p > -.infinity { sum += ScalarMaths.exp(p) * (p - q) }
      } else {
        let (p, q) = (gaussian(i, width, policy), other.gaussian(i, width, policy))
        for (p, q) in zip(p, q) {
          let variance = ScalarMaths.exp(2 * p.logDeviation)
          let distance = p.mean - q.mean
          sum += q.logDeviation - p.logDeviation - 0.5
          sum += (variance + distance * distance) / (2 * ScalarMaths.exp(2 * q.logDeviation))
        }
      }
    }
    return sum / Double(rows)
  }

  private func logProbabilities(_ row: Int, _ width: Int) -> [Double] {
    let logits = outputs[row * width..<(row + 1) * width].map { Double($0) }
    let largest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + ScalarMaths.exp($1 - largest) }
    return logits.map { $0 - largest - ScalarMaths.log(sum) }
  }

  private func gaussian(
    _ row: Int, _ width: Int, _ policy: MLPPolicy
  ) -> [(mean: Double, logDeviation: Double)] {
    guard let range = policy.logDeviations else {
      return (0..<width).map { (Double(outputs[row * width + $0]), Double(logDeviations[$0])) }
    }
    let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
    return (0..<width / 2).map { j in
      let raw = ScalarMaths.tanh(Double(outputs[row * width + width / 2 + j]))
      return (Double(outputs[row * width + j]), low + 0.5 * (high - low) * (raw + 1))
    }
  }
}
