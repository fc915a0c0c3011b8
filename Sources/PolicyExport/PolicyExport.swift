public import Experiments
internal import Foundation
internal import LinearAlgebra
internal import RLCore
public import Storage
public import Training

/// A policy as files for other programs, compared with the suite's own actions.
public struct PolicyExport {
  /// A kind of file.
  public enum Format: String, Sendable, CaseIterable {
    /// `policy.onnx`, a model for ONNX Runtime and others.
    case onnx
    /// `policy.h`, a C header without dependencies.
    case c
    /// `policy.py`, an example that reads the model with NumPy.
    case numpy
  }

  /// Number of examples that the files contain.
  public static let exampleCount = 16

  /// The policy's numbers.
  public let policy: ExportedPolicy
  /// Greatest difference between the exported arithmetic and the suite's own actions over
  /// ``observationCount`` observations, in half ranges of the action.
  public let greatestDifference: Float
  /// Number of observations of the policy's own episodes at which both were compared.
  public let observationCount: Int
  private let stored: StoredPolicy
  private let examples: [ExportedPolicy.Example]

  /// Takes a policy's numbers and compares them with its actions.
  ///
  /// - Parameters:
  ///   - stored: The policy.
  ///   - observations: Number of observations of its own episodes, from seed 0 on, at least
  ///     ``exampleCount``.
  /// - Throws: `ConfigurationError` if the policy can't be exported.
  public init(_ stored: StoredPolicy, observations: Int = 10_000) throws(ConfigurationError) {
    precondition(observations >= Self.exampleCount, "\(observations) observations")
    self.stored = stored
    let policy = try ExportedPolicy(stored.policy)
    let found = Self.examples(of: stored, count: observations)
    let scales = policy.scales
    var greatest: Float = 0
    for example in found {
      for (j, value) in policy.act(on: example.observation).enumerated() {
        let difference = abs(value - example.action[j]) / scales[j]
        // A difference that is not a number counts as the greatest.
        if !(difference <= greatest) { greatest = difference }
      }
    }
    self.policy = policy
    greatestDifference = greatest
    observationCount = found.count
    let step = found.count / Self.exampleCount
    examples = (0..<Self.exampleCount).map { found[$0 * step] }
  }

  /// Runs a policy's episodes and notes what it observes and does.
  private static func examples(of stored: StoredPolicy, count: Int) -> [ExportedPolicy.Example] {
    let environments = 16
    let vector = stored.makeVector(environments)
    vector.reset(seeds: .consecutive(first: 0, environments: environments))
    let actor = stored.policy.makeActor(rows: environments)
    let actions = Matrix(rows: environments, columns: vector.specification.actionWidth)
    var streams: [RandomStream] = []
    var examples: [ExportedPolicy.Example] = []
    while examples.count < count {
      actor.act(
        on: vector.batch.observations, rows: environments, mode: .deterministic, streams: &streams,
        actions: actions)
      for i in 0..<environments where examples.count < count {
        examples.append(
          ExportedPolicy.Example(
            observation: Array(vector.batch.observations.row(i)), action: Array(actions.row(i))))
      }
      // A simulator may never return if it receives NaN.
      guard (0..<environments).allSatisfy({ actions.row($0).allSatisfy(\.isFinite) }) else { break }
      vector.step(actions: actions, in: 0..<environments)
    }
    return examples
  }

  /// What the policy is, in one line.
  public var title: String {
    let agent = stored.agent ?? "policy"
    let steps = stored.steps.map { " after \($0) steps" } ?? ""
    return
      "\(agent) on \(stored.environment.identifier)\(steps), exported by rlsuite \(suiteVersion)"
  }

  /// Texts for the model's metadata.
  private var metadata: [(key: String, value: String)] {
    let specification = stored.environment.specification
    func names(_ components: [EnvironmentSpecification.Component]) -> String {
      JSON.text(components.map(\.name))
    }
    return [
      ("rlsuite.version", suiteVersion), ("rlsuite.env", specification.identifier),
      ("rlsuite.algo", stored.agent ?? ""), ("rlsuite.step", stored.steps.map { "\($0)" } ?? ""),
      ("rlsuite.obs_names", names(specification.observationComponents)),
      ("rlsuite.act_names", names(specification.actionComponents)),
      ("rlsuite.examples", JSON.text(examples.map(ExampleText.init))),
    ]
  }

  private struct ExampleText: Encodable {
    var observation: [Float]
    var action: [Float]

    init(_ example: ExportedPolicy.Example) {
      (observation, action) = (example.observation, example.action)
    }
  }

  /// Writes files, and `README.md`, a model card with the front matter of the Hugging Face Hub.
  ///
  /// - Parameters:
  ///   - formats: Kinds of files; the example in Python needs the model, which is then written too.
  ///   - folder: Path of a folder; it is made unless it is there.
  ///   - evaluation: Episodes of the policy for the model card.
  /// - Throws: `FileError` if a file can't be written.
  /// - Returns: Paths of the files.
  public func write(
    _ formats: Set<Format>, to folder: String, evaluation: EvaluationResult
  ) throws(FileError) -> [String] {
    try FileSystem.makeFolder(folder)
    var files: [(name: String, data: Data)] = []
    if formats.contains(.onnx) || formats.contains(.numpy) {
      files.append(("policy.onnx", policy.onnx(metadata: metadata)))
    }
    if formats.contains(.c) {
      files.append(("policy.h", Data(policy.cHeader(title: title, examples: examples).utf8)))
    }
    if formats.contains(.numpy) {
      files.append(("policy.py", Data(policy.numPyExample(title: title).utf8)))
    }
    files.append(("README.md", Data(card(evaluation, files: files.map(\.name)).utf8)))
    var paths: [String] = []
    for (name, data) in files {
      try FileSystem.write(data, to: "\(folder)/\(name)")
      paths.append("\(folder)/\(name)")
    }
    return paths
  }

  // MARK: Model card

  private func card(_ evaluation: EvaluationResult, files: [String]) -> String {
    let id = stored.environment.identifier
    let name = "\(stored.agent ?? "policy")-\(id)"
    let reward =
      "\(Self.decimals(evaluation.mean)) +/- \(Self.decimals(evaluation.standardDeviation))"
    let texts = [
      "policy.onnx": "ONNX, opset 17: `obs` [batch × \(policy.observationWidth)] to `action`",
      "policy.h": "C header: `float policy(const float *observation, float *action)`",
      "policy.py": "the same in NumPy, which reads `policy.onnx`",
    ]
    let list = files.compactMap { file in texts[file].map { "* `\(file)`: \($0)" } }
    return """
      ---
      library_name: rlsuite
      tags:
      - \(id)
      - \(stored.agent ?? "policy")
      - reinforcement-learning
      - onnx
      model-index:
      - name: \(name)
        results:
        - task:
            type: reinforcement-learning
            name: reinforcement-learning
          dataset:
            name: \(id)
            type: \(id)
          metrics:
          - type: mean_reward
            value: \(reward)
            name: mean_reward
            verified: false
      ---

      # \(name)

      \(title). \(stored.environment.specification.summary)

      Mean return over \(evaluation.episodes.count) episodes with deterministic actions, and its standard deviation:
      **\(reward)**.

      \(list.joined(separator: "\n"))

      Each contains the standardisation of observations, the bounds of actions, and \(Self.exampleCount) observations with
      the suite's own actions. Over \(observationCount) observations of its own episodes, the greatest difference from the
      suite's actions is \(greatestDifference), relative to half the range of the action.

      """
  }

  private static func decimals(_ value: Double) -> String {
    value.isFinite ? String(format: "%.2f", value) : "\(value)"
  }
}
