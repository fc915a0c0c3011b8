import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct TangentTests {
  /// A direction of normal numbers in a network's parameters, whose padding is zero.
  static func direction(_ space: ParameterSpace, seed: UInt64, scale: Float = 1) -> Vector {
    let vector = Vector(count: space.dimension)
    for (k, matrix) in space.views(of: vector).flatMap(\.self).enumerated() {
      let noise = normal(matrix.rows, matrix.columns, seed: seed + UInt64(k), scale: scale)
      for i in 0..<matrix.rows { matrix.copyRow(i, from: noise, row: i) }
    }
    return vector
  }

  @Test(arguments: Activation.allCases, [false, true])
  func tangentsEqualCentralDifferences(activation: Activation, layerNorm: Bool) {
    let net = network([5, 17, 12, 3], activation, layerNorm: layerNorm)
    roughen(net)
    let space = ParameterSpace([net.parameters])
    let vector = Self.direction(space, seed: 40, scale: 0.3)
    let tangent = net.makeTangent(rows: 9, along: space.views(of: vector)[0])
    let (input, workspace) = (normal(11, 5, seed: 3), net.makeWorkspace(rows: 9))
    net.forward(input, firstRow: 2, rows: 9, in: workspace)
    let found = net.differentiate(input, firstRow: 2, rows: 9, in: workspace, along: tangent)
    let start = Vector(count: space.dimension)
    space.copyValues(to: start)
    let step: Float = 1e-4
    func outputs(_ distance: Float) -> [[Double]] {
      space.setValues(from: start, distance: distance, against: vector)
      net.parametersDidChange()
      let reference = ReferenceMLP(network: net)
      return (2..<11).map { row in reference.outputs((0..<5).map { Double(input[row, $0]) }) }
    }
    let (above, below) = (outputs(-step), outputs(step))
    for i in 0..<9 {
      for j in 0..<3 {
        let expected = (above[i][j] - below[i][j]) / (2 * Double(step))
        #expect(abs(Double(found[i, j]) - expected) < 2e-3 * (1 + abs(expected)))
      }
    }
    #expect((0..<9).contains { abs(found[$0, 0]) > 0.1 })
    #expect(hasCleanPadding(found))
  }

  /// `u · (J v) = (Jᵀ u) · v` at a production size, where J and its transpose are separate code.
  @Test(arguments: [([24, 64, 64, 4], false), ([3, 256, 256, 1], true)], Activation.allCases)
  func tangentsAreTheTransposeOfGradients(
    shape: (widths: [Int], layerNorm: Bool), activation: Activation
  ) {
    let widths = shape.widths
    let net = network(widths, activation, layerNorm: shape.layerNorm)
    roughen(net)
    let (rows, outputs) = (512, widths[widths.count - 1])
    let space = ParameterSpace([net.parameters])
    let (input, weights) = (normal(rows, widths[0]), normal(rows, outputs, seed: 9))
    let workspace = net.makeWorkspace(rows: rows)
    net.forward(input, rows: rows, in: workspace)
    for seed: UInt64 in [50, 60] {
      let vector = Self.direction(space, seed: seed, scale: 0.1)
      let tangent = net.makeTangent(rows: rows, along: space.views(of: vector)[0])
      let found = net.differentiate(input, rows: rows, in: workspace, along: tangent)
      net.backward(input, rows: rows, outputGradient: weights, in: workspace)
      let gradient = Vector(count: space.dimension)
      space.copyGradients(to: gradient)
      var (forward, size) = (0.0, 0.0)
      for i in 0..<rows {
        for j in 0..<outputs {
          forward += Double(found[i, j]) * Double(weights[i, j])
          size += Double(found[i, j]) * Double(found[i, j])
        }
      }
      let scale = (size * Double(rows * outputs)).squareRoot()
      #expect(abs(dot(gradient, vector) - forward) < 1e-6 * scale)
    }
  }
}

/// Products with the Fisher matrix against differences of the divergence's gradient.
@Suite struct FisherProductTests {
  private struct Setup {
    let net: MLP
    let distribution: any LikelihoodDistribution
    let inputs: Matrix
    let fisher: FisherProduct

    init(discrete: Bool, activation: Activation, layerNorm: Bool, rows: Int = 512) {
      if discrete {
        distribution = Categorical(choices: 4)
      } else {
        let bounds = [Float](repeating: 1, count: 4)
        distribution = DiagonalGaussian(low: bounds, high: bounds)
        let own = distribution.parameters.parameters[0].value
        for j in 0..<4 { own[0, j] = [-0.7, 0.2, -1.3, 0.5][j] }
      }
      net = network([24, 64, 64, 4], activation, layerNorm: layerNorm)
      roughen(net)
      inputs = normal(rows, 24, seed: 5)
      fisher = FisherProduct(net, distribution, rows: rows)
    }

    /// The gradient of `mean KL(π ‖ π_old)`, where π is a distance away from π_old.
    func divergenceGradient(
      from start: Vector, distance: Float, against direction: Vector, old: DistributionBatch
    ) -> Vector {
      let (rows, gradient) = (inputs.rows, Matrix(rows: inputs.rows, columns: 4))
      fisher.space.setValues(from: start, distance: distance, against: direction)
      net.parametersDidChange()
      let workspace = net.makeWorkspace(rows: rows)
      let outputs = net.forward(inputs, rows: rows, in: workspace)
      distribution.parameters.gradients.fill(0)
      _ = distribution.addDivergenceGradient(
        weight: 1 / Float(rows), outputs: outputs, from: old, rows: rows,
        outputGradient: gradient)
      net.backward(inputs, rows: rows, outputGradient: gradient, in: workspace)
      let result = Vector(count: fisher.space.dimension)
      fisher.space.copyGradients(to: result)
      return result
    }
  }

  @Test(
    arguments: [false, true],
    [(Activation.tanh, false), (.relu, false), (.silu, true), (.elu, true)])
  func productsEqualDifferencesOfTheDivergence(
    discrete: Bool, kind: (activation: Activation, layerNorm: Bool)
  ) {
    let setup = Setup(discrete: discrete, activation: kind.activation, layerNorm: kind.layerNorm)
    let (space, rows) = (setup.fisher.space, setup.inputs.rows)
    let vector = TangentTests.direction(space, seed: 70, scale: 0.1)
    setup.fisher.prepare(setup.inputs)
    let product = Vector(count: space.dimension)
    setup.fisher.multiply(vector, into: product)
    let start = Vector(count: space.dimension)
    space.copyValues(to: start)
    let workspace = setup.net.makeWorkspace(rows: rows)
    setup.net.forward(setup.inputs, rows: rows, in: workspace)
    let own = Matrix(rows: 1, columns: setup.distribution.parameters.parameters[0].value.columns)
    own.copyRow(0, from: setup.distribution.parameters.parameters[0].value, row: 0)
    let old = DistributionBatch(outputs: workspace.output, own: own)
    let step: Float = 0.01
    let above = setup.divergenceGradient(from: start, distance: -step, against: vector, old: old)
    let below = setup.divergenceGradient(from: start, distance: step, against: vector, old: old)
    let largest = product.array.reduce(0) { max($0, abs($1)) }
    #expect(largest > 1e-3)
    for i in 0..<space.dimension {
      let expected = (above[i] - below[i]) / (2 * step)
      #expect(abs(product[i] - expected) < 5e-3 * largest)
    }
  }

  /// Symmetric, positive, and zero along what the distribution does not depend on.
  @Test(arguments: [false, true]) func theMatrixIsSymmetricAndPositive(discrete: Bool) {
    let setup = Setup(discrete: discrete, activation: .tanh, layerNorm: false, rows: 100)
    let space = setup.fisher.space
    setup.fisher.prepare(setup.inputs)
    let (a, b) = (
      TangentTests.direction(space, seed: 80), TangentTests.direction(space, seed: 90)
    )
    let (ofA, ofB) = (Vector(count: space.dimension), Vector(count: space.dimension))
    setup.fisher.multiply(a, into: ofA)
    setup.fisher.multiply(b, into: ofB)
    #expect(dot(a, ofA) > 0 && dot(b, ofB) > 0)
    #expect(abs(dot(a, ofB) - dot(b, ofA)) < 1e-5 * (dot(a, ofA) + dot(b, ofB)))
    if discrete {
      // The same number added to all logits changes nothing.
      let shift = Vector(count: space.dimension)
      space.views(of: shift)[0][5].fill(1)
      setup.fisher.multiply(shift, into: ofA)
      #expect(ofA.array.allSatisfy { abs($0) < 1e-6 })
    } else {
      let (ownOfA, own) = (space.views(of: ofA)[1][0], space.views(of: a)[1][0])
      #expect((0..<4).allSatisfy { abs(ownOfA[0, $0] - 2 * own[0, $0]) < 1e-5 })
    }
  }
}
