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
    self.init(
      name: name, help: .summary(of: key), transform: { SettingOption(key: key, text: $0) })
  }
}

extension Option where Value == [String] {
  /// Creates an option of recordings and folders, whose help is the summary in `RunSettings.table`.
  init(wrappedValue: [String], sources key: String) {
    self.init(
      wrappedValue: wrappedValue, name: .long, parsing: .upToNextOption,
      help: .summary(of: key, valueName: "source"),
      completion: .file(extensions: ["rlrec"]), transform: PathOption.expand)
  }
}

extension ArgumentHelp {
  /// The summary of a setting of the run as a sentence.
  fileprivate static func summary(of key: String, valueName: String? = nil) -> ArgumentHelp {
    let summary = RunSettings.table.first { $0.key == key }?.summary ?? ""
    return ArgumentHelp(
      "\(summary.prefix(1).uppercased())\(summary.dropFirst()).", valueName: valueName)
  }
}
