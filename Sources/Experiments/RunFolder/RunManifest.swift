public import Foundation
internal import LinearAlgebra
internal import Physics
public import Storage

/// On what machine and from what sources a run was made: `manifest.json`.
public struct RunManifest: Codable, Sendable, Equatable {
  /// Numbers depend on these; the same run on another machine may differ in the last bits.
  public struct Machine: Codable, Sendable, Equatable {
    /// The processor's name.
    public var processor: String
    /// Cores that are there.
    public var cores: Int
    /// Name and version of the operating system.
    public var operatingSystem: String
    /// The compiler.
    public var toolchain: String
    /// Instruction set our kernels run with.
    public var kernels: String
    /// OpenBLAS's kernel set.
    public var openBLASCore: String
    /// The environment variable that overrules it, if set.
    public var openBLASCoreType: String?
    /// Box2D's version.
    public var box2D: String

    enum CodingKeys: String, CodingKey {
      case processor, cores, toolchain, kernels
      case operatingSystem = "operating-system"
      case openBLASCore = "openblas-core"
      case openBLASCoreType = "openblas-coretype"
      case box2D = "box2d"
    }
  }

  /// The sources, if they lie in a git repository.
  public struct Sources: Codable, Sendable, Equatable {
    /// The commit.
    public var commit: String
    /// Whether files differed from it; `changes.diff` beside this file then says how.
    public var isDirty: Bool

    enum CodingKeys: String, CodingKey {
      case commit
      case isDirty = "dirty"
    }
  }

  /// One start of the run: the first, or a resumption.
  public struct Session: Codable, Sendable, Equatable {
    /// The arguments, the program first.
    public var commandLine: [String]
    /// Threads; results do not depend on them.
    public var threads: Int
    /// Environment steps taken before.
    public var firstStep: Int
    /// Date and time, ISO 8601.
    public var started: String
    /// Date and time of a regular end.
    public var ended: String?
    /// Why it ended.
    public var outcome: String?

    enum CodingKeys: String, CodingKey {
      case threads, started, ended, outcome
      case commandLine = "command-line"
      case firstStep = "first-step"
    }

    /// Describes a session that starts now.
    public init(commandLine: [String], threads: Int, firstStep: Int) {
      self.commandLine = commandLine
      self.threads = threads
      self.firstStep = firstStep
      started = Date.now.formatted(.iso8601)
    }
  }

  /// The layout of this file.
  public var version = 1
  /// The environment's id.
  public var environment: String
  /// The agent's id.
  public var agent: String
  /// The run's seed.
  public var seed: UInt64
  /// The machine of the last session.
  public var machine: Machine
  /// The sources of the last session.
  public var sources: Sources?
  /// Every start of the run.
  public var sessions: [Session]

  /// Describes a new run.
  public init(run: RunSettings, machine: Machine, sources: Sources?, session: Session) {
    environment = run.environment
    agent = run.agent
    seed = run.seed
    self.machine = machine
    self.sources = sources
    sessions = [session]
  }

  /// Reads a run's manifest.
  public init(folder: RunFolder) throws(FileError) {
    let path = folder.manifestFile
    self = try JSON.decode(RunManifest.self, from: FileSystem.read(path), path: path)
  }

  /// Writes it into a run's folder.
  public func write(to folder: RunFolder) throws(FileError) {
    try FileSystem.write(JSON.encode(self), to: folder.manifestFile)
  }

  /// Notes that the last session ended now.
  public mutating func endSession(outcome: String) {
    guard !sessions.isEmpty else { return }
    sessions[sessions.count - 1].ended = Date.now.formatted(.iso8601)
    sessions[sessions.count - 1].outcome = outcome
  }
}

extension RunManifest.Machine {
  /// This machine, as far as numbers depend on it.
  public static var current: RunManifest.Machine {
    let information = ProcessInfo.processInfo
    let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }
    return RunManifest.Machine(
      processor: model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        ?? "unknown",
      cores: information.activeProcessorCount,
      operatingSystem: information.operatingSystemVersionString, toolchain: toolchain,
      kernels: KernelBackend.instructionSet, openBLASCore: OpenBLAS.coreName,
      openBLASCoreType: information.environment["OPENBLAS_CORETYPE"], box2D: World.libraryVersion)
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

extension RunManifest.Sources {
  /// The commit of the sources this program was built from, while it lies in its build folder.
  ///
  /// - Returns: The commit and the changes against it; nil without git or away from the sources.
  public static func current() -> (RunManifest.Sources, changes: Data)? {
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    var root = program.deletingLastPathComponent()
    // `.build` of `swift build`, `.build-program` of `./rlsuite`.
    while root.path != "/", !root.lastPathComponent.hasPrefix(".build") {
      root.deleteLastPathComponent()
    }
    root.deleteLastPathComponent()
    guard FileSystem.exists(root.appending(path: "Package.swift").path),
      let commit = git(["rev-parse", "HEAD"], in: root),
      let changes = git(["diff", "HEAD"], in: root)
    else { return nil }
    let hash = String(decoding: commit, as: UTF8.self).trimmingCharacters(in: .newlines)
    return (RunManifest.Sources(commit: hash, isDirty: !changes.isEmpty), changes)
  }

  private static func git(_ arguments: [String], in folder: URL) -> Data? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder.path] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = try? output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? data ?? Data() : nil
  }
}
