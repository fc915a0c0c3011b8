import LinearAlgebra
import NeuralNetworks
import Plasticity
import RLCore
import TestSupport
import Training
import Storage

/// An agent whose only network fits random numbers, so that every step can be worked out by hand.
final class FakeAgent: Agent {
  static let seed: UInt64 = 5
  let regression: Regression
  let optimizer: Optimizer
  let follower: MLP
  let policy: any Policy
  var environmentSteps = 0
  var iterations = 0
  let metricNames: [String] = []
  /// What it says it learnt from.
  var minibatch: LearntMinibatch?

  var network: MLP { regression.network }
  var layers: [MLP.DenseLayer] { network.denseLayers }

  init(_ network: MLP) {
    regression = Regression(network, rows: 16)
    optimizer = Optimizer(network.parameters)
    follower = network.copy()
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
    if !texts.isEmpty {
      _ = try Interventions(InterventionSelection(texts), on: agent, seed: seed)
    }
    return agent
  }

  var networks: [NamedNetwork] {
    [
      NamedNetwork(
        "net", network, optimizer: optimizer, workspace: regression.workspace, target: follower,
        minibatch: minibatch)
    ]
  }

  func step(learningRate: Float = 0.01, gradientScale: Float = 1) {
    regression.computeGradient()
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    network.parametersDidChange()
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
