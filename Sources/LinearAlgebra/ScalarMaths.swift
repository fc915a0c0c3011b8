internal import Glibc

/// Elementary functions of scalars, for modules that do not import the C library.
public enum ScalarMaths {
  /// Returns e to the power of x.
  public static func exp(_ x: Float) -> Float { Glibc.expf(x) }
  /// Returns e to the power of x.
  public static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  /// Returns the natural logarithm.
  public static func log(_ x: Float) -> Float { Glibc.logf(x) }
  /// Returns the natural logarithm.
  public static func log(_ x: Double) -> Double { Glibc.log(x) }
  /// Returns e to the power of x, minus one, accurate for small x.
  public static func expm1(_ x: Float) -> Float { Glibc.expm1f(x) }
  /// Returns e to the power of x, minus one, accurate for small x.
  public static func expm1(_ x: Double) -> Double { Glibc.expm1(x) }
  /// Returns the hyperbolic tangent.
  public static func tanh(_ x: Float) -> Float { Glibc.tanhf(x) }
  /// Returns the hyperbolic tangent.
  public static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
  /// Returns the sine of an angle in radians.
  public static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  /// Returns the cosine of an angle in radians.
  public static func cos(_ x: Double) -> Double { Glibc.cos(x) }
  /// Returns x to the power of y.
  public static func pow(_ x: Float, _ y: Float) -> Float { Glibc.powf(x, y) }
  /// Returns x to the power of y.
  public static func pow(_ x: Double, _ y: Double) -> Double { Glibc.pow(x, y) }
}
