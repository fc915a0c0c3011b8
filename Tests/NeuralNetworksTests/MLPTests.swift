import LinearAlgebra
import NeuralNetworks
import Testing

/// Networks with every kind of layer: none hidden, narrow and wide, with and without LayerNorm.
private let shapes = [[3, 2], [5, 1], [4, 7, 3], [6, 19, 5, 1], [3, 64, 33, 17]]

@Suite struct MLPTests {
  @Test(arguments: shapes, Activation.allCases)
  func forwardEqualsTheTextbook(widths: [Int], activation: Activation) {
    for layerNorm in [false, true] {
      let net = network(widths, activation, layerNorm: layerNorm)
      roughen(net)
      let reference = ReferenceMLP(network: net)
      let input = normal(9, widths[0], scale: 2)
      let workspace = net.makeWorkspace(rows: 8)
      let output = net.forward(input, firstRow: 2, rows: 7, in: workspace)
      #expect(output === workspace.output && hasCleanPadding(output))
      for i in 0..<7 {
        let expected = reference.outputs(input.row(i + 2).map(Double.init))
        for j in expected.indices {
          #expect(abs(Double(output[i, j]) - expected[j]) < 1e-5 * (1 + abs(expected[j])))
        }
      }
    }
  }

  @Test(arguments: shapes, Activation.allCases)
  func gradientsEqualCentralDifferences(widths: [Int], activation: Activation) {
    for layerNorm in [false, true] {
      let net = network(widths, activation, layerNorm: layerNorm)
      roughen(net)
      let reference = ReferenceMLP(network: net)
      let (rows, first) = (3, 1)
      let input = normal(rows + first, widths[0], seed: 2)
      let weights = normal(rows, widths[widths.count - 1], seed: 3)
      let inputGradient = Matrix(rows: rows, columns: widths[0])
      let workspace = net.makeWorkspace(rows: rows)
      net.forward(input, firstRow: first, rows: rows, in: workspace)
      net.backward(
        input, firstRow: first, rows: rows, outputGradient: weights, in: workspace,
        inputGradient: inputGradient)

      // The loss is Σ weights · output, evaluated in double precision.
      func loss() -> Double {
        var sum = 0.0
        for i in 0..<rows {
          let y = reference.outputs(input.row(i + first).map(Double.init))
          for j in y.indices { sum += Double(weights[i, j]) * y[j] }
        }
        return sum
      }
      for parameter in net.parameters.parameters {
        let error = gradientError(
          at: parameter.value, gradient: parameter.gradient, step: 1e-3, of: loss)
        #expect(error < 2e-4, "\(parameter.name), \(activation), LayerNorm \(layerNorm)")
        #expect(hasCleanPadding(parameter.gradient))
      }
      let rowsUsed = Matrix(rows: rows, columns: widths[0])
      for i in 0..<rows { rowsUsed.copyRow(i, from: input, row: i + first) }
      let error = gradientError(at: rowsUsed, gradient: inputGradient, step: 1e-3) {
        for i in 0..<rows { input.copyRow(i + first, from: rowsUsed, row: i) }
        return loss()
      }
      #expect(error < 2e-4, "input, \(activation), LayerNorm \(layerNorm)")
    }
  }

  @Test(arguments: [(Activation.tanh, false), (.silu, true)])
  func wideNetworksEqualDoublePrecision(activation: Activation, layerNorm: Bool) {
    let net = network([2, 530, 2], activation, layerNorm: layerNorm)
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
    for i in 0..<3 {
      let expected = reference.outputs(input.row(i).map(Double.init))
      for j in 0..<2 { #expect(abs(Double(workspace.output[i, j]) - expected[j]) < 1e-5) }
    }
    for parameter in net.parameters.parameters {
      let error = gradientError(
        at: parameter.value, gradient: parameter.gradient, step: 1e-3, of: loss)
      #expect(error < 2e-4, "\(parameter.name)")
      #expect(hasCleanPadding(parameter.gradient))
    }
    #expect(gradientError(at: input, gradient: inputGradient, step: 1e-3, of: loss) < 2e-4)
  }

  @Test func accumulatingAddsToTheGradients() {
    let net = network([4, 20, 18, 2], .tanh, layerNorm: true)
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
      input, rows: 5, outputGradient: weights, in: workspace, accumulating: true,
      updatesParameters: false)
    let isUntouched = net.parameters.gradients.array == twice
    #expect(isUntouched)
  }

  /// Through the first layer, a wide one and a narrow one, whose transposes are refreshed apart.
  @Test func inputGradientFollowsChangedWeights() {
    let net = network([3, 8, 9, 1], .relu)
    let (input, ones) = (normal(4, 3), Matrix(rows: 4, columns: 1))
    ones.fill(1)
    let workspace = net.makeWorkspace(rows: 4)
    func inputGradient() -> [Float] {
      let gradient = Matrix(rows: 4, columns: 3)
      net.forward(input, rows: 4, in: workspace)
      net.backward(
        input, rows: 4, outputGradient: ones, in: workspace, inputGradient: gradient)
      return (0..<4).flatMap { Array(gradient.row($0)) }
    }
    let before = inputGradient()
    for parameter in net.parameters.parameters where parameter.isWeight {
      for i in 0..<parameter.value.rows {
        for j in 0..<parameter.value.columns { parameter.value[i, j] *= 2 }
      }
    }
    net.parametersDidChange()
    let after = inputGradient()
    #expect(before != after)
    let fresh = network([3, 8, 9, 1], .relu)
    fresh.parameters.copyValues(from: net.parameters)
    fresh.parametersDidChange()
    let gradient = Matrix(rows: 4, columns: 3)
    let other = fresh.makeWorkspace(rows: 4)
    fresh.forward(input, rows: 4, in: other)
    fresh.backward(input, rows: 4, outputGradient: ones, in: other, inputGradient: gradient)
    #expect((0..<4).flatMap { Array(gradient.row($0)) } == after)
  }

  @Test(arguments: Activation.allCases)
  func aRowDependsNeitherOnItsPositionNorOnTheBatch(activation: Activation) {
    let net = network([24, 64, 64, 4], activation, layerNorm: activation == .elu)
    let input = normal(70, 24)
    let all = net.makeWorkspace(rows: 70)
    net.forward(input, rows: 70, in: all)
    for (first, rows) in [(0, 1), (69, 1), (3, 2), (60, 7), (11, 48), (1, 69)] {
      let part = net.makeWorkspace(rows: rows)
      net.forward(input, firstRow: first, rows: rows, in: part)
      for i in 0..<rows { #expect(Array(part.output.row(i)) == Array(all.output.row(first + i))) }
    }
  }

  @Test func hiddenFeaturesAreTheActivations() {
    let net = network([2, 5, 3, 1], .relu)
    let workspace = net.makeWorkspace(rows: 6)
    net.forward(normal(6, 2), rows: 6, in: workspace)
    #expect(workspace.hidden(0).columns == 5 && workspace.hidden(1).columns == 3)
    let (last, weight) = (workspace.hidden(1), net.parameters.parameters[4].value)
    for i in 0..<6 {
      #expect(last.row(i).allSatisfy { $0 >= 0 })
      let sum = (0..<3).reduce(net.parameters.parameters[5].value[0, 0]) {
        $0 + last[i, $1] * weight[$1, 0]
      }
      #expect(abs(sum - workspace.output[i, 0]) < 1e-6)
    }
  }

  @Test func parametersAreNamedAndCounted() {
    let net = network([3, 8, 2], .tanh, layerNorm: true)
    #expect(
      net.parameters.parameters.map(\.name) == [
        "net.0.weight", "net.0.bias", "net.0.norm.scale", "net.0.norm.shift", "net.1.weight",
        "net.1.bias",
      ])
    #expect(
      net.parameters.parameters.map(\.isWeight) == [true, false, false, false, true, false])
    #expect(net.parameters.count == 3 * 8 + 8 * 3 + 8 * 2 + 2)
    #expect(net.parameters.parameters[2].value.row(0).allSatisfy { $0 == 1 })
    #expect(net.architecture.widths == [3, 8, 2])
  }
}

@Suite struct InitializerTests {
  @Test(arguments: [[64, 64], [24, 64], [64, 4], [1, 5], [5, 1]])
  func orthogonalWeightsAreOrthogonal(widths: [Int]) {
    let gain: Float = 1.7
    let net = network(
      widths, .tanh, initializer: .orthogonal(hiddenGain: 0.5, outputGain: gain))
    let weight = net.parameters.parameters[0].value
    let isTall = weight.rows >= weight.columns
    let count = min(weight.rows, weight.columns)
    for a in 0..<count {
      for b in 0..<count {
        var product = 0.0
        for i in 0..<max(weight.rows, weight.columns) {
          product +=
            Double(isTall ? weight[i, a] : weight[a, i])
            * Double(isTall ? weight[i, b] : weight[b, i])
        }
        #expect(abs(product - (a == b ? Double(gain * gain) : 0)) < 1e-6)
      }
    }
    #expect(net.parameters.parameters[1].value.row(0).allSatisfy { $0 == 0 })
  }

  @Test func hiddenLayersHaveTheirOwnGain() {
    let net = network(
      [6, 30, 2], .tanh, initializer: .orthogonal(hiddenGain: 2, outputGain: 0.01))
    func squares(_ m: Matrix) -> Float {
      (0..<m.rows).reduce(0) { $0 + m.row($1).reduce(0) { $0 + $1 * $1 } }
    }
    // An orthogonal matrix has as many units of squared norm as its shorter side.
    #expect(abs(squares(net.parameters.parameters[0].value) - 6 * 4) < 1e-4)
    #expect(abs(squares(net.parameters.parameters[2].value) - 2 * 1e-4) < 1e-8)
  }

  @Test(arguments: [WeightInitializer.fanInUniform, .lecunUniform()])
  func uniformWeightsFillTheirBound(initializer: WeightInitializer) {
    let net = network([50, 80], .tanh, initializer: initializer)
    let bound: Float = initializer == .fanInUniform ? 0.141_421_36 : 0.244_948_98
    let weights = (0..<50).flatMap { Array(net.parameters.parameters[0].value.row($0)) }
    #expect(weights.allSatisfy { abs($0) <= bound })
    #expect(weights.contains { $0 > 0.99 * bound } && weights.contains { $0 < -0.99 * bound })
    let variance = weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count)
    #expect(abs(variance / (bound * bound / 3) - 1) < 0.06)
    let bias = Array(net.parameters.parameters[1].value.row(0))
    #expect(bias.allSatisfy { abs($0) <= bound })
    #expect(bias.contains { $0 != 0 } == (initializer == .fanInUniform))
  }

  @Test func normalWeightsHaveTheirDeviation() {
    let net = network([50, 80, 60], .relu, initializer: .heNormal)
    for (parameter, variance) in [(0, Float(2) / 50), (2, Float(1) / 80)] {
      let weight = net.parameters.parameters[parameter].value
      let squares = (0..<weight.rows).reduce(0) { $0 + weight.row($1).reduce(0) { $0 + $1 * $1 } }
      let count = Float(weight.rows * weight.columns)
      // Four standard errors of a variance from 4000 numbers are 9 %.
      #expect(abs(squares / count / variance - 1) < 0.09)
      #expect(net.parameters.parameters[parameter + 1].value.row(0).allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: MLPPattern.allCases) func reinitializingMakesANewNetwork(pattern: MLPPattern) {
    let net = network([3, 5, 5, 2], .relu, layerNorm: true, pattern: pattern, seed: 2)
    roughen(net)
    var random = RandomStream(seed: 1, name: "weights")
    net.reinitialize(random: &random)
    let fresh = network([3, 5, 5, 2], .relu, layerNorm: true, pattern: pattern)
    #expect(net.parameters.values.array == fresh.parameters.values.array)
    let input = normal(4, 3)
    let outputs = [net, fresh].map { network in
      let output = network.forward(input, rows: 4, in: network.makeWorkspace(rows: 4))
      return (0..<4).flatMap { Array(output.row($0)) }
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test func theSameStreamGivesTheSameWeights() {
    let (a, b) = (network([5, 9, 2], .relu), network([5, 9, 2], .relu))
    let other = network([5, 9, 2], .relu, seed: 2)
    #expect(a.parameters.values.array == b.parameters.values.array)
    #expect(a.parameters.values.array != other.parameters.values.array)
  }
}
