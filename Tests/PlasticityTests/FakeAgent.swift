import LinearAlgebra
import NeuralNetworks
import Plasticity
import RLCore
import TestSupport
import Training
import Storage

/// An agent whose only network fits random numbers, so that every step can be worked out by hand.
///
/// Each of its iterations is a single step.
final class FakeAgent: Agent {
  static let seed: UInt64 = 5
  static let ownValues: [Float] = [0.5, -2, 1, 3]
  let regression: Regression
  let optimizer: Optimizer
  let follower: MLP
  let policy: any Policy
  var environmentSteps = 0
  var iterations = 0
  let metricNames: [String] = []
  /// The experience from which all inputs are drawn, its rows over and over.
  var experience: Matrix
  /// Numbers of rows that were drawn.
  var drawnRows: [Int] = []
  /// Parameters beside the network, whose gradient is always 1.
  let own = ParameterBlock([("own", 1, 4, false)])
  let ownOptimizer: Optimizer
  /// The interventions under test, and how often each has fired.
  private(set) var interventions: Interventions?
  private(set) var events: [Double] = []

  var network: MLP { regression.network }
  var layers: [MLP.DenseLayer] { network.denseLayers }

  init(_ network: MLP) {
    regression = Regression(network, rows: 16)
    experience = regression.inputs
    optimizer = Optimizer(network.parameters)
    follower = network.copy()
    for (j, value) in Self.ownValues.enumerated() { own.parameters[0].value[0, j] = value }
    ownOptimizer = Optimizer(own)
    var random = RandomStream(seed: 1, name: "policy")
    policy = MLPPolicy(
      specification: ContinuousBandit.specification, hidden: [2], activation: .tanh,
      usesLayerNorm: false, initialLogDeviation: 0, normalizesObservations: false, random: &random)
  }

  /// Networks of ReLU with one hidden layer or two, with what is to be tested attached.
  static func make(
    _ texts: [String] = [], hidden: [Int] = [8, 6], activation: Activation = .relu,
    layerNorm: Bool = false, change: (MLP) -> Void = { _ in }
  ) throws -> FakeAgent {
    let network = makeNetwork([3] + hidden + [1], activation, layerNorm: layerNorm)
    change(network)
    network.parametersDidChange()
    let agent = FakeAgent(network)
    try agent.attach(texts)
    return agent
  }

  func attach(_ texts: [String]) throws {
    guard !texts.isEmpty else { return }
    interventions = try Interventions(InterventionSelection(texts), on: self, seed: Self.seed)
  }

  var networks: [NamedNetwork] {
    [
      NamedNetwork(
        "net", network, optimizer: optimizer, workspace: regression.workspace, target: follower,
        own: [OwnParameters(own, optimizer: ownOptimizer)],
        experience: NetworkExperience(rows: experience.rows) { [self] inputs, _ in
          for i in 0..<inputs.rows {
            inputs.copyRow(i, from: experience, row: i % experience.rows)
          }
          drawnRows.append(inputs.rows)
        },
        minibatch: minibatch)
    ]
  }

  /// What it says it learnt from: all inputs.
  var minibatch: LearntMinibatch {
    LearntMinibatch(
      input: regression.inputs, outputGradient: regression.outputGradient, rows: 16, meanRows: 16,
      computeGradient: regression.computeGradient)
  }

  func step(learningRate: Float = 0.01, gradientScale: Float = 1) {
    regression.computeGradient()
    own.parameters[0].gradient.fill(1)
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    network.parametersDidChange()
    ownOptimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    events = interventions?.didIterate() ?? []
  }

  func iterate() throws(TrainingError) -> IterationReport {
    step()
    return IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
  }

  func save(to archive: inout TensorArchive) {}
  func load(from archive: TensorArchive) throws {}

  /// What each parameter holds, row by row.
  var values: [[Float]] { network.parameters.parameters.map { numbers($0.value) } }
  var firstMoments: [[Float]] {
    network.parameters.views(of: optimizer.firstMoment).map { numbers($0) }
  }
  var secondMoments: [[Float]] {
    network.parameters.views(of: optimizer.secondMoment).map { numbers($0) }
  }

  /// The network's output on its inputs.
  var output: [Float] {
    let output = network.forward(
      regression.inputs, rows: 16, in: network.makeWorkspace(rows: 16))
    return (0..<16).map { output[$0, 0] }
  }
}

/// The numbers of a matrix row by row.
func numbers(_ matrix: Matrix) -> [Float] {
  (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }
}

/// The greatest difference of two lists of equal length.
func distance(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
