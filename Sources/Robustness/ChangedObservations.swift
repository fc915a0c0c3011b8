internal import LinearAlgebra
internal import NeuralNetworks
public import RLCore
public import Storage
public import Training

/// A policy whose observations are changed before it acts.
///
/// What is drawn comes from streams of the episode's own seed, so that two policies meet the same
/// draws in the same episode.
public final class ChangedObservations: Policy {
  /// What is added to observations.
  enum Change {
    case attack(ObservationAttack)
    /// Normal noise of this deviation, in the same unit as an attack's size.
    case noise(Float)
  }

  private let policy: any Policy
  private let change: Change
  /// Lengths of the unit of changes in that of each component, [O]; empty for 1.
  private let units: [Float]

  /// Puts an attack before a policy, which it must suit.
  ///
  /// - Parameters:
  ///   - policy: The policy, which must not change.
  ///   - attack: The attack; one by gradients needs an `MLPPolicy`.
  public convenience init(_ policy: any Policy, under attack: ObservationAttack) {
    let box = Space.box(low: [], high: [])
    precondition(attack.problem(of: policy, observing: box) == nil, "\(attack)")
    self.init(policy, .attack(attack))
  }

  /// Smooths a policy: adds normal noise to every observation, new in each step.
  ///
  /// - Parameters:
  ///   - policy: The policy, which must not change.
  ///   - noise: Standard deviation of the noise, in the unit of an attack's size.
  public convenience init(_ policy: any Policy, smoothedBy noise: Float) {
    self.init(policy, .noise(noise))
  }

  private init(_ policy: any Policy, _ change: Change) {
    (self.policy, self.change) = (policy, change)
    units =
      (policy as? ChangedObservations)?.units ?? (policy as? MLPPolicy)?.normalizer.deviations
      ?? (policy as? FlowPolicy)?.normalizer.deviations ?? []
  }

  /// The network behind the policy, for gradients; nil if there is none.
  var network: MLPPolicy? { policy as? MLPPolicy ?? (policy as? ChangedObservations)?.network }

  public var environmentIdentifier: String { policy.environmentIdentifier }

  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    policy.fits(specification)
  }

  public func save(to archive: inout TensorArchive) { policy.save(to: &archive) }

  public func makeActor(rows: Int) -> any PolicyActor {
    ChangingActor(policy.makeActor(rows: rows), network, change, units, rows: rows)
  }
}

/// An actor that changes observations and passes them on.
private final class ChangingActor: PolicyActor {
  private let actor: any PolicyActor
  private let change: ChangedObservations.Change
  private let units: [Float]
  private let gradient: GradientAttack?
  private let rows: Int
  private var streams: [RandomStream]
  private var changed: Matrix?

  init(
    _ actor: any PolicyActor, _ network: MLPPolicy?, _ change: ChangedObservations.Change,
    _ units: [Float], rows: Int
  ) {
    (self.actor, self.change, self.units, self.rows) = (actor, change, units, rows)
    streams = Array(repeating: RandomStream(seed: 0, name: Self.name(change)), count: rows)
    if case .attack(let attack) = change, case .gradient(let steps) = attack.kind, let network {
      gradient = GradientAttack(network, size: Float(attack.size), steps: steps, rows: rows)
    } else {
      gradient = nil
    }
  }

  private static func name(_ change: ChangedObservations.Change) -> String {
    if case .noise = change { "smoothing" } else { "attack" }
  }

  func beginEpisode(row: Int, seed: UInt64) {
    streams[row] = RandomStream(seed: seed, name: Self.name(change))
    actor.beginEpisode(row: row, seed: seed)
  }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    let width = observations.columns
    let changed = self.changed ?? Matrix(rows: self.rows, columns: width)
    self.changed = changed
    if let gradient {
      gradient.change(observations, rows: rows, streams: &self.streams, into: changed)
    } else {
      for i in 0..<rows {
        for j in 0..<width {
          let unit = units.isEmpty ? 1 : units[j]
          changed[i, j] = observations[i, j] + unit * draw(&self.streams[i])
        }
      }
    }
    actor.act(on: changed, rows: rows, mode: mode, streams: &streams, actions: actions)
  }

  private func draw(_ stream: inout RandomStream) -> Float {
    switch change {
    case .attack(let attack): stream.uniform() < 0.5 ? -Float(attack.size) : Float(attack.size)
    case .noise(let deviation): deviation * stream.firstOfNormalPair()
    }
  }
}

/// Looks for the observations in a box with the greatest divergence from the policy's actions.
private final class GradientAttack {
  /// A policy of its own, since gradients are written to the network and the distribution.
  private let policy: MLPPolicy
  private let units: [Float]
  private let size: Float
  private let steps: Int
  private let workspace: MLP.Workspace
  private let truth: Matrix
  private let attacked: Matrix
  private let trueOutputs: Matrix
  private let outputGradient: Matrix
  private let inputGradient: Matrix

  init(_ original: MLPPolicy, size: Float, steps: Int, rows: Int) {
    let copy = original.copy()
    policy = copy
    (self.size, self.steps) = (size, steps)
    units = copy.normalizer.deviations
    workspace = copy.network.makeWorkspace(rows: rows)
    let (inputs, outputs) = (units.count, copy.distribution.outputWidth)
    truth = Matrix(rows: rows, columns: inputs)
    attacked = Matrix(rows: rows, columns: inputs)
    trueOutputs = Matrix(rows: rows, columns: outputs)
    outputGradient = Matrix(rows: rows, columns: outputs)
    inputGradient = Matrix(rows: rows, columns: inputs)
  }

  func change(
    _ observations: Matrix, rows: Int, streams: inout [RandomStream], into result: Matrix
  ) {
    let (network, distribution) = (policy.network, policy.distribution)
    policy.normalizer.normalize(observations, rows: rows, into: truth)
    let outputs = network.forward(truth, rows: rows, in: workspace)
    for i in 0..<rows { trueOutputs.copyRow(i, from: outputs, row: i) }
    for i in 0..<rows {
      // At the truth itself the gradient is 0.
      for j in 0..<units.count {
        attacked[i, j] = truth[i, j] + streams[i].uniform(from: -size, to: size)
      }
    }
    let step = steps == 1 ? 2 * size : 2.5 * size / Float(steps)
    for _ in 0..<steps {
      let outputs = network.forward(attacked, rows: rows, in: workspace)
      outputGradient.fill(0)
      _ = distribution.addDivergenceGradient(
        weight: 1, outputs: outputs, from: distribution.batch(trueOutputs), rows: rows,
        outputGradient: outputGradient)
      network.backward(
        attacked, rows: rows, outputGradient: outputGradient, in: workspace,
        inputGradient: inputGradient, updatesParameters: false)
      for i in 0..<rows {
        for j in 0..<units.count {
          let slope = inputGradient[i, j]
          let moved = attacked[i, j] + (slope > 0 ? step : slope < 0 ? -step : 0)
          attacked[i, j] = min(max(moved, truth[i, j] - size), truth[i, j] + size)
        }
      }
    }
    for i in 0..<rows {
      for j in 0..<units.count {
        result[i, j] = observations[i, j] + units[j] * (attacked[i, j] - truth[i, j])
      }
    }
  }
}
