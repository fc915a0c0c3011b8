internal import Foundation
internal import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// A policy made of several, each for one case of the physics, that acts as the most pessimistic of
/// those whose case may be the present one.
///
/// Each case has a policy, critics of it, and a model of the steps in that case.  In every state, cases
/// are left out whose model has recently predicted badly; among the others, the policy acts whose own
/// action has the least value.  If no case is left, the fallback acts.
///
/// Shapes: O observation and A action components.
///
/// - Source: Zouitine, Geist and Rachelson 2024, arXiv:2410.06212, the deep version of IWOCS.
/// - Differences from source: an error is relative to the mean change of each component, and the recent
///   one is a mean with exponential weights; before the first step of an episode no case is left out.
public final class WorstCasePolicy: Policy {
  /// Kind of the policy in policy files.
  public static let kind = "worst-case"
  /// Maximum number of cases in a policy file.
  public static let mostCases = 64

  /// What is known of one case.
  public struct Case {
    /// Policy for the case, with a squashed Gaussian.
    public let policy: MLPPolicy
    /// Critics, which map normalised observation and action in −1...1, [B × (O + A)], to the return
    /// without entropy, [B × 1].
    public let values: [MLP]
    /// Model, which maps the same to the change of the observation in units of ``scales``, [B × O].
    public let model: MLP
    /// Mean change of each observation component in a step, [O]; 0 for one that does not change.
    public let scales: [Float]

    /// Creates a case from its parts.
    public init(policy: MLPPolicy, values: [MLP], model: MLP, scales: [Float]) {
      (self.policy, self.values, self.model, self.scales) = (policy, values, model, scales)
    }
  }

  /// The description in a policy file, as JSON in its metadata under "policy".
  private struct Description: Codable {
    var kind: String
    var environment: String
    var cases: Int
    var critics: Int
    var criticHidden: [Int]
    var criticActivation: Activation
    var criticLayerNorm: Bool
    var criticArchitecture: MLPPattern
    var modelHidden: [Int]
    var greatestError: Float
    var errorMemory: Float

    enum CodingKeys: String, CodingKey {
      case kind, environment, cases, critics
      case criticHidden = "critic-hidden"
      case criticActivation = "critic-activation"
      case criticLayerNorm = "critic-layer-norm"
      case criticArchitecture = "critic-architecture"
      case modelHidden = "model-hidden"
      case greatestError = "greatest-error"
      case errorMemory = "error-memory"
    }
  }

  /// Policy that acts if no case is left.
  public private(set) var fallback: MLPPolicy
  /// The cases, in the order in which they were found.
  public private(set) var cases: [Case] = []
  /// Greatest recent error ρ with which a case may be the present one.
  public var greatestError: Float
  /// Weight of the recent error before in the one after a step; 0 for the last step's error alone.
  public let errorMemory: Float
  public var environmentIdentifier: String { fallback.environmentIdentifier }

  /// Creates a policy without cases.
  public init(fallback: MLPPolicy, greatestError: Float, errorMemory: Float) {
    (self.fallback, self.greatestError) = (fallback, greatestError)
    self.errorMemory = errorMemory
  }

  /// Replaces the fallback.
  public func setFallback(_ policy: MLPPolicy) { fallback = policy }

  /// Adds a case, whose networks must have the shapes of the other cases'.
  public func add(_ case: Case) { cases.append(`case`) }

  /// Returns the architecture of the model of an observation's change.
  public static func modelArchitecture(
    observationWidth: Int, actionWidth: Int, hidden: [Int]
  ) -> MLPArchitecture {
    MLPArchitecture(
      inputs: observationWidth + actionWidth, hidden: hidden, outputs: observationWidth,
      activation: .relu)
  }

  /// Reads a policy from a policy file.
  public convenience init(from archive: TensorArchive) throws(ArchiveError) {
    guard let text = archive.metadata["policy"] else { throw .missing(name: "policy description") }
    guard let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw .invalid(reason: "its policy description can't be read") }
    guard (0...Self.mostCases).contains(description.cases),
      (1...64).contains(description.critics),
      (description.criticHidden + description.modelHidden).allSatisfy({
        (1...65536).contains($0)
      }),
      max(description.criticHidden.count, description.modelHidden.count)
        <= MLPPolicy.mostHiddenLayers,
      description.greatestError >= 0, (0..<1).contains(description.errorMemory)
    else { throw .invalid(reason: "its policy description has impossible sizes") }
    let fallback = try MLPPolicy(from: archive.part(under: "fallback"))
    guard fallback.environmentIdentifier == description.environment else {
      throw .invalid(reason: "its fallback is for \(fallback.environmentIdentifier)")
    }
    self.init(
      fallback: fallback, greatestError: description.greatestError,
      errorMemory: description.errorMemory)
    for index in 0..<description.cases {
      cases.append(try Self.readCase(archive.part(under: "case.\(index)"), description, fallback))
    }
  }

  /// Restores all parts from a file of a policy with the same memory of errors.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let stored = try WorstCasePolicy(from: archive)
    guard stored.errorMemory == errorMemory,
      stored.fallback.environmentIdentifier == environmentIdentifier
    else { throw .invalid(reason: "its policy is another one") }
    (fallback, cases, greatestError) = (stored.fallback, stored.cases, stored.greatestError)
  }

  private static func readCase(
    _ archive: TensorArchive, _ description: Description, _ fallback: MLPPolicy
  ) throws(ArchiveError) -> Case {
    let policy = try MLPPolicy(from: archive)
    let (observations, actions) = (
      fallback.network.architecture.inputs, fallback.distribution.low.count
    )
    guard policy.environmentIdentifier == description.environment,
      policy.network.architecture.inputs == observations,
      policy.distribution is SquashedGaussian,
      policy.distribution.low == fallback.distribution.low,
      policy.distribution.high == fallback.distribution.high
    else { throw .invalid(reason: "its cases do not fit its fallback") }
    let critic = MLPArchitecture(
      inputs: observations + actions, hidden: description.criticHidden, outputs: 1,
      activation: description.criticActivation, usesLayerNorm: description.criticLayerNorm,
      pattern: description.criticArchitecture)
    guard critic.isPossible else {
      throw .invalid(reason: "its policy description has impossible sizes")
    }
    var values: [MLP] = []
    for k in 0..<description.critics {
      values.append(try readNetwork("value.\(k)", critic, from: archive))
    }
    let model = try readNetwork(
      "model",
      modelArchitecture(
        observationWidth: observations, actionWidth: actions, hidden: description.modelHidden),
      from: archive)
    let scales = try archive.floats("model.scales", count: observations)
    guard scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw .invalid(reason: "its scales are impossible")
    }
    return Case(policy: policy, values: values, model: model, scales: scales)
  }

  private static func readNetwork(
    _ name: String, _ architecture: MLPArchitecture, from archive: TensorArchive
  ) throws(ArchiveError) -> MLP {
    // The weights bound what is allocated by the size of the file.
    try archive.checkWeights(of: architecture, named: name)
    var unused = RandomStream(seed: 0, name: "unused")
    let network = MLP(
      name: name, architecture: architecture, initializer: .fanInUniform, random: &unused)
    try archive.read(into: network.parameters.parameters)
    network.parametersDidChange()
    return network
  }

  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    fallback.fits(specification)
  }

  public func makeActor(rows: Int) -> any PolicyActor { WorstCaseActor(self, rows: rows) }

  public func save(to archive: inout TensorArchive) {
    let critic = cases.first?.values.first?.architecture
    let description = Description(
      kind: Self.kind, environment: environmentIdentifier, cases: cases.count,
      critics: max(1, cases.first?.values.count ?? 1), criticHidden: critic?.hidden ?? [],
      criticActivation: critic?.activation ?? .relu,
      criticLayerNorm: critic?.usesLayerNorm ?? false,
      criticArchitecture: critic?.pattern ?? .plain,
      modelHidden: cases.first?.model.architecture.hidden ?? [], greatestError: greatestError,
      errorMemory: errorMemory)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if let data = try? encoder.encode(description) {
      archive.metadata["policy"] = String(decoding: data, as: UTF8.self)
    }
    var part = TensorArchive()
    fallback.save(to: &part)
    archive.set(part, under: "fallback")
    for (index, known) in cases.enumerated() {
      var part = TensorArchive()
      known.policy.save(to: &part)
      for network in known.values + [known.model] { part.set(network.parameters.parameters) }
      part.set("model.scales", .floats(known.scales))
      archive.set(part, under: "case.\(index)")
    }
  }
}

/// An actor of the policy for one thread, which remembers the last step of each row's episode.
private final class WorstCaseActor: PolicyActor {
  /// Scratch memory of one case, for one row.
  private struct Member {
    let known: WorstCasePolicy.Case
    let actor: any PolicyActor
    let values: [MLP.Workspace]
    let model: MLP.Workspace
    let input: Matrix
    let normalized: Matrix
    let action: Matrix
  }

  /// What is known of a row's episode.
  private struct Memory {
    var hasStepped = false
    var hasErrors = false
    var errors: [Float]
  }

  private let policy: WorstCasePolicy
  private let greatestError: Float
  private let fallback: any PolicyActor
  private let members: [Member]
  private var memories: [Memory]
  private let previousObservations: Matrix
  /// Actions of the last steps in −1...1, [rows × A].
  private let previousActions: Matrix
  private let observation: Matrix
  private let action: Matrix
  private let unit: Matrix

  init(_ policy: WorstCasePolicy, rows: Int) {
    self.policy = policy
    greatestError = policy.greatestError
    fallback = policy.fallback.makeActor(rows: 1)
    let (observations, actions) = (
      policy.fallback.network.architecture.inputs, policy.fallback.distribution.low.count
    )
    members = policy.cases.map { known in
      Member(
        known: known, actor: known.policy.makeActor(rows: 1),
        values: known.values.map { $0.makeWorkspace(rows: 1) },
        model: known.model.makeWorkspace(rows: 1),
        input: Matrix(rows: 1, columns: observations + actions),
        normalized: Matrix(rows: 1, columns: observations),
        action: Matrix(rows: 1, columns: actions))
    }
    memories = Array(
      repeating: Memory(errors: Array(repeating: 0, count: policy.cases.count)), count: rows)
    previousObservations = Matrix(rows: rows, columns: observations)
    previousActions = Matrix(rows: rows, columns: actions)
    observation = Matrix(rows: 1, columns: observations)
    action = Matrix(rows: 1, columns: actions)
    unit = Matrix(rows: 1, columns: actions)
  }

  func beginEpisode(row: Int, seed: UInt64) {
    (memories[row].hasStepped, memories[row].hasErrors) = (false, false)
  }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    precondition(rows <= memories.count && (mode == .deterministic || rows <= streams.count))
    for row in 0..<rows {
      observation.copyRow(0, from: observations, row: row)
      updateErrors(row)
      let actor = choose(row)
      var stream = mode == .deterministic ? [] : [streams[row]]
      actor.act(on: observation, rows: 1, mode: mode, streams: &stream, actions: action)
      if let stream = stream.first { streams[row] = stream }
      actions.copyRow(row, from: action, row: 0)
      guard !members.isEmpty else { continue }
      setUnits(of: action)
      previousObservations.copyRow(row, from: observation, row: 0)
      previousActions.copyRow(row, from: unit, row: 0)
      memories[row].hasStepped = true
    }
  }

  /// Sets ``unit`` to an action in −1...1.
  private func setUnits(of action: Matrix) {
    let (low, high) = (policy.fallback.distribution.low, policy.fallback.distribution.high)
    for j in low.indices { unit[0, j] = 2 * (action[0, j] - low[j]) / (high[j] - low[j]) - 1 }
  }

  /// Compares the step that has led to the present observation with each case's prediction.
  private func updateErrors(_ row: Int) {
    guard memories[row].hasStepped else { return }
    let memory = memories[row].hasErrors ? policy.errorMemory : 0
    for (m, member) in members.enumerated() {
      observationBefore(row, of: member)
      let change = member.known.model.forward(member.input, rows: 1, in: member.model)
      var (sum, count): (Float, Float) = (0, 0)
      for (j, scale) in member.known.scales.enumerated() where scale > 0 {
        let observed = (observation[0, j] - previousObservations[row, j]) / scale
        sum += abs(change[0, j] - observed)
        count += 1
      }
      let error = count > 0 ? sum / count : 0
      memories[row].errors[m] = memory * memories[row].errors[m] + (1 - memory) * error
    }
    memories[row].hasErrors = true
  }

  /// Sets a member's input to the last step of a row's episode.
  private func observationBefore(_ row: Int, of member: Member) {
    let width = observation.columns
    member.known.policy.normalizer.normalize(
      previousObservations, firstRow: row, rows: 1, into: member.normalized)
    for j in 0..<width { member.input[0, j] = member.normalized[0, j] }
    for j in 0..<unit.columns { member.input[0, width + j] = previousActions[row, j] }
  }

  /// Returns the actor of the case with the least value among those that may be the present one.
  private func choose(_ row: Int) -> any PolicyActor {
    var (least, chosen): (Float, (any PolicyActor)?) = (.infinity, nil)
    var unused: [RandomStream] = []
    for (m, member) in members.enumerated()
    where !memories[row].hasErrors || memories[row].errors[m] <= greatestError {
      member.actor.act(
        on: observation, rows: 1, mode: .deterministic, streams: &unused, actions: member.action)
      setUnits(of: member.action)
      member.known.policy.normalizer.normalize(observation, rows: 1, into: member.normalized)
      for j in 0..<observation.columns { member.input[0, j] = member.normalized[0, j] }
      for j in 0..<unit.columns { member.input[0, observation.columns + j] = unit[0, j] }
      var value = Float.infinity
      for (network, workspace) in zip(member.known.values, member.values) {
        value = min(value, network.forward(member.input, rows: 1, in: workspace)[0, 0])
      }
      if value < least { (least, chosen) = (value, member.actor) }
    }
    return chosen ?? fallback
  }
}
