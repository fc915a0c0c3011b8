internal import CKernels

/// The sum of the squares of all elements, in a fixed order of 16 lanes.
public func sumOfSquares(_ vector: Vector) -> Float { ck_sum_of_squares(vector.count, vector.base) }

/// The sum of the first `count` elements, in a fixed order of 16 lanes.
public func sum(_ vector: Vector, count: Int) -> Float {
  precondition(count >= 0 && count <= vector.count, "\(count) of \(vector.count) elements")
  return ck_sum(count, vector.base)
}

/// Shifts and scales the first `count` elements to mean 0 and deviation 1.
///
/// - Parameters:
///   - vector: What to standardise, in place.
///   - count: How many elements; fewer than two are left as they are.
///   - epsilon: Added to the deviation.
/// - Returns: The mean and the sample deviation (divided by count − 1, as PyTorch's `std`).
@discardableResult
public func standardize(
  _ vector: Vector, count: Int, epsilon: Float = 1e-8
)
  -> (mean: Float, deviation: Float)
{
  let mean = sum(vector, count: count) / Float(max(count, 1))
  guard count > 1 else { return (mean, 0) }
  let values = UnsafeMutableBufferPointer(start: vector.base, count: count)
  for i in 0..<count { values[i] -= mean }
  let deviation = (ck_sum_of_squares(count, vector.base) / Float(count - 1)).squareRoot()
  let scale = 1 / (deviation + epsilon)
  for i in 0..<count { values[i] *= scale }
  return (mean, deviation)
}
