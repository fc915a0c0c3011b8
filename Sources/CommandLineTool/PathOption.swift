import ArgumentParser
import Foundation
import Storage

/// The rule for every path on the command line.
///
/// A leading `~` means a home folder wherever the path stands: shells replace it after a space, but
/// not in `--config=~/x.yaml`.  `-` is the standard input where a file is read.
enum PathOption {
  /// Returns the path that a word means.
  ///
  /// - Throws: `ValidationError` if the word is empty or names a user who has no home folder.
  static func expand(_ word: String) throws -> String {
    guard !word.isEmpty else { throw ValidationError("a path must not be empty") }
    guard word.first == "~" else { return word }
    let user = word.dropFirst().prefix { $0 != "/" }
    let home =
      user.isEmpty
      ? ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        ?? NSHomeDirectory() : NSHomeDirectoryForUser(String(user))
    guard let home else {
      throw ValidationError("there is no user '\(user)'; write ./~\(user) for a file of this name")
    }
    return home + word.dropFirst(1 + user.count)
  }

  /// Returns the path of a file to read that a word means.
  static func expandInput(_ word: String) throws -> String {
    word == "-" ? FileSystem.standardInput : try expand(word)
  }
}

extension Option where Value == String? {
  /// Creates an option whose value is a path to write to.
  init(path name: NameSpecification, help: ArgumentHelp) {
    self.init(name: name, help: help, completion: .file(), transform: PathOption.expand)
  }

  /// Creates an option whose value is the path of a file to read.
  init(input name: NameSpecification, help: ArgumentHelp) {
    self.init(name: name, help: help, completion: .file(), transform: PathOption.expandInput)
  }
}

extension Argument where Value == String {
  /// Creates an argument that is the path of a file or folder to read.
  init(input help: ArgumentHelp) {
    self.init(help: help, completion: .file(), transform: PathOption.expandInput)
  }
}

extension Argument where Value == [String] {
  /// Creates an argument of paths of files to read.
  init(inputs help: ArgumentHelp, extensions: [String]) {
    self.init(
      help: help, completion: .file(extensions: extensions), transform: PathOption.expandInput)
  }
}
