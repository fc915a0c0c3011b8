import Dispatch
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
  return shapes
}()

/// Shapes at which blocks of weights are copied, with rests in every direction.
private let wideShapes = [
  (70, 1024, 1024), (300, 530, 2047), (33, 2049, 530), (514, 257, 1100), (1, 1300, 1250),
]

@Suite struct LayerChainTests {
  @Test(arguments: availableVersions)
  func forwardEqualsDoublePrecision(version: String) {
    for (shape, activation) in zip(awkwardShapes, cycle(ActivationKernel.allCases)) {
      let (rows, inputs, outputs) = shape
      let x = sample(rows + 2, inputs, "input")
      let layer = layer(inputs, outputs, activation, rows: rows)
      let chain = LayerChain([layer], capacity: rows)
      on(version) { chain.forward(x, firstRow: 2, rows: rows) }
      var worst = 0.0
      for i in 0..<rows {
        for j in 0..<outputs {
          var (z, size) = (Double(layer.bias[0, j]), Double(abs(layer.bias[0, j])))
          for p in 0..<inputs {
            z += Double(x[i + 2, p]) * Double(layer.weight[p, j])
            size += abs(Double(x[i + 2, p]) * Double(layer.weight[p, j]))
          }
          let error = abs(Double(layer.output[i, j]) - reference(activation, z).value)
          worst = max(worst, error / (1 + size))
          if let sums = layer.sums {
            worst = max(worst, abs(Double(sums[i, j]) - z) / (1 + size))
          }
        }
      }
      // Rounding of a chain of up to 130 products, far from its worst case.
      #expect(worst < 5e-7, "\(version) \(shape) \(activation): \(worst)")
      #expect(hasCleanPadding(layer.output))
    }
  }

  @Test(arguments: availableVersions)
  func hiddenGradientEqualsDoublePrecision(version: String) {
    for (shape, activation) in zip(awkwardShapes, cycle(ActivationKernel.allCases)) {
      // The unit matrix as input makes the first weights the sums, and their gradient the
      // gradient by the sums, without rounding.
      let (rows, width, outputs) = shape
      let (x, z) = (identity(rows), sample(rows, width, "sums"))
      let first = layer(z, Matrix(rows: 1, columns: width), activation, rows: rows)
      let second = layer(width, outputs, .identity, rows: rows)
      let chain = LayerChain([first, second], capacity: rows)
      let dy = sample(rows, outputs, "gradient")
      on(version) {
        chain.forward(x, firstRow: 0, rows: rows)
        chain.backward(
          x, firstRow: 0, rows: rows, outputGradient: dy, inputGradient: nil,
          accumulating: false, updatesParameters: true)
      }
      var worst = 0.0
      for i in 0..<rows {
        for p in 0..<width {
          var (sum, size) = (0.0, 0.0)
          for j in 0..<outputs {
            sum += Double(dy[i, j]) * Double(second.weight[p, j])
            size += abs(Double(dy[i, j]) * Double(second.weight[p, j]))
          }
          let expected = sum * reference(activation, Double(z[i, p])).slope
          worst = max(worst, abs(Double(first.weightGradient[i, p]) - expected) / (1 + size))
        }
      }
      #expect(worst < 6e-7, "\(version) \(shape) \(activation): \(worst)")
      #expect(hasCleanPadding(first.weightGradient))
    }
  }

  @Test(arguments: availableVersions, [false, true])
  func weightGradientEqualsDoublePrecision(version: String, accumulating: Bool) {
    for (rows, inputs, outputs) in awkwardShapes + [(1100, 7, 5), (1030, 20, 2)] {
      let x = sample(rows + 1, inputs, "input")
      let dy = sample(rows, outputs, "gradient")
      let layer = layer(inputs, outputs, .identity, rows: rows)
      let (before, biasBefore) = (sample(inputs, outputs, "before"), sample(1, outputs, "before"))
      let (dw, db) = (layer.weightGradient, layer.biasGradient)
      let chain = LayerChain([layer], capacity: rows)
      let dx = sample(rows, inputs, "old")
      on(version) {
        chain.backward(
          x, firstRow: 1, rows: rows, outputGradient: dy, inputGradient: dx,
          accumulating: accumulating, updatesParameters: true)
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
      #expect(hasCleanPadding(dw) && hasCleanPadding(db) && hasCleanPadding(dx))
    }
  }

  @Test(arguments: availableVersions) func rectifierLetsNaNThrough(version: String) {
    let x = sample(7, 5, "input")
    x[3, 2] = .nan
    let layer = layer(5, 70, .relu, rows: 7)
    let chain = LayerChain([layer], capacity: 7)
    on(version) { chain.forward(x, firstRow: 0, rows: 7) }
    for i in 0..<7 { #expect(layer.output.row(i).allSatisfy { $0.isNaN == (i == 3) }) }
  }

  @Test func agreesWithOpenBLAS() {
    for (rows, inputs, outputs) in awkwardShapes + [(33, 200, 300), (1100, 7, 5)] {
      let x = sample(rows, inputs, "input")
      let layer = layer(
        sample(inputs, outputs, "weight"), Matrix(rows: 1, columns: outputs), .identity,
        rows: rows)
      let chain = LayerChain([layer], capacity: rows)
      let dx = Matrix(rows: rows, columns: inputs)
      chain.forward(x, firstRow: 0, rows: rows)
      chain.backward(
        x, firstRow: 0, rows: rows, outputGradient: layer.output, inputGradient: dx,
        accumulating: false, updatesParameters: true)

      let y = Matrix(rows: rows, columns: outputs)
      y.setToProduct(x, layer.weight)
      #expect(distance(layer.output, y) < 1e-6 * size(y))
      let dw = Matrix(rows: inputs, columns: outputs)
      dw.setToProduct(x, leftTransposed: true, layer.output)
      #expect(distance(layer.weightGradient, dw) < 3e-6 * size(dw))
      let expected = Matrix(rows: rows, columns: inputs)
      expected.setToProduct(layer.output, layer.weight, rightTransposed: true)
      #expect(distance(dx, expected) < 1e-6 * size(expected))
    }
  }

  /// Sums of whole numbers this small are exact in any order, so every bit is OpenBLAS's.
  @Test(arguments: availableVersions) func wideLayersEqualOpenBLAS(version: String) {
    for (rows, inputs, outputs) in wideShapes {
      let x = wholeNumbers(rows, inputs)
      let dy = wholeNumbers(rows, outputs)
      let layer = layer(
        wholeNumbers(inputs, outputs), Matrix(rows: 1, columns: outputs), .identity, rows: rows)
      let chain = LayerChain([layer], capacity: rows)
      let dx = Matrix(rows: rows, columns: inputs)
      on(version) {
        chain.forward(x, firstRow: 0, rows: rows)
        chain.backward(
          x, firstRow: 0, rows: rows, outputGradient: dy, inputGradient: dx, accumulating: false,
          updatesParameters: true)
      }
      let y = Matrix(rows: rows, columns: outputs)
      y.setToProduct(x, layer.weight)
      #expect(hasSameBits(layer.output, y), "\((rows, inputs, outputs))")
      let dw = Matrix(rows: inputs, columns: outputs)
      dw.setToProduct(x, leftTransposed: true, dy)
      #expect(hasSameBits(layer.weightGradient, dw), "\((rows, inputs, outputs))")
      let expected = Matrix(rows: rows, columns: inputs)
      expected.setToProduct(dy, layer.weight, rightTransposed: true)
      #expect(hasSameBits(dx, expected), "\((rows, inputs, outputs))")
    }
  }

  @Test(arguments: availableVersions)
  func aRowDependsNeitherOnItsPositionNorOnTheBatch(version: String) {
    for (inputs, outputs) in [
      (24, 64), (65, 1), (64, 4), (17, 48), (30, 16), (64, 65), (40, 200), (300, 1100),
    ] {
      let x = sample(70, inputs, "input")
      let (all, part) = (
        layer(inputs, outputs, .tanh, rows: 70), layer(inputs, outputs, .tanh, rows: 23)
      )
      let allChain = LayerChain([all], capacity: 70)
      let partChain = LayerChain([part], capacity: 23)
      let (allGradient, partGradient) = (
        Matrix(rows: 70, columns: inputs), Matrix(rows: 23, columns: inputs)
      )
      var isEqual = true
      on(version) {
        allChain.forward(x, firstRow: 0, rows: 70)
        allChain.backward(
          x, firstRow: 0, rows: 70, outputGradient: all.output, inputGradient: allGradient,
          accumulating: false, updatesParameters: false)
        for rows in 1...23 {
          let first = 70 - 3 * rows
          partChain.forward(x, firstRow: first, rows: rows)
          partChain.backward(
            x, firstRow: first, rows: rows, outputGradient: part.output,
            inputGradient: partGradient, accumulating: false, updatesParameters: false)
          for i in 0..<rows {
            isEqual =
              isEqual && Array(part.output.row(i)) == Array(all.output.row(first + i))
              && Array(partGradient.row(i)) == Array(allGradient.row(first + i))
          }
        }
      }
      #expect(isEqual, "\(version), \(inputs) × \(outputs)")
    }
  }

  /// Many rows at once are worked off in copied blocks, and few rows are not.
  @Test(arguments: availableVersions, [ActivationKernel.relu, .silu])
  func wideLayersDoNotDependOnTheBatch(version: String, activation: ActivationKernel) {
    for (inputs, width, outputs) in [(530, 513, 520), (257, 1541, 1030)] {
      let (rows, x) = (70, wholeNumbers(70, inputs, scale: 1 / 32))
      func run(rowsAtOnce: Int) -> (gradients: [Matrix], rows: [Matrix]) {
        let first = layer(
          wholeNumbers(inputs, width, scale: 1 / 32), wholeNumbers(1, width, scale: 1 / 3),
          activation, rows: rows)
        let second = layer(
          wholeNumbers(width, outputs, scale: 1 / 7), wholeNumbers(1, outputs), .identity,
          rows: rows)
        let chain = LayerChain([first, second], capacity: rows)
        let (dx, gathered) = (
          Matrix(rows: rows, columns: inputs), Matrix(rows: rows, columns: inputs)
        )
        let y = Matrix(rows: rows, columns: outputs)
        for start in stride(from: 0, to: rows, by: rowsAtOnce) {
          chain.forward(x, firstRow: start, rows: rowsAtOnce)
          chain.backward(
            x, firstRow: start, rows: rowsAtOnce, outputGradient: second.output,
            inputGradient: dx, accumulating: start > 0, updatesParameters: true)
          for i in 0..<rowsAtOnce {
            y.copyRow(start + i, from: second.output, row: i)
            gathered.copyRow(start + i, from: dx, row: i)
          }
        }
        return (
          [first, second].flatMap { [$0.weightGradient, $0.biasGradient] }, [y, gathered]
        )
      }
      on(version) {
        let (all, some) = (run(rowsAtOnce: rows), run(rowsAtOnce: 14))
        for (a, b) in zip(all.gradients + all.rows, some.gradients + some.rows) {
          #expect(hasSameBits(a, b) && hasCleanPadding(a))
        }
      }
    }
  }

  /// Every thread has its own copies of blocks.
  @Test func threadsDoNotDisturbEachOther() {
    let layers = (1...4).map { WideLayer(scale: Float($0)) }
    for layer in layers { layer.run() }
    let expected = layers.map { $0.results.map(bits) }
    for _ in 0..<3 {
      DispatchQueue.concurrentPerform(iterations: layers.count) { layers[$0].run() }
      for (layer, expected) in zip(layers, expected) {
        let isEqual = layer.results.map(bits) == expected
        #expect(isEqual)
      }
    }
  }

  @Test(arguments: availableVersions)
  func transposeMovesEveryElement(version: String) {
    for (rows, columns) in [(1, 1), (1, 70), (70, 1), (16, 16), (17, 33), (64, 4), (100, 130)] {
      let source = sample(rows, columns, "source")
      let target = Matrix(rows: columns, columns: rows)
      on(version) { target.setToTranspose(of: source) }
      var isEqual = true
      for i in 0..<rows {
        for j in 0..<columns { isEqual = isEqual && source[i, j] == target[j, i] }
      }
      #expect(isEqual, "\(rows) × \(columns)")
      #expect(hasCleanPadding(target))
    }
  }

  @Test(arguments: availableVersions)
  func layerNormEqualsDoublePrecision(version: String) {
    for (rows, width) in [(1, 1), (3, 5), (7, 16), (20, 17), (9, 64), (5, 130)] {
      let x = sample(rows, width, "sums", scale: 3)
      for i in 0..<rows { for j in 0..<width { x[i, j] += 5 } }
      let (scale, shift) = (sample(1, width, "scale"), sample(1, width, "shift"))
      let norm = LayerNormMatrices(
        scale: scale, shift: shift, scaleGradient: Matrix(rows: 1, columns: width),
        shiftGradient: Matrix(rows: 1, columns: width),
        normalized: sample(rows, width, "old"), inverseDeviations: Vector(count: rows))
      let layer = layer(
        identity(width), Matrix(rows: 1, columns: width), .identity, rows: rows, norm: norm)
      let chain = LayerChain([layer], capacity: rows)
      on(version) { chain.forward(x, firstRow: 0, rows: rows) }
      for i in 0..<rows {
        let row = x.row(i).map(Double.init)
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        for j in 0..<width {
          let standard = (row[j] - mean) / (variance + 1e-5).squareRoot()
          let expected = standard * Double(scale[0, j]) + Double(shift[0, j])
          #expect(abs(Double(norm.normalized[i, j]) - standard) < 3e-6)
          #expect(abs(Double(layer.output[i, j]) - expected) < 1e-5)
        }
      }
      #expect(hasCleanPadding(norm.normalized) && hasCleanPadding(layer.output))
    }
  }
}

/// A wide layer with its input; each object is used by one thread at a time.
private final class WideLayer: @unchecked Sendable {
  private static let rows = 70
  private let input: Matrix
  private let matrices = layer(
    wholeNumbers(1024, 1100, scale: 1 / 3), wholeNumbers(1, 1100), .silu, rows: rows)
  private let chain: LayerChain

  init(scale: Float) {
    input = wholeNumbers(Self.rows, 1024, scale: scale)
    chain = LayerChain([matrices], capacity: Self.rows)
  }

  /// Runs a forward pass and a backward pass.
  func run() {
    chain.forward(input, firstRow: 0, rows: Self.rows)
    chain.backward(
      input, firstRow: 0, rows: Self.rows, outputGradient: matrices.output, inputGradient: nil,
      accumulating: false, updatesParameters: true)
  }

  var results: [Matrix] { [matrices.output, matrices.weightGradient] }
}

private func cycle(_ values: [ActivationKernel]) -> [ActivationKernel] {
  (0..<awkwardShapes.count).map { values[($0 + $0 / values.count) % values.count] }
}

/// The largest difference of two elements.
private func distance(_ a: Matrix, _ b: Matrix) -> Float {
  var worst: Float = 0
  for i in 0..<a.rows { for j in 0..<a.columns { worst = max(worst, abs(a[i, j] - b[i, j])) } }
  return worst
}

/// One plus the largest element.
private func size(_ a: Matrix) -> Float {
  (0..<a.rows).reduce(1) { max($0, 1 + (a.row($1).map(abs).max() ?? 0)) }
}
