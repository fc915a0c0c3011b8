import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training
import Storage

@Suite struct ProbePanelTests {
  private func panel(
    _ names: [String], every: Int? = 2, of agent: any Agent
  ) throws -> ProbePanel {
    try ProbePanel(ProbeSelection(names), every: every, of: agent, seed: 7)
  }

  /// The values of some iterations, each as bits, so that NaN equals NaN.
  private func run(
    _ agent: any Agent, _ panel: ProbePanel, iterations: Int
  ) throws -> [[UInt64]] {
    try (0..<iterations).map { _ in
      _ = try agent.iterate()
      return panel.didIterate().map(\.bitPattern)
    }
  }

  @Test(arguments: ShortAgent.allCases) func measuringChangesNothingThatIsLearnt(
    kind: ShortAgent
  ) throws {
    let (measured, plain) = (try kind.make(), try kind.make())
    let panel = try panel(["all"], every: 1, of: measured)
    for _ in 0..<4 {
      _ = try measured.iterate()
      _ = panel.didIterate()
      _ = try plain.iterate()
    }
    let isEqual = archive(measured) == archive(plain)
    #expect(isEqual)
  }

  @Test(arguments: ShortAgent.allCases) func resumesExactlyWithAnyNumberOfThreads(
    kind: ShortAgent
  ) throws {
    let whole = try kind.make(threads: 1)
    let wholePanel = try panel(["all"], of: whole)
    let expected = try run(whole, wholePanel, iterations: 8)
    // Stopped after the batch was gathered, and where the policy before is remembered.
    for stop in [1, 2, 3, 5] {
      let first = try kind.make(threads: 3)
      let firstPanel = try panel(["all"], of: first)
      var found = try run(first, firstPanel, iterations: stop)
      let saved = archive(first, [firstPanel])
      let second = try kind.make(threads: 2)
      let secondPanel = try panel(["all"], of: second)
      try second.load(from: saved)
      try secondPanel.load(from: saved)
      let isEqual = archive(second, [secondPanel]) == saved
      #expect(isEqual)
      found += try run(second, secondPanel, iterations: 8 - stop)
      let isSame = found == expected
      #expect(isSame, "stopped after \(stop)")
    }
  }

  @Test(arguments: ShortAgent.allCases) func everyValueIsThereWhenItIsDueAndOnlyThen(
    kind: ShortAgent
  ) throws {
    let agent = try kind.make()
    let panel = try panel(["all"], of: agent)
    #expect(Set(panel.metricNames).count == panel.metricNames.count)
    for iteration in 1...6 {
      _ = try agent.iterate()
      let values = panel.didIterate()
      #expect(values.count == panel.metricNames.count)
      guard iteration % 2 == 0 else {
        #expect(values.allSatisfy { $0.isNaN })
        continue
      }
      for (name, value) in zip(panel.metricNames, values) {
        // The first measurement has no policy before it; noise may drown the mean signal.
        let mayMiss =
          name.hasSuffix("gradient-noise-scale") || name.hasSuffix("policy-churn") && iteration == 2
        #expect(value.isFinite || mayMiss, "\(name) in iteration \(iteration)")
        if name.contains("-units") || name.hasSuffix("-zeros") || name.hasSuffix("-fraction") {
          #expect((0...1).contains(value), "\(name) is \(value)")
        }
      }
    }
  }

  @Test func valuesAreThoseOfTheNetwork() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try panel(["weight-norm", "gradient-norm@critic", "srank@policy/1"], of: agent)
    _ = try agent.iterate()
    _ = panel.didIterate()
    _ = try agent.iterate()
    let values = Dictionary(uniqueKeysWithValues: zip(panel.metricNames, panel.didIterate()))
    let (policy, critic) = (agent.networks[0].network, agent.networks[1].network)
    #expect(
      values["probes/policy/1/weight-norm"] == Norms.sums([policy.denseLayers[1].weight.value]).l2)
    #expect(
      values["probes/critic/weight-magnitude"]
        == Norms.sums(critic.denseLayers.map(\.weight.value)).meanMagnitude)
    #expect(
      values["probes/critic/gradient-l2"].map { Float($0) }.map {
        abs($0 - sumOfSquares(critic.parameters.gradients).squareRoot()) < 1e-5 * $0
      } == true)
    #expect(values.keys.contains("probes/policy/1/srank"))
    #expect(!values.keys.contains("probes/policy/0/srank"))
    #expect(!values.keys.contains("probes/policy/gradient-l2"))
  }

  /// What features are measured on is drawn at each measurement, 256 rows if there are as many.
  @Test func featuresAreThoseOfThePresentExperience() throws {
    let agent = try FakeAgent.make()
    let panel = try panel(["feature-norm", "trainability"], every: 1, of: agent)
    for (rows, scale) in [(300, Float(1)), (5000, 4), (90, 0.25)] {
      agent.experience = matrix(normalNumbers(rows, 3, seed: 4), rows: rows, columns: 3)
      for i in 0..<rows { for j in 0..<3 { agent.experience[i, j] *= scale } }
      let inputs = Matrix(rows: min(256, rows), columns: 3)
      for i in 0..<inputs.rows { inputs.copyRow(i, from: agent.experience, row: i) }
      agent.drawnRows = []
      agent.iterations += 1
      let values = panel.didIterate()
      #expect(agent.drawnRows == [min(256, rows)], "once for all probes")
      let workspace = agent.network.makeWorkspace(rows: inputs.rows)
      agent.network.forward(inputs, rows: inputs.rows, in: workspace)
      for layer in 0..<2 {
        #expect(values[layer] == Norms.feature(workspace.hidden(layer), rows: inputs.rows))
      }
      let trainability = Trainability(
        inputs: inputs, architecture: agent.network.architecture, seed: 7, name: "net")
      #expect(values[2] == trainability.loss(from: agent.network))
      #expect(values[3].isFinite && values[3] != values[2])
    }
  }

  /// SAC's minibatches have 32 rows, its replay buffer has 600.
  @Test func drawsAsManyRowsFromReplayWhateverMinibatchesHave() throws {
    let agent = try ShortAgent.sac.make()
    let panel = try panel(["policy-churn"], every: 1, of: agent)
    _ = try run(agent, panel, iterations: 3)
    for network in agent.networks { #expect(network.experience.rows == 600) }
    #expect(try archive(agent, [panel]).floats("probes.policy-churn.batch").count == 256 * 3)
  }

  @Test func drawsEachStepOfARolloutOnce() throws {
    let agent = try ShortAgent.ppo.make()
    _ = try agent.iterate()
    for network in agent.networks {
      #expect(network.experience.rows == 250)
      // In any order, and again where more are asked for than there are.
      let inputs = Matrix(rows: 300, columns: network.network.architecture.inputs)
      var random = RandomStream(seed: 1, name: "draws")
      network.experience.draw(inputs, &random)
      let drawn = (0..<300).map { i in (0..<inputs.columns).map { inputs[i, $0] } }
      #expect(Array(drawn[0..<50]) == Array(drawn[250..<300]))
      #expect(Set(drawn[0..<250]).count > 240, "but for equal starts")
      network.experience.draw(inputs, &random)
      #expect((0..<300).map { inputs[$0, 0] } != drawn.map { $0[0] })
    }
  }

  /// The policies before and after an iteration are compared on the same inputs throughout a run.
  @Test func churnIsMeasuredOnInputsThatAreKept() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try panel(["policy-churn", "feature-norm"], every: 1, of: agent)
    var batches: [[Float]] = []
    for _ in 0..<3 {
      _ = try run(agent, panel, iterations: 1)
      batches.append(try archive(agent, [panel]).floats("probes.policy-churn.batch"))
    }
    #expect(batches[0].count == 250 * 4 && Set(batches).count == 1)
  }

  /// The ratio is that of the means of all measurements, so that it is there where a signal drowns.
  @Test func theNoiseScaleIsARatioOfRunningMeans() throws {
    let agent = try ShortAgent.sac.make()
    let panel = try panel(["gradient-noise-scale@critic.0"], every: 1, of: agent)
    #expect(
      panel.metricNames.map { String($0.split(separator: "/").last ?? "") }
        == ["gradient-noise", "gradient-signal", "gradient-noise-scale"])
    var means = GradientNoise.RunningMeans()
    for iteration in 1...12 {
      _ = try agent.iterate()
      let values = panel.didIterate()
      guard iteration > 1 else { continue }
      #expect(values[0].isFinite && values[1].isFinite)
      means.add(signal: values[1], noise: values[0])
      #expect(values[2] == means.scale || values[2].isNaN && means.scale.isNaN)
    }
  }

  /// SAC's first iterations only gather experience.
  @Test func withoutLearningNothingIsMeasured() throws {
    let agent = try ShortAgent.sac.make()
    let panel = try panel(["all"], every: 1, of: agent)
    _ = try agent.iterate()
    #expect(panel.didIterate().allSatisfy { $0.isNaN })
    _ = try agent.iterate()
    #expect(!panel.didIterate().allSatisfy { $0.isNaN })
  }

  /// One iteration's gradient noise by its definition, from the gradients of single parts.
  @Test func recomputedGradientsAreThoseThatWereLearntFrom() throws {
    for kind in ShortAgent.allCases {
      let agent = try kind.make()
      for _ in 0..<3 { _ = try agent.iterate() }
      for named in agent.networks {
        let minibatch = try #require(named.minibatch)
        minibatch.computeGradient()
        let first = named.network.parameters.gradients.array
        minibatch.computeGradient()
        #expect(named.network.parameters.gradients.array == first)
        #expect(first.contains { $0 != 0 })
        // The output's gradient with the features gives the weights' gradient of the last layer, and
        // alone the bias's where features are standardised on their way.
        let last = named.network.denseLayers.count - 1
        let layer = named.network.denseLayers[last]
        let features = named.workspace.hidden(last - 1)
        let isRaw = layer.batchNorm == nil
        let gradient = isRaw ? layer.weight.gradient[2, 0] : layer.bias.gradient[0, 0]
        let expected = (0..<minibatch.rows).reduce(0.0) {
          $0 + (isRaw ? Double(features[$1, 2]) : 1) * Double(minibatch.outputGradient[$1, 0])
        }
        #expect(abs(Double(gradient) - expected) < 1e-5 + 1e-4 * abs(expected))
      }
    }
  }

  @Test(
    arguments: [
      ("dorman-units", "did you mean 'dormant-units'?"), ("srank@polic", "did you mean 'policy'?"),
      ("srank@critic", "Allowed: policy, critic.0, critic.1"),
      ("srank@policy/2", "unknown layer '2' (srank@policy/2)"),
      ("srank@policy/x", "Allowed: 0, 1"), ("hessian-eigenvalue@policy/0", "layer by layer"),
      ("saturated-units", "is not measured"), ("policy-churn@critic.0", "is not measured"),
      ("srank@", "needs the name of a network"),
    ])
  func whatDoesNotExistIsRefused(name: String, message: String) throws {
    let agent = try ShortAgent.sac.make()
    let error = #expect(throws: ConfigurationError.self) { try panel([name], of: agent) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func groupsAndRepetitions() throws {
    let agent = try ShortAgent.sac.make()
    #expect(try ProbeSelection(["none"]).isEmpty && ProbeSelection([]).isEmpty)
    let all = try panel(["all"], of: agent).metricNames
    #expect(try panel(["all", "srank", "basic"], of: agent).metricNames == all)
    let basic = try panel(["basic"], of: agent).metricNames
    #expect(Set(basic).isStrictSubset(of: Set(all)))
    #expect(!basic.contains { $0.contains("hessian") || $0.contains("trainability") })
    #expect(try panel(["basic@policy"], of: agent).metricNames.allSatisfy { $0.contains("policy") })
  }

  @Test func damagedNoiseIsRefused() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try panel(["gradient-noise-scale"], every: 1, of: agent)
    _ = try run(agent, panel, iterations: 1)
    let (saved, name) = (archive(agent, [panel]), "probes.critic.gradient-noise")
    for values in [[1, .nan], [1.0]] {
      var damaged = TensorArchive()
      for (key, tensor) in saved.tensors where key != name {
        damaged.set(key, tensor.values, shape: tensor.shape)
      }
      damaged.set(name, .doubles(values))
      #expect(throws: ArchiveError.self) { try panel.load(from: damaged) }
    }
  }

  @Test func damagedBatchesAreRefused() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try panel(["basic"], every: 1, of: agent)
    _ = try run(agent, panel, iterations: 1)
    let saved = archive(agent, [panel])
    for (name, count) in [("probes.policy-churn.batch", 7), ("probes.policy-churn.outputs", 3)] {
      var damaged = TensorArchive()
      for (key, tensor) in saved.tensors {
        damaged.set(
          key, key == name ? .floats([Float](repeating: 0, count: count)) : tensor.values,
          shape: key == name ? [1, count] : tensor.shape)
      }
      #expect(throws: ArchiveError.self) { try panel.load(from: damaged) }
    }
  }
}
