import ArgumentParser
import Experiments
import Foundation
import Training

/// The command line's words, before and after the argument parser has read them.
enum Arguments {
  /// Parses the command line of the tool.
  ///
  /// - Throws: `ConfigurationError` with the nearest match for an unknown verb or option; the
  ///   argument parser's errors for everything else.
  static func parse() throws -> any ParsableCommand {
    let words = SignedNumbers.joined(Array(CommandLine.arguments.dropFirst()))
    let verbs = Root.configuration.subcommands
    let names = verbs.compactMap { $0.configuration.commandName }
    let verb = words.first { !$0.hasPrefix("-") }
    if let verb, verb == words.first, !(names + ["help"]).contains(verb) {
      throw ConfigurationError.unknown("verb", verb, allowed: names)
    }
    do {
      return try Root.parseAsRoot(words)
    } catch {
      guard let type = verbs.first(where: { $0.configuration.commandName == verb }),
        let option = Root.message(for: error).firstMatch(of: /^Unknown option '--([^']+)'/)?.1
      else { throw error }
      throw unknown(String(option), of: type, words)
    }
  }

  /// Returns the error for an unknown option: it may be a misspelt one, a setting, or another
  /// suite's name for either.
  private static func unknown(
    _ option: String, of verb: any ParsableCommand.Type, _ words: [String]
  ) -> ConfigurationError {
    let name = verb.configuration.commandName ?? ""
    let settings = verb == Train.self ? settings(words) : []
    let write = { (key: String) in "--set \(key)=…" }
    let question =
      settings.contains(option)
      ? "did you mean '\(write(option))'?"
      : NearestName.question(option, among: options(of: verb)) { "--\($0)" }
        ?? NearestName.question(option, among: settings, as: write)
    return ConfigurationError(
      "unknown option '--\(option)'\(question.map { "; \($0)" } ?? ".") See "
        + "'\(CommandLineTool.name) \(name) --help'.")
  }

  /// Returns the long names of a verb's options.
  private static func options(of verb: any ParsableCommand.Type) -> [String] {
    struct Description: Decodable {
      struct Command: Decodable { var arguments: [Argument] }
      struct Argument: Decodable { var names: [Name]? }
      struct Name: Decodable { var name: String }
      var command: Command
    }
    let description = try? JSONDecoder().decode(
      Description.self, from: Data(verb._dumpHelp().utf8))
    return (description?.command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
      .filter { $0.count > 1 }
  }

  /// Returns the keys that `--set` takes for the agent that the words name, or for all agents.
  private static func settings(_ words: [String]) -> [String] {
    let agents = Registry.ofTheTool.agents
    let named = agents.filter { words.contains($0.identifier) }
    let keys = (named.isEmpty ? agents : named).flatMap { agent in
      let resolver = try? ConfigurationResolver(
        environment: "default", parameters: [], agent: agent)
      return resolver?.unchecked.table.map(\.key) ?? []
    }
    return keys.filter { !["environment", "agent"].contains($0) }.map {
      $0.hasPrefix("settings.") ? String($0.dropFirst(9)) : $0
    }
  }
}

extension Option where Value == UInt64 {
  /// Creates an option for the seed of the first episode, which must lie below a power of two.
  init(wrappedValue: UInt64, seedsBelow2To power: Int) {
    self.init(
      wrappedValue: wrappedValue, help: "Seed of the first episode.",
      transform: { text in
        guard let seed = UInt64(text), seed < 1 << UInt64(power) else {
          throw ConfigurationError("seeds are whole numbers from 0 to below 2^\(power)")
        }
        return seed
      })
  }
}
