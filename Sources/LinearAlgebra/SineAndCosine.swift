internal import CKernels

/// Returns the sine and the cosine of an angle in rad, with the bits of `sin` and `cos`, in less time
/// than both (16 → 10 ns).
public func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
  var (sine, cosine) = (0.0, 0.0)
  kernels_sincos(angle, &sine, &cosine)
  return (sine, cosine)
}
