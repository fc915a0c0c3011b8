internal import LinearAlgebra

/// An elementwise activation function between two dense layers.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// The identity x.
  case identity
  /// The hyperbolic tangent.
  case tanh
  /// The rectified linear unit, max(x, 0).
  case relu
  /// The exponential linear unit: x above zero, eˣ − 1 below (α = 1).
  case elu
  /// The sigmoid linear unit x / (1 + e⁻ˣ), also called swish.
  case silu

  var kernel: ActivationKernel {
    switch self {
    case .identity: .identity
    case .tanh: .tanh
    case .relu: .relu
    case .elu: .elu
    case .silu: .silu
    }
  }

  /// Whether the derivative is computed from the function's argument rather than from its value.
  var savesSums: Bool { self == .silu }
}
