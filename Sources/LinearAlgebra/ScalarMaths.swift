internal import Glibc

/// Elementary functions of single numbers, for modules that do not import the C library.
public enum ScalarMaths {
  /// e to the power of x.
  public static func exp(_ x: Float) -> Float { Glibc.expf(x) }
  /// e to the power of x.
  public static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  /// The natural logarithm.
  public static func log(_ x: Float) -> Float { Glibc.logf(x) }
  /// The natural logarithm.
  public static func log(_ x: Double) -> Double { Glibc.log(x) }
  /// e to the power of x, minus one, exact for small x.
  public static func expm1(_ x: Float) -> Float { Glibc.expm1f(x) }
  /// e to the power of x, minus one, exact for small x.
  public static func expm1(_ x: Double) -> Double { Glibc.expm1(x) }
  /// The hyperbolic tangent.
  public static func tanh(_ x: Float) -> Float { Glibc.tanhf(x) }
  /// The hyperbolic tangent.
  public static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
  /// The sine, of radians.
  public static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  /// The cosine, of radians.
  public static func cos(_ x: Double) -> Double { Glibc.cos(x) }
  /// x to the power of y.
  public static func pow(_ x: Float, _ y: Float) -> Float { Glibc.powf(x, y) }
  /// x to the power of y.
  public static func pow(_ x: Double, _ y: Double) -> Double { Glibc.pow(x, y) }
}
