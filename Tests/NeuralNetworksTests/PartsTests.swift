import LinearAlgebra
import NeuralNetworks
import TestSupport
import Testing

/// Networks that map equal parts of their input with the same weights.
@Suite struct PartsTests {
  private static let parts = 3

  /// A network of three parts with 5 inputs and 2 outputs each.
  private func shared(
    _ activation: Activation = .tanh, layerNorm: Bool = false, seed: UInt64 = 1
  ) -> MLP {
    var random = RandomStream(seed: seed, name: "weights")
    let net = MLP(
      name: "net",
      architecture: MLPArchitecture(
        inputs: 5 * Self.parts, hidden: [18, 7], outputs: 2 * Self.parts, activation: activation,
        usesLayerNorm: layerNorm, parts: Self.parts),
      initializer: .fanInUniform, random: &random)
    roughen(net)
    return net
  }

  private func outputs(_ reference: ReferenceMLP, _ input: Matrix, row: Int) -> [Double] {
    let values = input.row(row).map(Double.init)
    return stride(from: 0, to: values.count, by: 5).flatMap {
      reference.outputs(Array(values[$0..<$0 + 5]))
    }
  }

  @Test func sizesAreThoseOfAPart() {
    let architecture = shared().architecture
    #expect(architecture.widths == [5, 18, 7, 2])
    var other = architecture
    #expect(other.isPossible)
    other.inputs = 16
    #expect(!other.isPossible)
    other = architecture
    other.outputs = 5
    #expect(!other.isPossible)
    other = architecture
    other.parts = 0
    #expect(!other.isPossible)
  }

  @Test(arguments: [Activation.tanh, .relu, .silu], [false, true])
  func eachPartGoesThroughTheSameLayers(activation: Activation, layerNorm: Bool) {
    let net = shared(activation, layerNorm: layerNorm)
    let reference = ReferenceMLP(network: net)
    let input = normal(9, 15, scale: 2)
    let workspace = net.makeWorkspace(rows: 8)
    let output = net.forward(input, firstRow: 2, rows: 6, in: workspace)
    #expect(output.rows == 8 && output.columns == 6 && hasCleanPadding(output))
    #expect(workspace.rows == 6 && workspace.hiddenRows == 18)
    #expect(workspace.hidden(0).rows == 24 && workspace.hidden(1).columns == 7)
    for i in 0..<6 {
      for (j, expected) in outputs(reference, input, row: i + 2).enumerated() {
        #expect(abs(Double(output[i, j]) - expected) < 2e-5 * (1 + abs(expected)))
      }
    }
  }

  @Test(arguments: [false, true]) func gradientsEqualCentralDifferences(layerNorm: Bool) {
    let net = shared(layerNorm: layerNorm)
    let reference = ReferenceMLP(network: net)
    let (input, weights) = (normal(3, 15, seed: 2), normal(3, 6, seed: 3))
    let inputGradient = Matrix(rows: 3, columns: 15)
    let workspace = net.makeWorkspace(rows: 4)
    net.forward(input, rows: 3, in: workspace)
    net.backward(
      input, rows: 3, outputGradient: weights, in: workspace, inputGradient: inputGradient)
    func loss() -> Double {
      (0..<3).reduce(0) { sum, i in
        let y = outputs(reference, input, row: i)
        return sum + y.indices.reduce(0) { $0 + Double(weights[i, $1]) * y[$1] }
      }
    }
    for parameter in net.parameters.parameters {
      let error = gradientError(
        at: parameter.value, gradient: parameter.gradient, step: 1e-5, of: loss)
      #expect(error < 3e-4, "\(parameter.name)")
    }
    #expect(gradientError(at: input, gradient: inputGradient, step: 1e-5, of: loss) < 3e-4)
    let once = net.parameters.gradients.array
    net.backward(input, rows: 3, outputGradient: weights, in: workspace, accumulating: true)
    let twice = net.parameters.gradients.array
    for i in once.indices { #expect(abs(twice[i] - 2 * once[i]) < 1e-5) }
  }

  @Test func derivativesAlongADirectionEqualDifferences() {
    let net = shared()
    let input = normal(4, 15, seed: 5)
    let direction = net.parameters.parameters.enumerated().map { k, parameter in
      normal(parameter.value.rows, parameter.value.columns, seed: UInt64(50 + k))
    }
    let workspace = net.makeWorkspace(rows: 4)
    net.forward(input, firstRow: 1, rows: 3, in: workspace)
    let tangent = net.makeTangent(rows: 4, along: direction)
    let found = net.differentiate(input, firstRow: 1, rows: 3, in: workspace, along: tangent)
    #expect(found.columns == 6)
    let reference = ReferenceMLP(network: net)
    func moved(_ step: Float) -> [[Double]] {
      for (parameter, part) in zip(net.parameters.parameters, direction) {
        for i in 0..<part.rows {
          for j in 0..<part.columns { parameter.value[i, j] += step * part[i, j] }
        }
      }
      return (1..<4).map { outputs(reference, input, row: $0) }
    }
    let step: Float = 0x1p-10
    let (above, below) = (moved(step), moved(-2 * step))
    for i in 0..<3 {
      for j in 0..<6 {
        let difference = (above[i][j] - below[i][j]) / Double(2 * step)
        #expect(abs(Double(found[i, j]) - difference) < 1e-3 * (1 + abs(difference)))
      }
    }
  }

  @Test func newWeightsBesideFrozenOnesChangeNoOutput() {
    let net = shared()
    let input = normal(4, 15)
    let before = net.forward(input, rows: 4, in: net.makeWorkspace(rows: 4))
    net.inject(shared(seed: 9))
    let after = net.forward(input, rows: 4, in: net.makeWorkspace(rows: 4))
    for i in 0..<4 { #expect(Array(after.row(i)) == Array(before.row(i))) }
  }
}
