internal import CKernels

/// Returns the sum of the squares of all elements, summed in a fixed order of 16 lanes.
public func sumOfSquares(_ vector: Vector) -> Float { ck_sum_of_squares(vector.count, vector.base) }

/// Returns the sum of the first `count` elements, summed in a fixed order of 16 lanes.
public func sum(_ vector: Vector, count: Int) -> Float {
  precondition(count >= 0 && count <= vector.count, "\(count) of \(vector.count) elements")
  return ck_sum(count, vector.base)
}
