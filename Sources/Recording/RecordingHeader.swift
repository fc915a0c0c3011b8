internal import Glibc
public import RLCore

/// The header of a recording, which holds everything besides the steps.
///
/// It names neither a date nor a folder: equal episodes have equal bytes.
public struct RecordingHeader: Sendable, Equatable {
  /// A component of an observation or action.
  public struct Component: Codable, Sendable, Equatable {
    /// Name of the component.
    public var name: String
    /// Unit of the component, "1" if it has none.
    public var unit: String
  }

  /// A physical parameter and its value in this episode.
  public struct Parameter: Codable, Sendable, Equatable {
    /// Kebab-case name of the parameter.
    public var name: String
    /// Value of the parameter.
    public var value: Double
    /// Unit of the parameter, "1" if it has none.
    public var unit: String

    /// Creates a parameter.
    public init(name: String, value: Double, unit: String) {
      self.name = name
      self.value = value
      self.unit = unit
    }
  }

  /// A component of the disturbance.
  public struct Disturbance: Codable, Sendable, Equatable {
    /// Name of the component, for example "hull force along x".
    public var name: String
    /// Unit of the component.
    public var unit: String
    /// Largest magnitude of the component.
    public var bound: Float
  }

  /// An influence on the episode other than its parameters.
  ///
  /// A note for readers: what it did to actions and bodies is in the steps, which need nothing else
  /// to be simulated again, and what it did to the policy's observations is not recorded.
  public struct Perturbation: Codable, Sendable, Equatable {
    /// Name of the perturbation.
    public var name: String
    /// Settings of the perturbation.
    public var parameters: [Parameter]

    /// Creates a perturbation.
    public init(name: String, parameters: [Parameter]) {
      self.name = name
      self.parameters = parameters
    }
  }

  /// How actions were chosen.
  public enum Mode: String, Codable, Sendable, Equatable, CaseIterable {
    /// The mode of the policy's distribution.
    case deterministic
    /// Samples of the policy's distribution.
    case stochastic
    /// Actions of a person.
    case manual
  }

  /// The policy that acted.
  public struct Policy: Sendable, Equatable {
    /// Fingerprint of the policy; see ``RecordingHash/policy(_:)`` and
    /// ``RecordingHash/policy(named:)``.
    public var fingerprint: UInt64
    /// Number of environment steps of its training; 0 for policies that do not learn.
    public var steps: Int

    /// Creates a description of a policy.
    public init(fingerprint: UInt64, steps: Int) {
      self.fingerprint = fingerprint
      self.steps = steps
    }
  }

  /// The software and machine of a recording; trajectories may differ in their last bits elsewhere.
  public struct Build: Codable, Sendable, Equatable {
    /// Version of the suite.
    public var version: String
    /// Commit of the suite, with "+" if files differed from it; "unknown" outside its sources.
    public var commit: String
    /// Compiler of the suite.
    public var toolchain: String
    /// Version of Box2D.
    public var box2D: String
    /// Name of the processor.
    public var processor: String
    /// Name and version of the C library, on whose sines the trajectories depend.
    public var libc: String
    /// Name and version of the operating system.
    public var operatingSystem: String

    enum CodingKeys: String, CodingKey {
      case version, commit, toolchain, processor, libc
      case box2D = "box2d"
      case operatingSystem = "operating-system"
    }

    /// Describes the current build and machine; the C library is that of this process.
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

  /// Id of the environment.
  public var environment: String
  /// Version of the environment.
  public var environmentVersion: Int
  /// Time between two actions, in seconds.
  public var timeStep: Double
  /// Number of steps after which the episode is truncated.
  public var episodeSteps: Int
  /// Wrappers behind which the environment was recorded, as text; nil if there were none.
  public var wrapping: String?
  /// Names and units of the O observation components.
  public var observationComponents: [Component]
  /// Components of a box action, or choices of a discrete one.
  public var actionComponents: [Component]
  /// Space of the actions, with A floats per action.
  public var actionSpace: Space
  /// The D components of the disturbance; empty if disturbances were off.
  public var disturbanceComponents: [Disturbance]
  /// Id of the agent or controller.
  public var agent: String
  /// Policy that acted; nil for a person, and if the policy was learning at the time.
  public var policy: Policy?
  /// How actions were chosen.
  public var mode: Mode
  /// Other influences on the episode.
  public var perturbations: [Perturbation] = []
  /// Recording whose first steps the episode repeats; nil if there is none.
  public var branch: Branch?
  /// Software and machine that made the recording.
  public var build: Build

  /// Number of the episode in its environment, from 0.
  public var episode = 0
  /// Seed with which the episode was reset.
  public var seed: UInt64 = 0
  /// All physical parameters, in table order.
  public var parameters: [Parameter]
  /// Hash of the episode's start; see ``RecordingHash/initial(state:seed:parameters:)``.
  public var initialHash: UInt64 = 0
  /// First observation, [O].
  public var initialObservation: [Float]
  /// What it means that the task ended the episode; nil if it did not, and in recordings of builds
  /// that did not know.
  public var end: TaskEnd?

  /// Creates a header for recordings of an environment; the details of an episode follow at its
  /// start.
  ///
  /// - Parameters:
  ///   - specification: Specification of the environment.
  ///   - parameters: Physical parameters of the environment.
  ///   - disturbances: Components of its disturbance; empty if disturbances are off.
  ///   - agent: Id of the agent or controller.
  ///   - mode: How actions are chosen.
  ///   - policy: Policy that acts.
  ///   - build: Software and machine that make the recording.
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

  /// The number of values of each kind per step.
  package var layout: StepLayout {
    StepLayout(
      actions: actionSpace.width, disturbances: disturbanceComponents.count,
      observations: observationComponents.count)
  }

  /// Stores everything from which an episode started.
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
    end = nil
  }
}
