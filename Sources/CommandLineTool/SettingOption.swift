import ArgumentParser
import Experiments
import Training

/// The text of an option that sets one of the run's settings, parsed later with all settings.
struct SettingOption {
  /// Key of the setting in `RunSettings.table`.
  let key: String
  /// Text of the value, as written.
  let text: String

  /// Returns the options that were given on the command line, with their names.
  static func given(in command: some ParsableCommand) -> [(option: String, setting: SettingOption)]
  {
    Mirror(reflecting: command).children.compactMap { child in
      guard let option = child.value as? Option<SettingOption?>, let setting = option.wrappedValue,
        let name = child.label?.dropFirst()
      else { return nil }
      let words = name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }
      return ("--" + words.joined(), setting)
    }
  }
}

extension Option where Value == SettingOption? {
  /// Creates an option whose help is the summary in `RunSettings.table`.
  init(setting key: String, _ name: NameSpecification = .long) {
    let summary = RunSettings.table.first { $0.key == key }?.summary ?? ""
    self.init(
      name: name,
      help: ArgumentHelp(stringLiteral: summary.prefix(1).uppercased() + summary.dropFirst() + "."),
      transform: { SettingOption(key: key, text: $0) })
  }
}
