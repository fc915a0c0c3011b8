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

  /// A key of any name.
  private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Greatest number of environments.
  static let mostEnvironments = 65_536

  init(from decoder: any Decoder) throws {
    let known = CodingKeys.allCases.map(\.stringValue)
    for key in try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    where !known.contains(key) {
      throw ConfigurationError.unknown("member", key, allowed: known, origin: "configuration")
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
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
    let configuration: VectorConfiguration
    do {
      configuration = try JSONDecoder().decode(VectorConfiguration.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw Boundary.Misuse("the configuration \(reason(error))")
    }
    for (name, value, range) in [
      ("environments", configuration.environments, 1...mostEnvironments),
      ("threads", configuration.threads, 1...1024),
    ] where !range.contains(value) {
      throw Boundary.Misuse(
        "\(name) must lie in \(range.lowerBound)...\(range.upperBound) and is \(value)")
    }
    return configuration
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "has no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.isEmpty
        ? "is not a JSON object"
        : "has an impossible '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "is not JSON, or has a number beyond its range"
        : "has an impossible '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    @unknown default: "can't be read"
    }
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
