internal import Environments
internal import Foundation
internal import LinearAlgebra
internal import Physics
public import Storage

/// The machine, sources and sessions of a run, stored in its `manifest.json`.
public struct RunManifest: Codable, Sendable, Equatable {
  /// The properties of a machine that numbers depend on; another may differ in the last bits.
  public struct Machine: Codable, Sendable, Equatable {
    /// Name of the processor.
    public var processor: String
    /// Number of active cores.
    public var cores: Int
    /// Name and version of the operating system.
    public var operatingSystem: String
    /// Name and version of the compiler.
    public var toolchain: String
    /// Instruction set of the suite's kernels.
    public var kernels: String
    /// Kernel set that OpenBLAS uses.
    public var openBLASCore: String
    /// Value of the environment variable OPENBLAS_CORETYPE, which overrules it; nil if not set.
    public var openBLASCoreType: String?
    /// What is wrong with OpenBLAS's kernels on this processor; nil if nothing is.
    public var openBLASWarning: String?
    /// Version that Box2D reports, which is 2.4.0 for release 2.4.1.
    public var box2D: String

    enum CodingKeys: String, CodingKey {
      case processor, cores, toolchain, kernels
      case operatingSystem = "operating-system"
      case openBLASCore = "openblas-core"
      case openBLASCoreType = "openblas-coretype"
      case openBLASWarning = "openblas-warning"
      case box2D = "box2d"
    }
  }

  /// The state of the sources in their git repository.
  public struct Sources: Codable, Sendable, Equatable {
    /// Hash of the commit.
    public var commit: String
    /// Whether files differed from the commit; `changes.diff` beside the manifest then shows how.
    public var isDirty: Bool

    enum CodingKeys: String, CodingKey {
      case commit
      case isDirty = "dirty"
    }
  }

  /// A session of the run: its start or a resumption.
  public struct Session: Codable, Sendable, Equatable {
    /// Arguments of the command line, including the program.
    public var commandLine: [String]
    /// Number of threads, on which results do not depend.
    public var threads: Int
    /// How walkers are simulated, on which results do not depend either; nil if unknown.
    public var physics: String?
    /// Environment steps taken before the session.
    public var firstStep: Int
    /// Date and time of the start, in ISO 8601.
    public var started: String
    /// Date and time of the end, in ISO 8601; nil until it has ended regularly.
    public var ended: String?
    /// Reason for the end; nil until it has ended regularly.
    public var outcome: String?

    enum CodingKeys: String, CodingKey {
      case threads, physics, started, ended, outcome
      case commandLine = "command-line"
      case firstStep = "first-step"
    }

    /// Creates a session that starts now.
    public init(commandLine: [String], threads: Int, firstStep: Int) {
      self.commandLine = commandLine
      self.threads = threads
      self.firstStep = firstStep
      physics = WalkerPhysics.description
      started = Date.now.formatted(.iso8601)
    }
  }

  /// The recorded episodes from which the run learns.
  public struct Recordings: Codable, Sendable, Equatable {
    /// Where they came from, as it was given.
    public var sources: [String]
    /// Number of episodes.
    public var episodes: Int
    /// Number of their steps.
    public var steps: Int
    /// CRC-32C of the copy in the run's folder, in hexadecimal.
    public var checksum: String
  }

  /// Version of the file's layout that this program writes and reads.
  public static let currentVersion = 1

  /// Version of the file's layout.
  public var version = currentVersion
  /// Id of the environment.
  public var environment: String
  /// Id of the agent.
  public var agent: String
  /// Seed of the run.
  public var seed: UInt64
  /// Machine of the last session.
  public var machine: Machine
  /// Sources of the last session; nil if unknown.
  public var sources: Sources?
  /// Versions of the Swift packages that the last session's program was built with, by name; nil if
  /// unknown.
  public var packages: [String: String]?
  /// Recorded episodes from which the run learns; nil if there are none.
  public var recordings: Recordings?
  /// All sessions of the run, in order.
  public var sessions: [Session]

  /// Creates the manifest of a new run.
  public init(
    run: RunSettings, machine: Machine, sources: Sources?, packages: [String: String]?,
    session: Session
  ) {
    environment = run.environment
    agent = run.agent
    seed = run.seed
    self.machine = machine
    self.sources = sources
    self.packages = packages
    sessions = [session]
  }

  /// Reads the manifest in a run's folder.
  public init(folder: RunFolder) throws(FileError) {
    self = try JSON.read(RunManifest.self, from: folder.manifestFile)
  }

  /// Writes the manifest into a run's folder.
  public func write(to folder: RunFolder) throws(FileError) {
    try FileSystem.write(JSON.encode(self), to: folder.manifestFile)
  }

  /// Records that the last session has ended now.
  public mutating func endSession(outcome: String) {
    setOutcome(outcome)
    guard !sessions.isEmpty else { return }
    sessions[sessions.count - 1].ended = Date.now.formatted(.iso8601)
  }

  /// Records how the last session ended, at a time that is not known.
  mutating func setOutcome(_ outcome: String) {
    guard !sessions.isEmpty else { return }
    sessions[sessions.count - 1].outcome = outcome
  }
}

extension RunManifest.Machine {
  /// Properties of this machine that numbers depend on.
  public static var current: RunManifest.Machine {
    let information = ProcessInfo.processInfo
    let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = processors.lines.first { $0.hasPrefix("model name") }
    return RunManifest.Machine(
      processor: model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        ?? "unknown",
      cores: information.activeProcessorCount,
      operatingSystem: information.operatingSystemVersionString, toolchain: toolchain,
      kernels: KernelBackend.instructionSet, openBLASCore: OpenBLAS.coreName,
      openBLASCoreType: information.environment["OPENBLAS_CORETYPE"],
      openBLASWarning: OpenBLAS.warning, box2D: World.libraryVersion)
  }

  private static var toolchain: String {
    #if compiler(>=6.4)
      "Swift 6.4 or later"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }
}
