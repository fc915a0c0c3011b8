import LinearAlgebra
import NeuralNetworks
import Testing

/// Networks of one, two and three residual blocks, narrow ones and such that fill vectors.
private let shapes = [[3, 7, 2], [2, 18, 18, 1], [5, 6, 6, 6, 4], [4, 32, 32, 3]]
private let patterns = [MLPPattern.simba, .bro]

/// The residual patterns against their formulas in double precision.
@Suite struct ResidualTests {
  @Test(arguments: shapes, patterns)
  func forwardEqualsTheFormula(widths: [Int], pattern: MLPPattern) {
    for activation in Activation.allCases {
      let net = network(widths, activation, pattern: pattern)
      roughen(net)
      let reference = ReferenceMLP(network: net)
      let input = normal(9, widths[0], scale: 2)
      let output = net.forward(
        input, firstRow: 2, rows: 7, in: net.makeWorkspace(rows: 8))
      #expect(hasCleanPadding(output))
      for i in 0..<7 {
        let expected = reference.outputs(input.row(i + 2).map(Double.init))
        for j in expected.indices {
          #expect(abs(Double(output[i, j]) - expected[j]) < 2e-5 * (1 + abs(expected[j])))
        }
      }
    }
  }

  @Test(arguments: shapes, patterns)
  func gradientsEqualCentralDifferences(widths: [Int], pattern: MLPPattern) {
    for activation in Activation.allCases {
      let net = network(widths, activation, pattern: pattern)
      roughen(net)
      let reference = ReferenceMLP(network: net)
      let (rows, first) = (3, 1)
      let input = normal(rows + first, widths[0], seed: 2)
      let weights = normal(rows, widths[widths.count - 1], seed: 3)
      let rowsUsed = Matrix(rows: rows, columns: widths[0])
      for i in 0..<rows { rowsUsed.copyRow(i, from: input, row: i + first) }
      let inputGradient = Matrix(rows: rows, columns: widths[0])
      let workspace = net.makeWorkspace(rows: rows)
      net.forward(input, firstRow: first, rows: rows, in: workspace)
      net.backward(
        input, firstRow: first, rows: rows, outputGradient: weights, in: workspace,
        inputGradient: inputGradient)
      func loss() -> Double {
        (0..<rows).reduce(0) { sum, i in
          let y = reference.outputs(rowsUsed.row(i).map(Double.init))
          return sum + y.indices.reduce(0) { $0 + Double(weights[i, $1]) * y[$1] }
        }
      }
      for parameter in net.parameters.parameters {
        let error = gradientError(
          at: parameter.value, gradient: parameter.gradient, step: 1e-5, of: loss)
        #expect(error < 3e-4, "\(parameter.name), \(activation)")
        #expect(hasCleanPadding(parameter.gradient))
      }
      let error = gradientError(at: rowsUsed, gradient: inputGradient, step: 1e-5, of: loss)
      #expect(error < 3e-4, "input, \(activation)")
    }
  }

  @Test(arguments: patterns) func accumulatingAddsToTheGradients(pattern: MLPPattern) {
    let net = network([4, 20, 20, 2], .tanh, pattern: pattern)
    let (input, weights) = (normal(5, 4), normal(5, 2, seed: 2))
    let workspace = net.makeWorkspace(rows: 5)
    net.forward(input, rows: 5, in: workspace)
    net.backward(input, rows: 5, outputGradient: weights, in: workspace)
    let once = net.parameters.gradients.array
    net.backward(input, rows: 5, outputGradient: weights, in: workspace, accumulating: true)
    let twice = net.parameters.gradients.array
    let largest = once.map(abs).max() ?? 0
    #expect(largest > 0.1)
    for i in once.indices { #expect(abs(twice[i] - 2 * once[i]) < 1e-5 * largest) }
    net.backward(
      input, rows: 5, outputGradient: weights, in: workspace, updatesParameters: false)
    #expect(net.parameters.gradients.array == twice)
  }

  @Test(arguments: patterns) func wideNetworksEqualDoublePrecision(pattern: MLPPattern) {
    let net = network([2, 530, 2], .relu, pattern: pattern)
    roughen(net)
    let reference = ReferenceMLP(network: net)
    let (input, weights) = (normal(3, 2), normal(3, 2, seed: 2))
    let inputGradient = Matrix(rows: 3, columns: 2)
    let workspace = net.makeWorkspace(rows: 3)
    net.forward(input, rows: 3, in: workspace)
    net.backward(
      input, rows: 3, outputGradient: weights, in: workspace, inputGradient: inputGradient)
    func loss() -> Double {
      (0..<3).reduce(0.0) { sum, i in
        let y = reference.outputs(input.row(i).map(Double.init))
        return sum + Double(weights[i, 0]) * y[0] + Double(weights[i, 1]) * y[1]
      }
    }
    #expect(gradientError(at: input, gradient: inputGradient, step: 1e-5, of: loss) < 1e-3)
  }

  @Test(arguments: patterns) func aRowDependsNeitherOnItsPositionNorOnTheBatch(
    pattern: MLPPattern
  ) {
    let net = network([24, 64, 64, 4], .relu, pattern: pattern)
    let input = normal(70, 24)
    let all = net.makeWorkspace(rows: 70)
    net.forward(input, rows: 70, in: all)
    for (first, rows) in [(0, 1), (69, 1), (3, 2), (60, 7), (11, 48)] {
      let part = net.makeWorkspace(rows: rows)
      net.forward(input, firstRow: first, rows: rows, in: part)
      for i in 0..<rows { #expect(Array(part.output.row(i)) == Array(all.output.row(first + i))) }
    }
  }

  @Test func blocksAreAsWideAsTheirSourcesSay() {
    #expect(
      network([3, 5, 5, 2], .relu, pattern: .simba).architecture.widths == [3, 5, 20, 5, 20, 5, 2])
    #expect(
      network([3, 5, 5, 2], .relu, pattern: .bro).architecture.widths == [3, 5, 5, 5, 5, 5, 2])
    for (hidden, isPossible) in [([4, 4], true), ([4, 5], false), ([], false)] {
      let architecture = MLPArchitecture(
        inputs: 1, hidden: hidden, outputs: 1, activation: .relu, pattern: .simba)
      #expect(architecture.isPossible == isPossible)
    }
  }
}
