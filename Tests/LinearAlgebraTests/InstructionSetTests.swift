import LinearAlgebra
import Testing

@Suite struct InstructionSetTests {
  @Test(.enabled(if: availableVersions.contains("v4") && availableVersions.contains("v3")))
  func bothWideVersionsGiveTheSameBits() {
    let v4 = KernelBackend.withInstructionSet("v4") { layers() + rows() + flat() }
    let v3 = KernelBackend.withInstructionSet("v3") { layers() + rows() + flat() }
    let isEqual = v4 != nil && v4 == v3
    #expect(isEqual)
  }

  @Test func unknownVersionsAreRefused() {
    #expect(KernelBackend.withInstructionSet("v9", { 1 }) == nil)
    #expect(["v4", "v3", "baseline"].contains(KernelBackend.instructionSet))
    for version in availableVersions {
      let used = KernelBackend.withInstructionSet(version) { KernelBackend.instructionSet }
      #expect(used == version)
    }
  }

  /// All bits of dense layers, forward and backward, with LayerNorm and without.
  private func layers() -> [[UInt32]] {
    var result: [[UInt32]] = []
    for (rows, inputs, width, outputs) in [
      (19, 24, 64, 4), (7, 65, 33, 1), (33, 70, 3, 90), (70, 17, 200, 16),
      (40, 600, 530, 1),
    ] {
      for activation in ActivationKernel.allCases {
        for usesNorm in [false, true] {
          let x = sample(rows, inputs, "input")
          let norm = LayerNormMatrices(
            scale: sample(1, width, "scale"), shift: sample(1, width, "shift"),
            scaleGradient: Matrix(rows: 1, columns: width),
            shiftGradient: Matrix(rows: 1, columns: width),
            normalized: Matrix(rows: rows, columns: width), inverseDeviations: Vector(count: rows))
          let first = layer(
            sample(inputs, width, "weight", scale: 0.3), sample(1, width, "bias"), activation,
            rows: rows, norm: usesNorm ? norm : nil)
          let second = layer(width, outputs, .identity, rows: rows)
          let chain = LayerChain([first, second], capacity: rows)
          let dx = Matrix(rows: rows, columns: inputs)
          chain.forward(x, firstRow: 0, rows: rows)
          chain.backward(
            x, firstRow: 0, rows: rows, outputGradient: second.output, inputGradient: dx,
            accumulating: true, updatesParameters: true)
          result += [first, second].flatMap {
            [bits($0.output), bits($0.weightGradient), bits($0.biasGradient)]
          }
          result += [bits(dx), bits(norm.normalized), bits(norm.scaleGradient)]
          result += [bits(norm.shiftGradient), bits(norm.inverseDeviations)]
        }
      }
    }
    return result
  }

  /// All bits of the distributions.
  private func rows() -> [[UInt32]] {
    var result: [[UInt32]] = []
    for (rows, width) in [(19, 4), (33, 16), (20, 37)] {
      let (actions, mean) = (sample(rows, width, "actions"), sample(rows, width, "mean"))
      let (logStd, logStdGradient) = (sample(1, width, "log"), sample(1, width, "before"))
      let (densities, meanGradient) = (Vector(count: rows), Matrix(rows: rows, columns: width))
      GaussianKernels.logProbabilities(
        of: actions, mean: mean, logStd: logStd, rows: rows, into: densities)
      GaussianKernels.backward(
        weights: densities, actions: actions, mean: mean, logStd: logStd, rows: rows,
        meanGradient: meanGradient, logStdGradient: logStdGradient)
      result += [bits(densities), bits(meanGradient), bits(logStdGradient)]
      let choices = Matrix(rows: rows, columns: 1)
      for i in 0..<rows { choices[i, 0] = Float(i % width) }
      CategoricalKernels.backward(
        weights: densities, entropyWeight: 0.3, actions: choices, logits: mean, rows: rows,
        logitGradient: meanGradient)
      result.append(bits(meanGradient))
      CategoricalKernels.logProbabilities(of: choices, logits: mean, rows: rows, into: densities)
      result.append(bits(densities))
      CategoricalKernels.entropies(logits: mean, rows: rows, into: densities)
      result.append(bits(densities))
    }
    return result
  }

  /// All bits of the kernels over flat arrays.
  private func flat() -> [[UInt32]] {
    var result: [[UInt32]] = []
    for function in [exponential(_:count:), logarithm, hyperbolicTangent, logisticSigmoid]
      as [(Vector, Int) -> Void]
    {
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
    let (quantiles, targets) = (sample(5, 25, "quantiles"), sample(5, 46, "targets"))
    let gradient = Matrix(rows: 5, columns: 25)
    let loss = QuantileKernels.loss(of: quantiles, targets: targets, rows: 5, gradient: gradient)
    let sorted = Matrix(rows: 5, columns: 40)
    QuantileKernels.sortRows(targets, rows: 5, into: sorted)
    result += [bits(gradient), [loss.bitPattern], bits(sorted)]
    result += vectors.map(bits)
    result.append([sumOfSquares(vectors[0]).bitPattern, sum(vectors[1], count: 990).bitPattern])
    return result
  }
}
