package import Foundation
internal import RLCore

/// The reason why a header is not valid.
package struct HeaderError: Error {
  package let reason: String
}

extension RecordingHeader: Codable {
  /// The layout of the JSON.
  private struct Stored: Codable {
    struct Task: Codable {
      var id: String
      var version: Int
      var timeStep: Double
      var episodeSteps: Int
      var wrap: String?

      enum CodingKeys: String, CodingKey {
        case id, version, wrap
        case timeStep = "time-step"
        case episodeSteps = "episode-steps"
      }
    }

    struct Actor: Codable {
      var fingerprint: String
      var steps: Int

      init(_ policy: Policy) {
        (fingerprint, steps) = (RecordingHeader.hexadecimal(policy.fingerprint), policy.steps)
      }

      func policy() throws(HeaderError) -> Policy {
        Policy(
          fingerprint: try RecordingHeader.bits(fingerprint, "policy fingerprint"), steps: steps)
      }
    }

    struct Parent: Codable {
      var recording: String
      var step: Int
      var agent: String
      var policy: Actor?
    }

    /// `count` of a discrete space, or `low` and `high` of a box.
    struct Actions: Codable {
      var count: Int?
      var low: [Float]?
      var high: [Float]?
    }

    var environment: Task
    var observations: [Component]
    var actions: [Component]
    var actionSpace: Actions
    var disturbances: [Disturbance]
    var agent: String
    var policy: Actor?
    var mode: Mode
    var perturbations: [Perturbation]
    var branch: Parent?
    var build: Build
    var episode: Int
    var seed: String
    var parameters: [Parameter]
    var initialHash: String
    var initialObservation: [String]
    var end: TaskEnd?

    enum CodingKeys: String, CodingKey {
      case environment, observations, actions, disturbances, agent, policy, mode, perturbations
      case branch, build, episode, seed, parameters, end
      case actionSpace = "action-space"
      case initialHash = "initial-hash"
      case initialObservation = "initial-observation"
    }
  }

  /// Encodes the header in the JSON layout that the page on the format describes.
  public func encode(to encoder: any Encoder) throws {
    let space =
      switch actionSpace {
      case .discrete(let count): Stored.Actions(count: count)
      case .box(let low, let high): Stored.Actions(low: low, high: high)
      }
    let stored = Stored(
      environment: .init(
        id: environment, version: environmentVersion, timeStep: timeStep,
        episodeSteps: episodeSteps, wrap: wrapping),
      observations: observationComponents, actions: actionComponents, actionSpace: space,
      disturbances: disturbanceComponents, agent: agent,
      policy: policy.map(Stored.Actor.init), mode: mode, perturbations: perturbations,
      branch: branch.map {
        Stored.Parent(
          recording: Self.hexadecimal($0.recording), step: $0.step, agent: $0.agent,
          policy: $0.policy.map(Stored.Actor.init))
      },
      build: build, episode: episode, seed: String(seed), parameters: parameters,
      initialHash: Self.hexadecimal(initialHash),
      initialObservation: initialObservation.map { Self.hexadecimal($0.bitPattern) }, end: end)
    try stored.encode(to: encoder)
  }

  /// Decodes the header from its JSON layout and rejects values that can't be right.
  public init(from decoder: any Decoder) throws {
    let stored = try Stored(from: decoder)
    environment = stored.environment.id
    environmentVersion = stored.environment.version
    timeStep = stored.environment.timeStep
    episodeSteps = stored.environment.episodeSteps
    wrapping = stored.environment.wrap
    observationComponents = stored.observations
    actionComponents = stored.actions
    switch (stored.actionSpace.count, stored.actionSpace.low, stored.actionSpace.high) {
    case (let count?, nil, nil): actionSpace = .discrete(count: count)
    case (nil, let low?, let high?): actionSpace = .box(low: low, high: high)
    default: throw HeaderError(reason: "its action space is neither discrete nor a box")
    }
    disturbanceComponents = stored.disturbances
    agent = stored.agent
    mode = stored.mode
    perturbations = stored.perturbations
    build = stored.build
    episode = stored.episode
    parameters = stored.parameters
    policy = try stored.policy?.policy()
    branch = try stored.branch.map {
      Branch(
        recording: try Self.bits($0.recording, "branch's recording"), step: $0.step,
        agent: $0.agent, policy: try $0.policy?.policy())
    }
    guard let seed = UInt64(stored.seed), String(seed) == stored.seed else {
      throw HeaderError(reason: "its seed is not an unsigned 64-bit number")
    }
    self.seed = seed
    initialHash = try Self.bits(stored.initialHash, "initial hash")
    initialObservation = try stored.initialObservation.map {
      Float(bitPattern: try Self.bits($0, "initial observation"))
    }
    end = stored.end
    try validate()
  }

  /// Returns a word with all its hexadecimal digits.
  static func hexadecimal(_ word: some FixedWidthInteger & UnsignedInteger) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: word.bitWidth / 4 - digits.count) + digits
  }

  private static func bits<Word: FixedWidthInteger & UnsignedInteger>(
    _ text: String, _ what: String
  ) throws(HeaderError) -> Word {
    guard let word = Word(text, radix: 16), hexadecimal(word) == text else {
      throw HeaderError(reason: "its \(what) is not a \(Word.bitWidth)-bit hexadecimal number")
    }
    return word
  }

  private func validate() throws(HeaderError) {
    func require(_ condition: Bool, _ what: String) throws(HeaderError) {
      guard condition else { throw HeaderError(reason: "its \(what) can't be right") }
    }
    let widths = 1...RecordingFormat.maximumWidth
    try require(!environment.isEmpty && environment.utf8.count <= 256, "environment's id")
    try require(environmentVersion >= 1, "environment's version")
    try require(timeStep.isFinite && timeStep > 0, "time step")
    try require((1...RecordingFormat.maximumSteps).contains(episodeSteps), "step limit")
    try require(widths.contains(observationComponents.count), "number of observations")
    try require(initialObservation.count == observationComponents.count, "initial observation")
    switch actionSpace {
    case .discrete(let count): try require((1...1 << 24).contains(count), "number of actions")
    case .box(let low, let high):
      try require(widths.contains(low.count) && low.count == high.count, "number of actions")
      try require(low.indices.allSatisfy { low[$0] <= high[$0] }, "action space")
    }
    try require(disturbanceComponents.count <= widths.upperBound, "number of disturbances")
    try require(
      disturbanceComponents.allSatisfy { $0.bound.isFinite && $0.bound >= 0 },
      "disturbances' bounds")
    try require(parameters.allSatisfy { $0.value.isFinite }, "parameters")
    try require(
      perturbations.allSatisfy { $0.parameters.allSatisfy { $0.value.isFinite } },
      "perturbations")
    try require(episode >= 0 && (policy?.steps ?? 0) >= 0, "episode or step count")
    if let branch {
      try require(
        (0...RecordingFormat.maximumSteps).contains(branch.step)
          && (branch.policy?.steps ?? 0) >= 0, "branch")
    }
    // Texts are shown on terminals, which would interpret control characters.
    try require(texts.allSatisfy(Self.isShowable), "text")
  }

  private var texts: [String] {
    var texts = [
      environment, agent, build.version, build.commit, build.toolchain, build.box2D,
      build.processor, build.libc, build.operatingSystem, wrapping ?? "", branch?.agent ?? "",
    ]
    for component in observationComponents + actionComponents {
      texts += [component.name, component.unit]
    }
    for component in disturbanceComponents { texts += [component.name, component.unit] }
    texts += perturbations.map(\.name)
    for parameter in parameters + perturbations.flatMap(\.parameters) {
      texts += [parameter.name, parameter.unit]
    }
    return texts
  }

  private static func isShowable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}

extension RecordingHeader {
  /// JSON has no infinite numbers; only bounds of actions may be infinite.
  private static let infinity = (positive: "inf", negative: "-inf", none: "nan")

  /// The payload of the first chunk, with keys sorted and numbers as their shortest exact decimals.
  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
      nan: Self.infinity.none)
    do {
      return try Array(encoder.encode(self))
    } catch {
      preconditionFailure("a header can't be encoded: \(error)")
    }
  }

  package init(json: Data) throws(HeaderError) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
      nan: Self.infinity.none)
    do {
      self = try decoder.decode(RecordingHeader.self, from: json)
    } catch let error as HeaderError {
      throw error
    } catch {
      throw HeaderError(reason: "it is not the JSON that was expected")
    }
  }
}
