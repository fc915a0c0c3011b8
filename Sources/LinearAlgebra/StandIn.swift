// Stand-in for the real module, which replaces (deletes) this file.
public func sumOfSquares(_ v: Vector) -> Float { 0 }
public func exponential(_ x: Float) -> Float { x }
public func exponential(_ x: Vector, count: Int) {}
public final class RunningMoments { public init(width: Int) {}; public var mean: [Double] = []; public var variance: [Double] = []; public var count: Double = 0; public func update(_ m: Matrix, rows: Int) {}; public func restore(mean: [Double], variance: [Double], count: Double) {} }
