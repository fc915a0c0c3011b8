import Experiments
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct BuildFolderTests {
  private func git(_ folder: TemporaryFolder, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["-u", "GIT_DIR", "git", "-C", folder.path, "-c", "user.name=n", "-c", "user.email=e"]
      + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  /// A package within a repository that does not hold it has no commit.
  @Test func aRepositoryAboveIsNotThePackages() throws {
    let folder = try TemporaryFolder()
    try git(folder, "init", "-q")
    try git(folder, "commit", "-q", "--allow-empty", "-m", "m")
    let root = folder.file("package")
    try FileSystem.makeFolder(root)
    #expect(BuildFolder(root: URL(filePath: root)) == nil)
    try FileSystem.write(Data("// 1".utf8), to: "\(root)/Package.swift")
    let package = try #require(BuildFolder(root: URL(filePath: root)))
    #expect(package.sources == nil && package.packages == nil)
    try git(folder, "add", "package/Package.swift")
    try git(folder, "commit", "-q", "-m", "m")
    let sources = try #require(package.sources)
    #expect(sources.0.commit.count == 40 && !sources.0.isDirty)
    try FileSystem.write(Data("// 2".utf8), to: "\(root)/Package.swift")
    #expect(package.sources?.0.isDirty == true)
  }

  @Test func versionsAreReadFromPackageResolved() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Data(), to: folder.file("Package.swift"))
    let resolved = """
      {"originHash": "0", "pins": [
        {"identity": "yams", "kind": "remoteSourceControl", "location": "l",
          "state": {"revision": "abc", "version": "6.2.2"}},
        {"identity": "other", "kind": "remoteSourceControl", "location": "l",
          "state": {"branch": "main", "revision": "def"}}
      ], "version": 3}
      """
    try FileSystem.write(Data(resolved.utf8), to: folder.file("Package.resolved"))
    let package = try #require(BuildFolder(root: URL(filePath: folder.path)))
    #expect(package.packages == ["yams": "6.2.2", "other": "def"])
    #expect(RunManifest.text(package.packages) == "other def, yams 6.2.2")
    try FileSystem.write(Data("{}".utf8), to: folder.file("Package.resolved"))
    #expect(package.packages == nil)
  }
}
