internal import Experiments
internal import Foundation
internal import RLCore
internal import Robustness
internal import Training

/// What a vector is made of, as JSON.
struct VectorConfiguration: Decodable {
  /// When the next episode begins after one has ended.
  enum Autoreset: String, Decodable, CaseIterable {
    /// In the next step, which then steps nothing.
    case nextStep = "next-step"
    /// In the same step.
    case sameStep = "same-step"
    /// When the caller asks for it.
    case disabled
  }

  var environment: String
  var environments = 1
  var threads = 1
  var autoreset = Autoreset.nextStep
  var parameters: [String: Double] = [:]
  var disturbances = false
  var randomize = ""
  var perturb = ""

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case environment, environments, threads, autoreset, parameters, disturbances, randomize, perturb
  }

  /// Greatest number of environments.
  static let mostEnvironments = 65_536

  init(from decoder: any Decoder) throws {
    let container = try decoder.members(CodingKeys.self, of: "configuration")
    func read<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? standard
    }
    environment = try container.decode(String.self, forKey: .environment)
    environments = try read(.environments, environments)
    threads = try read(.threads, threads)
    let name = try read(.autoreset, autoreset.rawValue)
    guard let mode = Autoreset(rawValue: name) else {
      throw ConfigurationError.unknown(
        "autoreset", name, allowed: Autoreset.allCases.map(\.rawValue))
    }
    autoreset = mode
    parameters = try read(.parameters, parameters)
    disturbances = try read(.disturbances, disturbances)
    randomize = try read(.randomize, randomize)
    perturb = try read(.perturb, perturb)
  }

  /// Reads a configuration and checks its numbers.
  static func read(_ text: String) throws -> VectorConfiguration {
    let configuration = try Request.decode(
      VectorConfiguration.self, from: text, name: "the configuration")
    for (name, value, range) in [
      ("environments", configuration.environments, 1...mostEnvironments),
      ("threads", configuration.threads, 1...1024),
    ] where !range.contains(value) {
      throw Boundary.Misuse(
        "\(name) must lie in \(range.lowerBound)...\(range.upperBound) and is \(value)")
    }
    return configuration
  }

  /// The physical parameters, in order of their names.
  var parameterValues: [ParameterValue] {
    parameters.sorted { $0.key < $1.key }.map { ParameterValue(name: $0.key, value: $0.value) }
  }

  /// The conditions of episodes in an environment.
  func conditions(in environment: RegisteredEnvironment) throws -> EpisodeConditions {
    try EpisodeConditions(
      randomize.isEmpty ? Randomization() : Randomization(parsing: randomize),
      perturb.isEmpty ? Perturbations() : Perturbations(parsing: perturb), in: environment,
      parameters: parameterValues, fixed: Set(parameters.keys))
  }
}
