internal import CKernels

/// Returns the sine and the cosine of an angle in rad, with the bits of `sin` and `cos`, in less time
/// than both (16 → 10 ns).
public func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
  var (sine, cosine) = (0.0, 0.0)
  kernels_sincos(angle, &sine, &cosine)
  return (sine, cosine)
}

/// Returns the sines and the cosines of four angles in rad, with the bits of each alone.
public func sinesAndCosines(
  _ angles: SIMD4<Double>
) -> (sines: SIMD4<Double>, cosines: SIMD4<Double>) {
  var (sines, cosines) = (SIMD4<Double>(), SIMD4<Double>())
  for lane in 0..<4 {
    (sines[lane], cosines[lane]) = sineAndCosine(angles[lane])
  }
  return (sines, cosines)
}
