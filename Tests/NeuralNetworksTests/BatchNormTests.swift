import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct BatchNormTests {
  private static let widths = [3, 18, 6, 2]

  private static func makeNetwork(_ activation: Activation, layerNorm: Bool = false) -> MLP {
    var random = RandomStream(seed: 1, name: "weights")
    let net = MLP(
      name: "net",
      architecture: MLPArchitecture(
        inputs: 3, hidden: [18, 6], outputs: 2, activation: activation, usesLayerNorm: layerNorm,
        usesBatchNorm: true),
      initializer: .fanInUniform, random: &random)
    roughen(net)
    return net
  }

  /// A network in double precision, for a whole batch; by running statistics where they are given.
  private struct Reference {
    let net: MLP
    let activation: Activation

    func outputs(_ input: [[Double]], byRunningStatistics: Bool) -> [[Double]] {
      var parameters = net.parameters.parameters[...]
      var statistics = net.statistics.parameters[...]
      var x = input
      for l in 0..<BatchNormTests.widths.count - 1 {
        let isHidden = l < BatchNormTests.widths.count - 2
        let (weight, bias) = (parameters.removeFirst().value, parameters.removeFirst().value)
        var norm: [Matrix] = []
        if isHidden && net.architecture.usesLayerNorm {
          norm = [parameters.removeFirst().value, parameters.removeFirst().value]
        }
        let (scale, shift) = (parameters.removeFirst().value, parameters.removeFirst().value)
        let (mean, variance) = (statistics.removeFirst().value, statistics.removeFirst().value)
        for j in x[0].indices {
          let column = x.map { $0[j] }
          let found = moments(column)
          let (m, v) =
            byRunningStatistics ? (Double(mean[0, j]), Double(variance[0, j])) : found
          for i in x.indices {
            let standard = (x[i][j] - m) / (v + 1e-3).squareRoot()
            x[i][j] = standard * Double(scale[0, j]) + Double(shift[0, j])
          }
        }
        x = x.map { row in
          var sums = (0..<weight.columns).map { j in
            row.indices.reduce(Double(bias[0, j])) { $0 + row[$1] * Double(weight[$1, j]) }
          }
          if !norm.isEmpty {
            let (m, v) = moments(sums)
            sums = sums.indices.map {
              (sums[$0] - m) / (v + 1e-5).squareRoot() * Double(norm[0][0, $0])
                + Double(norm[1][0, $0])
            }
          }
          return isHidden
            ? sums.map { activation == .relu ? max($0, 0) : ScalarMaths.tanh($0) } : sums
        }
      }
      return x
    }

    private func moments(_ values: [Double]) -> (Double, Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, squares / Double(values.count))
    }
  }

  private func rows(_ matrix: Matrix, _ count: Int) -> [[Double]] {
    (0..<count).map { matrix.row($0).map(Double.init) }
  }

  /// By the batch's own statistics, through which every row's gradient reaches every other, and by
  /// running ones.
  @Test(arguments: [(Activation.tanh, false), (.tanh, true), (.relu, false)], [false, true])
  func outputsAndGradientsEqualTheFormula(
    hidden: (activation: Activation, layerNorm: Bool), usesBatchStatistics: Bool
  ) {
    let (activation, layerNorm) = hidden
    let net = Self.makeNetwork(activation, layerNorm: layerNorm)
    let reference = Reference(net: net, activation: activation)
    let count = 7
    let (input, weights) = (normal(count, 3, scale: 2), normal(count, 2, seed: 2))
    // As if the second half were targets: without a gradient, but not without influence.
    for i in 4..<count { for j in 0..<2 { weights[i, j] = 0 } }
    for (k, parameter) in net.statistics.parameters.enumerated() {
      for j in 0..<parameter.value.columns { parameter.value[0, j] += 0.1 * Float(j % 3 + k % 2) }
    }
    func outputs() -> [[Double]] {
      reference.outputs(rows(input, count), byRunningStatistics: !usesBatchStatistics)
    }
    let expected = outputs()
    let inputGradient = Matrix(rows: count, columns: 3)
    let workspace = net.makeWorkspace(rows: 9, usesBatchStatistics: usesBatchStatistics)
    net.forward(input, rows: count, in: workspace)
    for i in 0..<count {
      for j in 0..<2 { #expect(abs(Double(workspace.output[i, j]) - expected[i][j]) < 2e-5) }
    }
    net.backward(
      input, rows: count, outputGradient: weights, in: workspace, inputGradient: inputGradient)
    func loss() -> Double {
      outputs().enumerated().reduce(0) { sum, row in
        sum + Double(weights[row.offset, 0]) * row.element[0]
          + Double(weights[row.offset, 1]) * row.element[1]
      }
    }
    for parameter in net.parameters.parameters {
      let error = gradientError(
        at: parameter.value, gradient: parameter.gradient, step: 1e-5, of: loss)
      #expect(error < 3e-4, "\(parameter.name)")
      #expect(hasCleanPadding(parameter.gradient))
    }
    #expect(gradientError(at: input, gradient: inputGradient, step: 1e-5, of: loss) < 3e-4)
    // The first norm learns without anybody asking for the gradient by the input.
    let gradients = net.parameters.gradients.array
    net.parameters.gradients.fill(0)
    net.forward(input, rows: count, in: workspace)
    net.backward(input, rows: count, outputGradient: weights, in: workspace)
    #expect(net.parameters.gradients.array == gradients)
    net.forward(input, rows: count, in: workspace)
    net.backward(input, rows: count, outputGradient: weights, in: workspace, accumulating: true)
    let twice = net.parameters.gradients.array
    let largest = gradients.map(abs).max() ?? 0
    #expect(largest > 0.1)
    for i in twice.indices { #expect(abs(twice[i] - 2 * gradients[i]) < 1e-5 * largest) }
  }

  /// After n equal batches what is left of the start is 0.99ⁿ; padding stays clean.
  @Test func runningStatisticsApproachThoseOfBatches() {
    let net = Self.makeNetwork(.tanh)
    let input = normal(6, 3, scale: 3)
    for i in 0..<6 { input[i, 1] += 5 }
    let workspace = net.makeWorkspace(rows: 6, usesBatchStatistics: true)
    let batches = 40
    for _ in 0..<batches { net.forward(input, rows: 6, in: workspace) }
    let left = ScalarMaths.pow(0.99, Double(batches))
    let (mean, variance) = (
      net.statistics.parameters[0].value, net.statistics.parameters[1].value
    )
    for j in 0..<3 {
      let column = (0..<6).map { Double(input[$0, j]) }
      let m = column.reduce(0, +) / 6
      let v = column.reduce(0) { $0 + ($1 - m) * ($1 - m) } / 6
      #expect(abs(Double(mean[0, j]) - (1 - left) * m) < 1e-5)
      #expect(abs(Double(variance[0, j]) - (left + (1 - left) * v)) < 1e-5 * (1 + v))
    }
    for parameter in net.statistics.parameters { #expect(hasCleanPadding(parameter.value)) }
  }

  /// Evaluation changes nothing and sees a row as it is, whatever its batch.
  @Test func runningStatisticsAreOnlyReadInEvaluation() {
    let net = Self.makeNetwork(.tanh)
    let input = normal(6, 3)
    net.forward(input, rows: 6, in: net.makeWorkspace(rows: 6, usesBatchStatistics: true))
    let before = net.statistics.values.array
    let all = net.forward(input, rows: 6, in: net.makeWorkspace(rows: 6))
    let one = net.forward(input, firstRow: 4, rows: 1, in: net.makeWorkspace(rows: 1))
    #expect(Array(one.row(0)) == Array(all.row(4)))
    #expect(net.statistics.values.array == before)
  }

  @Test func copiesHaveTheStatistics() {
    let net = Self.makeNetwork(.tanh)
    let input = normal(6, 3)
    net.forward(input, rows: 6, in: net.makeWorkspace(rows: 6, usesBatchStatistics: true))
    let copy = net.copy()
    let outputs = [net, copy].map { network in
      let output = network.forward(input, rows: 6, in: network.makeWorkspace(rows: 6))
      return (0..<6).flatMap { Array(output.row($0)) }
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test func parametersAndStatisticsAreNamed() {
    let net = Self.makeNetwork(.tanh)
    #expect(
      net.parameters.parameters.prefix(4).map(\.name) == [
        "net.0.weight", "net.0.bias", "net.0.batch-norm.scale", "net.0.batch-norm.shift",
      ])
    #expect(
      net.statistics.parameters.map(\.name) == [
        "net.0.batch-norm.mean", "net.0.batch-norm.variance", "net.1.batch-norm.mean",
        "net.1.batch-norm.variance", "net.2.batch-norm.mean", "net.2.batch-norm.variance",
      ])
    #expect(net.statistics.parameters.map(\.value.columns) == [3, 3, 18, 18, 6, 6])
    #expect(network([2, 2], .relu).statistics.parameters.isEmpty)
  }
}
