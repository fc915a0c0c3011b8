internal import CKernels

/// Returns the sum of the squares of all elements, summed in a fixed order of 16 lanes.
public func sumOfSquares(_ vector: Vector) -> Float { ck_sum_of_squares(vector.count, vector.base) }

/// Returns the sum of the first `count` elements, summed in a fixed order of 16 lanes.
public func sum(_ vector: Vector, count: Int) -> Float {
  precondition(count >= 0 && count <= vector.count, "\(count) of \(vector.count) elements")
  return ck_sum(count, vector.base)
}

/// Returns the inner product of two vectors, summed in double precision from the first element on.
public func dot(_ a: Vector, _ b: Vector) -> Double {
  precondition(a.count == b.count, "\(a.count) and \(b.count) elements")
  var sum = 0.0
  for i in 0..<a.count { sum += Double(a.base[i]) * Double(b.base[i]) }
  return sum
}

extension Vector {
  /// Adds a multiple of another vector of the same length.
  public func add(_ factor: Float, _ other: Vector) {
    precondition(count == other.count, "\(count) and \(other.count) elements")
    for i in 0..<count { base[i] += factor * other.base[i] }
  }
}
