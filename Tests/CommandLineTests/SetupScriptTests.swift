import Foundation
import Storage
import TestSupport
import Testing

/// The script `rlsuite` and its setup, without installing anything.
@Suite struct SetupScriptTests {
  private let folder: TemporaryFolder
  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  init() throws { folder = try TemporaryFolder() }

  /// Runs a script in bash, with everything that it prints.
  private func bash(_ script: String) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", script]
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test(arguments: [
    ("2.4.1-3", true), ("1:2.4.2+ds-1", true), ("2.4.0-2", false), ("2.3.1", false),
    ("3.1.0-1", false), ("2.40.1", false),
  ])
  func box2DHasTheRightVersion(version: String, isRight: Bool) throws {
    let result = try bash(
      """
      dpkg-query() { printf '\(version)'; }
      . '\(root)/Scripts/setup'
      check_box2d
      """)
    #expect(result.status == (isRight ? 0 : 69))
    let named =
      "Box2D 2.4.1 is needed, or a later 2.4, and this is \(version.split(separator: ":").last ?? "")"
    #expect(result.text == (isRight ? "" : "rlsuite: \(named)\n"))
  }

  /// Functions take the places of the programs, so that no package is installed.
  @Test func packagesAreInstalledWithoutUpgrades() throws {
    let result = try bash(
      """
      dpkg-query() { case "$*" in *Status*) return 1 ;; *) printf 2.4.1-3 ;; esac; }
      apt-get() { echo "apt-get $*"; }
      sudo() { "$@"; }
      env() { shift; "$@"; }
      . '\(root)/Scripts/setup'
      ensure_libraries extra
      """)
    let calls = result.text.split(separator: "\n").filter { $0.hasPrefix("apt-get") }
    #expect(result.status == 0 && calls.count == 2, "\(result.text)")
    let words = calls.last?.split(separator: " ") ?? []
    let needed = [
      "--no-install-recommends", "--no-upgrade", "libbox2d-dev", "libopenblas-dev", "libsdl2-dev",
      "extra",
    ]
    for word in needed { #expect(words.contains(Substring(word))) }
    #expect(!words.contains("pkg-config"), "it is not needed")
  }

  /// Help and version need neither packages nor a build; programs that would be called for them
  /// leave a trace.
  @Test(arguments: ["", "-h", "--help", "help", "help train", "--version"])
  func theScriptAnswersWithoutSettingUp(words: String) throws {
    let copy = folder.file("suite")
    for file in ["Scripts", "Sources/Experiments/RunFolder"] {
      try FileSystem.makeFolder("\(copy)/\(file)")
    }
    let version = "Sources/Experiments/RunFolder/RecordingBuild.swift"
    for file in ["rlsuite", "Scripts/setup", "Scripts/help.txt", version] {
      try FileManager.default.copyItem(atPath: "\(root)/\(file)", toPath: "\(copy)/\(file)")
    }
    let programs = folder.file("bin")
    try FileSystem.makeFolder(programs)
    for name in ["apt-get", "sudo", "dpkg-query", "swift"] {
      let path = "\(programs)/\(name)"
      try FileSystem.write(
        Data("#!/bin/sh\ntouch '\(folder.file("called"))'\nexit 1\n".utf8), to: path)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["PATH=\(programs):/usr/bin:/bin", "\(copy)/rlsuite"]
      + words.split(separator: " ").map(String.init)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(!folder.contents.contains("called"))
    #expect(text.contains(words == "--version" ? "0.1.0, not built yet" : "USAGE: rlsuite"))
  }

  /// What the script shows without a program is what the program shows.
  @Test func theScriptsHelpIsTheProgramsOwn() throws {
    let own = try Tool.run("--help", in: folder).output
    #expect(
      try FileSystem.read("\(root)/Scripts/help.txt") == Data(own.utf8),
      "write it anew with .build/debug/rlsuite --help > Scripts/help.txt")
  }
}
