import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct OptimizerTests {
  private func block(_ values: [Float]) -> ParameterBlock {
    let block = ParameterBlock([("x", 1, values.count, true)])
    for j in values.indices { block.parameters[0].value[0, j] = values[j] }
    return block
  }

  @Test func firstStepIsTheRateTimesTheSign() {
    let block = block([1, 1, 1, 1])
    let gradient = block.parameters[0].gradient
    for j in 0..<4 { gradient[0, j] = [3, -0.02, 1e-3, 0][j] }
    Optimizer(block).step(learningRate: 0.01)
    let value = block.parameters[0].value
    for j in 0..<4 { #expect(abs(value[0, j] - [0.99, 1.01, 0.99, 1][j]) < 2e-7) }
  }

  @Test(arguments: [Float(0), 0.1])
  func traceEqualsTheFormulaInDoublePrecision(decay: Float) {
    let block = block([0.5, -2, 3])
    let configuration = AdamConfiguration(
      beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: decay)
    let adam = Optimizer(block, .adam(configuration))
    var (x, m, v) = ([0.5, -2.0, 3.0], [0.0, 0, 0], [0.0, 0, 0])
    for t in 1...50 {
      for j in 0..<3 {
        let g = Float(ScalarMaths.sin(Double(t * (j + 1)))) * 4
        block.parameters[0].gradient[0, j] = g
        // torch.optim.AdamW, with the gradient clipped to a quarter and a falling rate.
        let (scaled, rate) = (0.25 * Double(g), 0.1 / Double(t))
        x[j] *= 1 - rate * Double(decay)
        m[j] = 0.8 * m[j] + 0.2 * scaled
        v[j] = 0.95 * v[j] + 0.05 * scaled * scaled
        let (meanCorrection, squareCorrection) = (
          1 - ScalarMaths.pow(0.8, Double(t)), 1 - ScalarMaths.pow(0.95, Double(t))
        )
        let root = v[j].squareRoot() / squareCorrection.squareRoot()
        x[j] -= rate / meanCorrection * m[j] / (root + 1e-5)
      }
      adam.step(learningRate: 0.1 / Float(t), gradientScale: 0.25)
      for j in 0..<3 { #expect(abs(Double(block.parameters[0].value[0, j]) - x[j]) < 2e-6) }
    }
    #expect(adam.stepCount == 50)
    for j in 0..<3 {
      #expect(abs(Double(adam.firstMoment[j]) - m[j]) < 1e-6)
      #expect(abs(Double(adam.secondMoment[j]) - v[j]) < 1e-6)
    }
    #expect(hasCleanPadding(block.parameters[0].value))
  }

  /// Three steps by hand: the mean square starts at 1 and ε is inside the root.
  @Test func rmsPropFollowsItsFormula() {
    let block = block([0.5, -2])
    let optimizer = Optimizer(block, .rmsProp(RMSPropConfiguration(decay: 0.9, epsilon: 0.01)))
    var (x, v) = ([0.5, -2.0], [1.0, 1.0])
    for t in 1...30 {
      for j in 0..<2 {
        let g = Float(ScalarMaths.sin(Double(t * (j + 1)))) * 4
        block.parameters[0].gradient[0, j] = g
        let scaled = 0.25 * Double(g)
        v[j] = 0.9 * v[j] + 0.1 * scaled * scaled
        x[j] -= 0.1 / Double(t) * scaled / (v[j] + 0.01).squareRoot()
      }
      optimizer.step(learningRate: 0.1 / Float(t), gradientScale: 0.25)
      for j in 0..<2 { #expect(abs(Double(block.parameters[0].value[0, j]) - x[j]) < 1e-6) }
    }
    for j in 0..<2 { #expect(abs(Double(optimizer.secondMoment[j]) - v[j]) < 1e-6) }
    #expect(optimizer.stepCount == 30 && hasCleanPadding(block.parameters[0].value))
    let moved = optimizer.lastMovement(
      firstMoment: optimizer.firstMoment[1], secondMoment: optimizer.secondMoment[1])
    let scaled = 0.25 * Double(block.parameters[0].gradient[0, 1])
    #expect(abs(moved - scaled / (v[1] + 0.01).squareRoot()) < 1e-6)
    optimizer.reset()
    #expect(optimizer.secondMoment[0] == 1 && optimizer.stepCount == 0)
  }

  @Test func plainDescentFollowsTheGradient() {
    let block = block([0.5, -2])
    let optimizer = Optimizer(block, .gradientDescent)
    (block.parameters[0].gradient[0, 0], block.parameters[0].gradient[0, 1]) = (4, -8)
    for step in 1...3 {
      optimizer.step(learningRate: 0.25, gradientScale: 0.5)
      #expect(block.parameters[0].value[0, 0] == 0.5 - 0.5 * Float(step))
      #expect(block.parameters[0].value[0, 1] == -2 + Float(step))
    }
    #expect(optimizer.stepCount == 3 && optimizer.learningRate == 0.25)
    #expect(optimizer.secondMoment.array.allSatisfy { $0 == 0 })
    #expect(
      optimizer.lastMovement(firstMoment: optimizer.firstMoment[1], secondMoment: 0) == -4)
  }

  @Test(arguments: [
    OptimizerRule.adam(AdamConfiguration()), .rmsProp(RMSPropConfiguration()),
  ]) func findsTheMinimumOfANarrowValley(rule: OptimizerRule) {
    // (x − 1)² + 100 (y + 2)²
    let block = block([5, 5])
    let (value, gradient) = (block.parameters[0].value, block.parameters[0].gradient)
    let optimizer = Optimizer(block, rule)
    for t in 0..<3000 {
      gradient[0, 0] = 2 * (value[0, 0] - 1)
      gradient[0, 1] = 200 * (value[0, 1] + 2)
      optimizer.step(learningRate: 0.1 * (1 - Float(t) / 3000))
    }
    #expect(abs(value[0, 0] - 1) < 1e-3 && abs(value[0, 1] + 2) < 1e-3)
  }

  @Test func aNetworkLearnsAFunction() {
    let net = network([1, 32, 32, 1], .tanh)
    let (input, target) = (Matrix(rows: 64, columns: 1), Matrix(rows: 64, columns: 1))
    for i in 0..<64 {
      let x = Double(i) / 32 - 1
      input[i, 0] = Float(x)
      target[i, 0] = Float(ScalarMaths.sin(3 * x))
    }
    let workspace = net.makeWorkspace(rows: 64)
    let gradient = Matrix(rows: 64, columns: 1)
    let adam = Optimizer(net.parameters)
    var loss: Float = 0
    for _ in 0..<1500 {
      let output = net.forward(input, rows: 64, in: workspace)
      loss = 0
      for i in 0..<64 {
        let error = output[i, 0] - target[i, 0]
        loss += error * error / 64
        gradient[i, 0] = 2 * error / 64
      }
      net.backward(input, rows: 64, outputGradient: gradient, in: workspace)
      adam.step(learningRate: 3e-3)
      net.parametersDidChange()
    }
    #expect(loss < 1e-3)
  }

  @Test func clipFactorBoundsTheNorm() {
    #expect(clipFactor(norm: 0.4, maximum: 0.5) == 1)
    #expect(clipFactor(norm: 0, maximum: 0.5) == 1)
    #expect(abs(clipFactor(norm: 2, maximum: 0.5) - 0.25) < 1e-6)
    #expect(clipFactor(norm: 0.5, maximum: 0.5) < 1)
    #expect(clipFactor(norm: .nan, maximum: 0.5).isNaN)
  }
}

@Suite struct ScheduleTests {
  @Test func linearScheduleIsPositiveInTheLastUpdate() {
    let schedule = Schedule.linear(from: 6e-4)
    let updates = 20
    let rates = (0..<updates).map {
      schedule.value(progressRemaining: 1 - Double($0) / Double(updates))
    }
    #expect(rates[0] == 6e-4 && abs(rates[10] - 3e-4) < 1e-10)
    #expect(abs(rates[19] - 3e-5) < 1e-10)
    #expect(schedule.value(progressRemaining: 0) == 0)
  }

  @Test func shapesHaveTheirMiddles() {
    func middle(_ kind: Schedule.Kind) -> Float {
      Schedule(kind: kind, initial: 4, final: 1).value(progressRemaining: 0.5)
    }
    #expect(middle(.constant) == 4 && middle(.linear) == 2.5)
    #expect(abs(middle(.cosine) - 2.5) < 1e-6 && abs(middle(.exponential) - 2) < 1e-6)
    for kind in Schedule.Kind.allCases {
      let schedule = Schedule(kind: kind, initial: 4, final: 1)
      #expect(schedule.value(progressRemaining: 1) == 4)
      #expect(schedule.value(progressRemaining: 2) == 4)
      let end = schedule.value(progressRemaining: -1)
      #expect(abs(end - (kind == .constant ? 4 : 1)) < 1e-6)
    }
    #expect(Schedule.constant(0.2).value(progressRemaining: 0.3) == 0.2)
  }
}
