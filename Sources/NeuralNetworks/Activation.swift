internal import LinearAlgebra

/// The elementwise function between two dense layers.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// x.
  case identity
  /// The hyperbolic tangent.
  case tanh
  /// max(x, 0).
  case relu
  /// x above zero, eˣ − 1 below (α = 1).
  case elu
  /// x / (1 + e⁻ˣ), also called swish.
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

  /// Whether the slope is computed from the sum rather than from the value.
  var savesSums: Bool { self == .silu }
}
