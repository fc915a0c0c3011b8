internal import Glibc
public import RLCore

/// Everything a recording says besides its steps.
///
/// It says neither when nor in which folder it was made: equal episodes give equal bytes.
public struct RecordingHeader: Sendable, Equatable {
  /// A component of an observation or action.
  public struct Component: Codable, Sendable, Equatable {
    /// What it is.
    public var name: String
    /// Its unit, "1" if it has none.
    public var unit: String
  }

  /// A physical parameter and its value in this episode.
  public struct Parameter: Codable, Sendable, Equatable {
    /// Kebab-case name.
    public var name: String
    /// Its value.
    public var value: Double
    /// Its unit, "1" if it has none.
    public var unit: String

    /// Names a value.
    public init(name: String, value: Double, unit: String) {
      self.name = name
      self.value = value
      self.unit = unit
    }
  }

  /// A component of the disturbance.
  public struct Disturbance: Codable, Sendable, Equatable {
    /// What it pushes.
    public var name: String
    /// Its unit.
    public var unit: String
    /// Its greatest size.
    public var bound: Float
  }

  /// Something that acted on the episode besides the parameters; nothing in the suite does yet.
  public struct Perturbation: Codable, Sendable, Equatable {
    /// What it is.
    public var name: String
    /// Its settings.
    public var parameters: [Parameter]

    /// Names a perturbation.
    public init(name: String, parameters: [Parameter]) {
      self.name = name
      self.parameters = parameters
    }
  }

  /// How actions were chosen.
  public enum Mode: String, Codable, Sendable, Equatable, CaseIterable {
    /// The policy's mode.
    case deterministic
    /// Drawn from the policy.
    case stochastic
    /// By a person.
    case manual
  }

  /// Which policy acted.
  public struct Policy: Sendable, Equatable {
    /// See ``RecordingHash/policy(_:)`` and ``RecordingHash/policy(named:)``.
    public var fingerprint: UInt64
    /// Environment steps it had been trained for; 0 for what does not learn.
    public var steps: Int

    /// Names a policy.
    public init(fingerprint: UInt64, steps: Int) {
      self.fingerprint = fingerprint
      self.steps = steps
    }
  }

  /// With what it was made; trajectories may differ between machines in their last bits.
  public struct Build: Codable, Sendable, Equatable {
    /// The suite's version.
    public var version: String
    /// The suite's commit, with "+" where files differed from it; "unknown" away from its sources.
    public var commit: String
    /// The compiler.
    public var toolchain: String
    /// Box2D's version.
    public var box2D: String
    /// The processor's name.
    public var processor: String
    /// Name and version of the C library, whose sines the trajectories depend on.
    public var libc: String
    /// Name and version of the operating system.
    public var operatingSystem: String

    enum CodingKeys: String, CodingKey {
      case version, commit, toolchain, processor, libc
      case box2D = "box2d"
      case operatingSystem = "operating-system"
    }

    /// Describes what an episode is recorded with; the C library is that of this process.
    public init(
      version: String, commit: String, toolchain: String, box2D: String, processor: String,
      operatingSystem: String
    ) {
      self.version = version
      self.commit = commit
      self.toolchain = toolchain
      self.box2D = box2D
      self.processor = processor
      libc = Self.libraryVersion
      self.operatingSystem = operatingSystem
    }

    private static var libraryVersion: String {
      var text = [CChar](repeating: 0, count: 64)
      _ = unsafe confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count)
      return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// The environment's id.
  public var environment: String
  /// The environment's version.
  public var environmentVersion: Int
  /// Seconds between two actions.
  public var timeStep: Double
  /// Steps after which the episode is truncated.
  public var episodeSteps: Int
  /// O components.
  public var observationComponents: [Component]
  /// Components of a box action, choices of a discrete one.
  public var actionComponents: [Component]
  /// Where actions lie; A floats.
  public var actionSpace: Space
  /// D components; none where disturbances were off.
  public var disturbanceComponents: [Disturbance]
  /// The agent's or controller's id.
  public var agent: String
  /// Which policy acted; nil for a person, and where it learnt meanwhile.
  public var policy: Policy?
  /// How actions were chosen.
  public var mode: Mode
  /// What acted on the episode besides.
  public var perturbations: [Perturbation] = []
  /// With what it was made.
  public var build: Build

  /// Which episode of its environment it is, from 0.
  public var episode = 0
  /// The seed it was reset with.
  public var seed: UInt64 = 0
  /// All physical parameters, in table order.
  public var parameters: [Parameter]
  /// See ``RecordingHash/initial(state:seed:parameters:)``.
  public var initialHash: UInt64 = 0
  /// [O], the first observation.
  public var initialObservation: [Float]

  /// Describes recordings of an environment; what an episode starts from is added when it does.
  ///
  /// - Parameters:
  ///   - specification: The environment.
  ///   - parameters: Its physical parameters.
  ///   - disturbances: The components of its disturbance; none where they are off.
  ///   - agent: The agent's or controller's id.
  ///   - mode: How actions are chosen.
  ///   - policy: Which policy acts.
  ///   - build: With what it is made.
  public init(
    specification: EnvironmentSpecification, parameters: [ParameterDescription],
    disturbances: [DisturbanceComponent] = [], agent: String, mode: Mode, policy: Policy?,
    build: Build
  ) {
    environment = specification.identifier
    environmentVersion = specification.version
    timeStep = specification.timeStep
    episodeSteps = specification.episodeSteps
    observationComponents = specification.observationComponents.map {
      Component(name: $0.name, unit: $0.unit)
    }
    actionComponents = specification.actionComponents.map {
      Component(name: $0.name, unit: $0.unit)
    }
    actionSpace = specification.actionSpace
    disturbanceComponents = disturbances.map {
      Disturbance(name: $0.name, unit: $0.unit, bound: $0.bound)
    }
    self.agent = agent
    self.mode = mode
    self.policy = policy
    self.build = build
    self.parameters = parameters.map {
      Parameter(name: $0.name, value: $0.nominal, unit: $0.unit)
    }
    initialObservation = .init(repeating: 0, count: specification.observationWidth)
  }

  /// Numbers per step.
  package var layout: StepLayout {
    StepLayout(
      actions: actionSpace.width, disturbances: disturbanceComponents.count,
      observations: observationComponents.count)
  }

  /// Adds what an episode was made from.
  mutating func begin(_ start: EpisodeStart, observation: [Float]) {
    precondition(
      start.parameters.map(\.name) == parameters.map(\.name)
        && observation.count == observationComponents.count,
      "the header describes another environment than is recorded")
    episode = start.episode
    seed = start.seed
    for i in parameters.indices { parameters[i].value = start.parameters[i].value }
    initialHash = RecordingHash.initial(
      state: start.stateHash, seed: start.seed, parameters: start.parameters.map(\.value))
    initialObservation = observation
  }
}
