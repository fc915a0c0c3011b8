import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct DropoutTests {
  private static let widths = [4, 19, 7, 2]
  private static let probability: Float = 0.3

  /// The masks of a batch, drawn like those of a workspace.
  private func masks(_ random: inout RandomStream, rows: Int) -> [Matrix] {
    Self.widths.dropFirst().dropLast().map { width in
      let mask = Matrix(rows: rows, columns: width)
      random.fillDropout(mask, probability: Self.probability)
      return mask
    }
  }

  /// The sums are dropped, then normalised, then activated; gradients see what was dropped.
  @Test(arguments: Activation.allCases, [false, true])
  func outputsAndGradientsEqualTheFormula(activation: Activation, layerNorm: Bool) {
    let rows = 4
    let net = network(Self.widths, activation, layerNorm: layerNorm)
    roughen(net)
    var random = RandomStream(seed: 3, name: "dropout")
    var same = random
    let masks = masks(&same, rows: rows)
    let (input, weights) = (normal(rows, 4), normal(rows, 2, seed: 2))
    let inputGradient = Matrix(rows: rows, columns: 4)
    let workspace = net.makeWorkspace(rows: rows, dropout: Self.probability)
    workspace.drawDropout(using: &random)
    #expect(random == same)
    net.forward(input, rows: rows, in: workspace)
    net.backward(
      input, rows: rows, outputGradient: weights, in: workspace, inputGradient: inputGradient)
    func outputs(_ i: Int) -> [Double] {
      ReferenceMLP(network: net, masks: masks.map { $0.row(i).map(Double.init) })
        .outputs(input.row(i).map(Double.init))
    }
    func loss() -> Double {
      (0..<rows).reduce(0) { sum, i in
        let y = outputs(i)
        return sum + Double(weights[i, 0]) * y[0] + Double(weights[i, 1]) * y[1]
      }
    }
    for i in 0..<rows {
      let expected = outputs(i)
      for j in 0..<2 { #expect(abs(Double(workspace.output[i, j]) - expected[j]) < 1e-5) }
    }
    for parameter in net.parameters.parameters {
      let error = gradientError(
        at: parameter.value, gradient: parameter.gradient, step: 1e-5, of: loss)
      #expect(error < 2e-4, "\(parameter.name)")
      #expect(hasCleanPadding(parameter.gradient))
    }
    #expect(gradientError(at: input, gradient: inputGradient, step: 1e-5, of: loss) < 2e-4)
  }

  @Test func withoutDropoutNothingIsDrawnOrDropped() {
    let net = network(Self.widths, .relu, layerNorm: true)
    var random = RandomStream(seed: 3, name: "dropout")
    let before = random
    let workspace = net.makeWorkspace(rows: 5)
    workspace.drawDropout(using: &random)
    #expect(random == before)
    let input = normal(5, 4)
    let output = net.forward(input, rows: 5, in: workspace)
    let reference = ReferenceMLP(network: net)
    for i in 0..<5 {
      let expected = reference.outputs(input.row(i).map(Double.init))
      for j in 0..<2 { #expect(abs(Double(output[i, j]) - expected[j]) < 1e-5) }
    }
  }

  /// Of a linear network the mean over masks is the output without them.
  @Test func theMeanOverMasksIsTheWholeNetwork() {
    let net = network([3, 40, 1], .identity)
    let input = normal(1, 3)
    let whole = net.forward(input, rows: 1, in: net.makeWorkspace(rows: 1))[0, 0]
    let workspace = net.makeWorkspace(rows: 1, dropout: Self.probability)
    var random = RandomStream(seed: 4, name: "dropout")
    var (sum, squares) = (0.0, 0.0)
    let draws = 4000.0
    for _ in 0..<Int(draws) {
      workspace.drawDropout(using: &random)
      let value = Double(net.forward(input, rows: 1, in: workspace)[0, 0])
      sum += value
      squares += value * value
    }
    let mean = sum / draws
    let error = ((squares / draws - mean * mean) / draws).squareRoot()
    #expect(error > 1e-4 && abs(mean - Double(whole)) < 4 * error)
  }
}
