public import Foundation
internal import Storage

/// The package that this program was built from, as long as the program lies in its build folder.
package struct BuildFolder {
  /// Folder of the package.
  private let root: URL

  /// Finds the package; nil if the program lies elsewhere.
  package init?() {
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    var root = program.deletingLastPathComponent()
    // `.build` of `swift build`, `.build-program` of `./rlsuite`.
    while root.path != "/", !root.lastPathComponent.hasPrefix(".build") {
      root.deleteLastPathComponent()
    }
    root.deleteLastPathComponent()
    self.init(root: root)
  }

  /// Takes a folder with a package; nil if it has none.
  package init?(root: URL) {
    guard FileSystem.exists(root.appending(path: "Package.swift").path) else { return nil }
    self.root = root
  }

  /// Commit of the package and the changes against it; nil without git or if the folder is not part
  /// of a repository.
  package var sources: (RunManifest.Sources, changes: Data)? {
    // A repository in a folder above may have nothing to do with the package.
    guard git(["ls-files", "--error-unmatch", "Package.swift"]) != nil,
      let commit = git(["rev-parse", "HEAD"]),
      let changes = git(["diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD"])
    else { return nil }
    let hash = String(decoding: commit, as: UTF8.self).trimmingCharacters(in: .newlines)
    return (RunManifest.Sources(commit: hash, isDirty: !changes.isEmpty), changes)
  }

  /// Versions of the packages that the Swift package manager chose, by name, or the commit of one
  /// without a version; nil if unknown.
  package var packages: [String: String]? {
    let file = root.appending(path: "Package.resolved").path
    guard let pins = (try? JSON.read(Pins.self, from: file))?.pins else { return nil }
    return Dictionary(pins.map { ($0.identity, $0.state.version ?? $0.state.revision) }) {
      first, _ in first
    }
  }

  /// The parts of `Package.resolved` that are used, in its layouts 2 and 3.
  private struct Pins: Decodable {
    struct Pin: Decodable {
      struct State: Decodable {
        var version: String?
        var revision: String
      }

      var identity: String
      var state: State
    }

    var pins: [Pin]
  }

  private func git(_ arguments: [String]) -> Data? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "-C", root.path] + arguments
    // GIT_DIR and others, as a hook of git sets them, would choose another repository.
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
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

extension RunManifest.Sources {
  /// Returns the commit that this program was built from, if it still lies in its build folder.
  ///
  /// - Returns: The commit and the changes against it; nil without git or outside the build folder.
  public static func current() -> (RunManifest.Sources, changes: Data)? { BuildFolder()?.sources }
}

extension RunManifest {
  /// Versions of the Swift packages that this program was built with, by name; nil if it no longer
  /// lies in its build folder.
  public static var currentPackages: [String: String]? { BuildFolder()?.packages }

  /// Returns names and versions of packages on one line.
  package static func text(_ packages: [String: String]?) -> String {
    guard let packages else { return "unknown" }
    return packages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      .joined(separator: ", ")
  }
}

/// Version of the suite with all that results depend on, for `--version`.
public var suiteVersionInDetail: String {
  let machine = RunManifest.Machine.current
  let sources = RunManifest.Sources.current()?.0
  return """
    \(suiteVersion)
    commit: \(sources.map { "\($0.commit)\($0.isDirty ? ", modified" : "")" } ?? "unknown")
    packages: \(RunManifest.text(RunManifest.currentPackages))
    libraries: \(machine.toolchain), kernels \(machine.kernels), OpenBLAS \
    \(machine.openBLASCore), Box2D \(machine.box2D)
    """
}
