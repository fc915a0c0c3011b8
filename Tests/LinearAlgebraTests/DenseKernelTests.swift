import LinearAlgebra
import Testing

/// Rows, inputs and outputs that hit every tile height, every width and the narrow paths.
private let awkwardShapes: [(rows: Int, inputs: Int, outputs: Int)] = {
  let widths = [1, 3, 4, 17, 64, 65]
  var shapes: [(Int, Int, Int)] = []
  for inputs in widths { for outputs in widths { shapes.append((19, inputs, outputs)) } }
  for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 24, 31, 32, 70] {
    shapes += [(rows, 5, 16), (rows, 17, 30), (rows, 9, 48), (rows, 24, 64), (rows, 33, 112)]
    shapes += [(rows, 70, 1), (rows, 21, 2), (rows, 64, 3), (rows, 130, 4)]
  }
  return shapes + [(1100, 7, 5), (1030, 20, 2)]
}()

@Suite struct DenseKernelTests {
  @Test(arguments: availableVersions)
  func forwardEqualsDoublePrecision(version: String) {
    for (shape, activation) in zip(awkwardShapes, cycle(allActivations)) {
      let (rows, inputs, outputs) = shape
      let (x, w, b) = layer(rows + 2, inputs, outputs)
      let wt = transposed(w)
      let y = sample(rows, outputs, "old")
      let sums = activation == .silu ? Matrix(rows: rows, columns: outputs) : nil
      on(version) {
        DenseKernels.forward(
          x, firstRow: 2, rows: rows, weight: w, transposedWeight: wt, bias: b,
          activation: activation, output: y, sums: sums)
      }
      var worst = 0.0
      for i in 0..<rows {
        for j in 0..<outputs {
          var (z, size) = (Double(b[0, j]), Double(abs(b[0, j])))
          for p in 0..<inputs {
            z += Double(x[i + 2, p]) * Double(w[p, j])
            size += abs(Double(x[i + 2, p]) * Double(w[p, j]))
          }
          worst = max(worst, abs(Double(y[i, j]) - reference(activation, z).value) / (1 + size))
          if let sums { worst = max(worst, abs(Double(sums[i, j]) - z) / (1 + size)) }
        }
      }
      // Rounding of a chain of up to 130 products, far from its worst case.
      #expect(worst < 5e-7, "\(version) \(shape) \(activation): \(worst)")
      #expect(hasCleanPadding(y))
    }
  }

  @Test(arguments: availableVersions)
  func inputGradientEqualsDoublePrecision(version: String) {
    for (shape, activation) in zip(awkwardShapes, cycle(allActivations)) {
      let (rows, inputs, outputs) = shape
      let (_, w, _) = layer(rows, inputs, outputs)
      let wt = transposed(w)
      let z = sample(rows, inputs, "sums")
      let saved = Matrix(rows: rows, columns: inputs)
      for i in 0..<rows {
        for j in 0..<inputs {
          saved[i, j] =
            activation == .silu ? z[i, j] : Float(reference(activation, Double(z[i, j])).value)
        }
      }
      let dy = sample(rows, outputs, "gradient")
      let dx = sample(rows, inputs, "old")
      on(version) {
        DenseKernels.backwardInput(
          rows: rows, outputGradient: dy, transposedWeight: wt, activation: activation,
          saved: saved, inputGradient: dx)
      }
      var worst = 0.0
      for i in 0..<rows {
        for p in 0..<inputs {
          var (sum, size) = (0.0, 0.0)
          for j in 0..<outputs {
            sum += Double(dy[i, j]) * Double(w[p, j])
            size += abs(Double(dy[i, j]) * Double(w[p, j]))
          }
          let expected = sum * reference(activation, Double(z[i, p])).slope
          worst = max(worst, abs(Double(dx[i, p]) - expected) / (1 + size))
        }
      }
      #expect(worst < 5e-7, "\(version) \(shape) \(activation): \(worst)")
      #expect(hasCleanPadding(dx))
    }
  }

  @Test(arguments: availableVersions, [false, true])
  func weightGradientEqualsDoublePrecision(version: String, accumulating: Bool) {
    for (rows, inputs, outputs) in awkwardShapes {
      let x = sample(rows + 1, inputs, "input")
      let dy = sample(rows, outputs, "gradient")
      let (before, biasBefore) = (sample(inputs, outputs, "before"), sample(1, outputs, "bias"))
      let (dw, db) = (sample(inputs, outputs, "before"), sample(1, outputs, "bias"))
      on(version) {
        DenseKernels.backwardWeights(
          x, firstRow: 1, rows: rows, outputGradient: dy, weightGradient: dw, biasGradient: db,
          accumulating: accumulating)
      }
      var worst = 0.0
      for j in 0..<outputs {
        for p in 0..<inputs {
          var (sum, size) = (accumulating ? Double(before[p, j]) : 0, 0.0)
          for i in 0..<rows {
            sum += Double(x[i + 1, p]) * Double(dy[i, j])
            size += abs(Double(x[i + 1, p]) * Double(dy[i, j]))
          }
          worst = max(worst, abs(Double(dw[p, j]) - sum) / (1 + size))
        }
        var (sum, size) = (accumulating ? Double(biasBefore[0, j]) : 0, 0.0)
        for i in 0..<rows {
          sum += Double(dy[i, j])
          size += abs(Double(dy[i, j]))
        }
        worst = max(worst, abs(Double(db[0, j]) - sum) / (1 + size))
      }
      #expect(worst < 1e-6, "\(version) \((rows, inputs, outputs)): \(worst)")
      #expect(hasCleanPadding(dw) && hasCleanPadding(db))
    }
  }

  @Test func agreesWithOpenBLAS() {
    for (rows, inputs, outputs) in awkwardShapes + [(33, 200, 300)] {
      let (x, w, b) = layer(rows, inputs, outputs)
      b.fill(0)
      let (ours, theirs) = (
        Matrix(rows: rows, columns: outputs), Matrix(rows: rows, columns: outputs)
      )
      DenseKernels.forward(
        x, firstRow: 0, rows: rows, weight: w, transposedWeight: transposed(w), bias: b,
        activation: .identity, output: ours, sums: nil)
      theirs.setToProduct(x, w)
      #expect(distance(ours, theirs) < 1e-5 * Float(inputs).squareRoot())

      let (ourGradient, theirGradient) = (
        Matrix(rows: inputs, columns: outputs), Matrix(rows: inputs, columns: outputs)
      )
      DenseKernels.backwardWeights(
        x, firstRow: 0, rows: rows, outputGradient: ours, weightGradient: ourGradient,
        biasGradient: b, accumulating: false)
      theirGradient.setToProduct(x, leftTransposed: true, ours)
      #expect(
        distance(ourGradient, theirGradient) < 3e-5 * Float(rows * inputs).squareRoot())
    }
  }

  @Test func wideLayersUseOpenBLASWithTheSameResult() {
    let (rows, inputs, outputs) = (9, 40, 520)
    let (x, w, b) = layer(rows, inputs, outputs)
    for activation in allActivations {
      let (wide, y) = (
        Matrix(rows: rows, columns: outputs), Matrix(rows: rows, columns: outputs)
      )
      let sums = Matrix(rows: rows, columns: outputs)
      DenseKernels.forward(
        x, firstRow: 0, rows: rows, weight: w, transposedWeight: nil, bias: b,
        activation: activation, output: wide, sums: sums)
      for j in 0..<outputs {
        for i in 0..<rows {
          var z = Double(b[0, j])
          for p in 0..<inputs { z += Double(x[i, p]) * Double(w[p, j]) }
          y[i, j] = Float(reference(activation, z).value)
        }
      }
      #expect(distance(wide, y) < 1e-5)
      #expect(hasCleanPadding(wide))
      let dx = Matrix(rows: rows, columns: inputs)
      DenseKernels.backwardInput(
        rows: rows, outputGradient: wide, transposedWeight: transposed(w), activation: .identity,
        saved: nil, inputGradient: dx)
      let product = Matrix(rows: rows, columns: inputs)
      product.setToProduct(wide, w, rightTransposed: true)
      #expect(distance(dx, product) < 1e-3)
    }
  }

  @Test(arguments: availableVersions)
  func aRowDependsNeitherOnItsPositionNorOnTheBatch(version: String) {
    for (inputs, outputs) in [(24, 64), (65, 1), (64, 4), (17, 48), (30, 16), (64, 65), (40, 200)] {
      let (x, w, b) = layer(70, inputs, outputs)
      let wt = transposed(w)
      let all = Matrix(rows: 70, columns: outputs)
      let part = Matrix(rows: 70, columns: outputs)
      let (allGradient, partGradient) = (
        Matrix(rows: 70, columns: inputs), Matrix(rows: 70, columns: inputs)
      )
      var equal = true
      on(version) {
        DenseKernels.forward(
          x, firstRow: 0, rows: 70, weight: w, transposedWeight: wt, bias: b, activation: .tanh,
          output: all, sums: nil)
        DenseKernels.backwardInput(
          rows: 70, outputGradient: all, transposedWeight: wt, activation: .identity, saved: nil,
          inputGradient: allGradient)
        for rows in 1...23 {
          let first = 70 - 3 * rows
          DenseKernels.forward(
            x, firstRow: first, rows: rows, weight: w, transposedWeight: wt, bias: b,
            activation: .tanh, output: part, sums: nil)
          DenseKernels.backwardInput(
            rows: rows, outputGradient: part, transposedWeight: wt, activation: .identity,
            saved: nil, inputGradient: partGradient)
          for i in 0..<rows {
            for j in 0..<outputs { equal = equal && part[i, j] == all[first + i, j] }
            for j in 0..<inputs {
              equal = equal && partGradient[i, j] == allGradient[first + i, j]
            }
          }
        }
      }
      #expect(equal, "\(version), \(inputs) × \(outputs)")
    }
  }

  @Test(arguments: availableVersions)
  func transposeMovesEveryElement(version: String) {
    for (rows, columns) in [(1, 1), (1, 70), (70, 1), (16, 16), (17, 33), (64, 4), (100, 130)] {
      let source = sample(rows, columns, "source")
      let target = Matrix(rows: columns, columns: rows)
      on(version) {
        DenseKernels.transpose(source, into: target)
      }
      var equal = true
      for i in 0..<rows { for j in 0..<columns { equal = equal && source[i, j] == target[j, i] } }
      #expect(equal, "\(rows) × \(columns)")
      #expect(hasCleanPadding(target))
    }
  }
}

private func cycle(_ values: [ActivationKernel]) -> [ActivationKernel] {
  (0..<awkwardShapes.count).map { values[($0 + $0 / values.count) % values.count] }
}

private func layer(_ rows: Int, _ inputs: Int, _ outputs: Int) -> (Matrix, Matrix, Matrix) {
  (
    sample(rows, inputs, "input"),
    sample(inputs, outputs, "weight", scale: 1 / Float(inputs).squareRoot()),
    sample(1, outputs, "bias", scale: 0.1)
  )
}

private func transposed(_ matrix: Matrix) -> Matrix {
  let result = Matrix(rows: matrix.columns, columns: matrix.rows)
  for i in 0..<matrix.rows { for j in 0..<matrix.columns { result[j, i] = matrix[i, j] } }
  return result
}

/// The largest difference of two elements.
private func distance(_ a: Matrix, _ b: Matrix) -> Float {
  var worst: Float = 0
  for i in 0..<a.rows { for j in 0..<a.columns { worst = max(worst, abs(a[i, j] - b[i, j])) } }
  return worst
}
