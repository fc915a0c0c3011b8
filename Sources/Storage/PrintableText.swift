extension String {
  /// The text as it can be shown on a terminal: control characters are spelt out, and a text of more
  /// than 200 characters is cut.
  ///
  /// Names in files may hold anything, and a terminal would obey them.
  public var printable: String { printable(atMost: 200) }

  /// Returns the text without control characters, cut after a number of characters.
  package func printable(atMost limit: Int) -> String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      guard count < limit else { return text + "…" }
      count += 1
      if [.control, .format, .lineSeparator, .paragraphSeparator].contains(
        scalar.properties.generalCategory)
      {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
