import LinearAlgebra
import Testing

@Suite struct RowKernelTests {
  @Test(arguments: availableVersions)
  func layerNormEqualsDoublePrecision(version: String) {
    for (rows, width) in [(1, 1), (3, 5), (7, 16), (20, 17), (9, 64), (5, 130)] {
      let x = sample(rows, width, "sums", scale: 3)
      for i in 0..<rows { for j in 0..<width { x[i, j] += 5 } }
      let (scale, shift) = (sample(1, width, "scale"), sample(1, width, "shift"))
      let (normalized, y) = (
        Matrix(rows: rows, columns: width), Matrix(rows: rows, columns: width)
      )
      let inverse = Vector(count: rows)
      on(version) {
        LayerKernels.normalize(
          x, rows: rows, scale: scale, shift: shift, epsilon: 1e-5, normalized: normalized,
          inverseDeviations: inverse, output: y)
      }
      for i in 0..<rows {
        let row = x.row(i).map(Double.init)
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        for j in 0..<width {
          let standard = (row[j] - mean) / (variance + 1e-5).squareRoot()
          #expect(abs(Double(normalized[i, j]) - standard) < 3e-6)
          #expect(
            abs(Double(y[i, j]) - (standard * Double(scale[0, j]) + Double(shift[0, j]))) < 1e-5)
        }
      }
      #expect(hasCleanPadding(normalized) && hasCleanPadding(y))
    }
  }

  @Test func layerNormGradientKeepsPaddingAndAccumulates() {
    let (rows, width) = (6, 21)
    let scale = sample(1, width, "scale")
    let (normalized, output) = (
      Matrix(rows: rows, columns: width), Matrix(rows: rows, columns: width)
    )
    let inverse = Vector(count: rows)
    LayerKernels.normalize(
      sample(rows, width, "sums"), rows: rows, scale: scale, shift: sample(1, width, "shift"),
      epsilon: 1e-5, normalized: normalized, inverseDeviations: inverse, output: output)
    let (scaleGradient, shiftGradient) = (
      Matrix(rows: 1, columns: width), Matrix(rows: 1, columns: width)
    )
    var gradients: [[UInt32]] = []
    for accumulating in [false, true] {
      let gradient = sample(rows, width, "gradient")
      LayerKernels.normalizeBackward(
        rows: rows, normalized: normalized, inverseDeviations: inverse, scale: scale,
        gradient: gradient, scaleGradient: scaleGradient, shiftGradient: shiftGradient,
        accumulating: accumulating)
      gradients.append(bits(gradient))
      #expect(hasCleanPadding(gradient))
      // A standardised row does not change when its input is shifted.
      for i in 0..<rows { #expect(abs(gradient.row(i).reduce(0, +)) < 1e-5) }
    }
    #expect(gradients[0] == gradients[1])
    let original = sample(rows, width, "gradient")
    for j in 0..<width {
      var (byScale, byShift) = (Float(0), Float(0))
      for i in 0..<rows {
        byScale += 2 * original[i, j] * normalized[i, j]
        byShift += 2 * original[i, j]
      }
      #expect(abs(scaleGradient[0, j] - byScale) < 1e-5)
      #expect(abs(shiftGradient[0, j] - byShift) < 1e-5)
    }
  }

  /// Runs every kernel once and returns all bits that came out.
  private func everything() -> [[UInt32]] {
    var result: [[UInt32]] = []
    for (rows, inputs, outputs) in [(19, 24, 64), (7, 65, 1), (33, 70, 3), (70, 17, 200)] {
      let x = sample(rows, inputs, "input")
      let w = sample(inputs, outputs, "weight", scale: 0.3)
      let wt = Matrix(rows: outputs, columns: inputs)
      DenseKernels.transpose(w, into: wt)
      for activation in allActivations {
        let (y, sums) = (Matrix(rows: rows, columns: outputs), Matrix(rows: rows, columns: outputs))
        DenseKernels.forward(
          x, firstRow: 0, rows: rows, weight: w, transposedWeight: wt,
          bias: sample(1, outputs, "bias"), activation: activation, output: y, sums: sums)
        let (dx, dw) = (Matrix(rows: rows, columns: inputs), sample(inputs, outputs, "before"))
        let db = sample(1, outputs, "before")
        DenseKernels.backwardInput(
          rows: rows, outputGradient: y, transposedWeight: wt, activation: activation, saved: x,
          inputGradient: dx)
        DenseKernels.backwardWeights(
          x, firstRow: 0, rows: rows, outputGradient: y, weightGradient: dw, biasGradient: db,
          accumulating: true)
        result += [bits(y), bits(sums), bits(dx), bits(dw), bits(db)]
      }
      let (normalized, output) = (
        Matrix(rows: rows, columns: inputs), Matrix(rows: rows, columns: inputs)
      )
      let (inverse, scale) = (Vector(count: rows), sample(1, inputs, "scale"))
      LayerKernels.normalize(
        x, rows: rows, scale: scale, shift: scale, epsilon: 1e-5, normalized: normalized,
        inverseDeviations: inverse, output: output)
      result += [bits(normalized), bits(output), bits(inverse)]
      LayerKernels.normalizeBackward(
        rows: rows, normalized: normalized, inverseDeviations: inverse, scale: scale,
        gradient: output, scaleGradient: scale, shiftGradient: sample(1, inputs, "shift"),
        accumulating: false)
      result += [bits(output), bits(scale)]

      let (logStd, dLogStd) = (sample(1, inputs, "deviation"), sample(1, inputs, "before"))
      let densities = Vector(count: rows)
      GaussianKernels.logProbabilities(
        of: x, mean: normalized, logStd: logStd, rows: rows, into: densities)
      GaussianKernels.backward(
        weights: densities, actions: x, mean: normalized, logStd: logStd, rows: rows,
        meanGradient: output, logStdGradient: dLogStd)
      result += [bits(densities), bits(output), bits(dLogStd)]
    }
    let functions =
      [exponential(_:count:), logarithm, hyperbolicTangent, logisticSigmoid]
      as [(Vector, Int) -> Void]
    for function in functions {
      let vector = sampleVector(1000, "values", scale: 20)
      function(vector, 1000)
      result.append(bits(vector))
    }
    let vectors = (0..<4).map { sampleVector(997, "vector \($0)") }
    for i in 0..<997 { vectors[3][i] *= vectors[3][i] }
    adamStep(
      AdamConstants(
        gradientScale: 0.7, beta1: 0.9, beta2: 0.99, stepSize: 0.01, inverseRootBias2: 1.5,
        epsilon: 1e-8, decay: 0.999),
      gradients: vectors[0], values: vectors[1], firstMoment: vectors[2], secondMoment: vectors[3])
    softUpdate(vectors[0], towards: vectors[1], rate: 0.1)
    result += vectors.map(bits)
    result.append([sumOfSquares(vectors[0]).bitPattern, sum(vectors[1], count: 990).bitPattern])
    return result
  }

  @Test(.enabled(if: availableVersions.contains("v4") && availableVersions.contains("v3")))
  func bothWideVersionsGiveTheSameBits() {
    let v4 = KernelBackend.withInstructionSet("v4") { everything() }
    let v3 = KernelBackend.withInstructionSet("v3") { everything() }
    #expect(v4 != nil && v4 == v3)
  }

  @Test func unknownVersionsAreRefused() {
    #expect(KernelBackend.withInstructionSet("v9", { 1 }) == nil)
    #expect(["v4", "v3", "baseline"].contains(KernelBackend.instructionSet))
    #expect(!OpenBLAS.coreName.isEmpty && OpenBLAS.configuration.contains("OpenBLAS"))
  }
}
