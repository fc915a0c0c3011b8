import ArgumentParser
import Experiments
import Training

/// An option that stands for a setting of the run: its text, read later along with all settings.
struct SettingOption {
  /// The setting's key in ``RunSettings/table``.
  let key: String
  /// As written.
  let text: String

  /// The options of a command that were given, with their names.
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
  /// An option with the help text of the setting's table.
  init(setting key: String, _ name: NameSpecification = .long) {
    let summary = RunSettings.table.first { $0.key == key }?.summary ?? ""
    self.init(
      name: name,
      help: ArgumentHelp(stringLiteral: summary.prefix(1).uppercased() + summary.dropFirst() + "."),
      transform: { SettingOption(key: key, text: $0) })
  }
}
