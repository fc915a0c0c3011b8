import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct SquashedGaussianTests {
  /// One sample with a given mean, logarithm of the deviation and noise, within a wide range.
  private func sample(mean: Float, logStd: Float, noise: Float) -> (Float, Float) {
    let sampler = SquashedGaussian(low: [-1], high: [1], logDeviations: -5...2)
      .makeSampler(rows: 1, drawsPairs: true)
    let output = Matrix(rows: 1, columns: 2)
    output[0, 0] = mean
    // The inverse of low + (high − low)/2 · (tanh r + 1).
    let t = Double(2 * (logStd + 5) / 7 - 1)
    output[0, 1] = Float(0.5 * (ScalarMaths.log(1 + t) - ScalarMaths.log(1 - t)))
    sampler.noise[0, 0] = noise
    sampler.sample(output, rows: 1)
    return (sampler.actions[0, 0], sampler.logProbabilities[0])
  }

  /// μ = 0.3, logσ = −0.5, ε = 1.2: u = 1.027837, a = 0.773039, logπ = −0.228655, where the naive
  /// form with 1e-6 inside the logarithm gives −0.228658.
  @Test func densityOfAnOrdinarySample() {
    let (action, logProbability) = sample(mean: 0.3, logStd: -0.5, noise: 1.2)
    #expect(abs(action - 0.773039) < 1e-6)
    #expect(abs(logProbability + 0.228655) < 1.5e-6)
  }

  /// u = ±9: log(1 − tanh²u) is −16.613706, where the naive form gives −13.756374.
  @Test(arguments: [Float(9), -9]) func densityNearTheBounds(u: Float) {
    let (action, logProbability) = sample(mean: u, logStd: 0, noise: 0)
    #expect(abs(action) <= 1)
    #expect(abs(logProbability - (16.613706 - 0.918939)) < 1e-5)
  }

  /// Densities over −1...1 integrate to one.
  @Test func densityIntegratesToOne() {
    var sum = 0.0
    let (mean, logStd): (Float, Float) = (0.4, -0.7)
    let deviation = ScalarMaths.exp(logStd)
    let count = 4000
    for k in 0..<count {
      let a = Double(k) / Double(count) * 2 - 1 + 1 / Double(count)
      let u = 0.5 * (ScalarMaths.log(1 + a) - ScalarMaths.log(1 - a))
      let (_, logProbability) = sample(
        mean: mean, logStd: logStd, noise: (Float(u) - mean) / deviation)
      sum += ScalarMaths.exp(Double(logProbability)) * 2 / Double(count)
    }
    #expect(abs(sum - 1) < 1e-3)
  }
}
