/// A piece of HTML or SVG in which every text from outside is escaped.
///
/// There is no other way to make one than from escaped text and from elements with escaped
/// attributes, so names in files can't add elements, attributes or scripts to a page.
public struct Markup: Sendable, Equatable {
  /// Source of the piece, to be placed where elements may stand.
  public let source: String

  private init(source: String) { self.source = source }

  /// Nothing.
  public static let empty = Markup(source: "")

  /// Creates a text.
  public init(text: String) { source = Self.escape(text) }

  /// Creates an element.
  ///
  /// - Parameters:
  ///   - name: Name of the element, a constant of the program.
  ///   - attributes: Names, which are constants of the program, and values of its attributes.
  ///   - contents: Contents of the element.
  public init(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
    _ contents: [Markup] = []
  ) {
    var text = "<\(name)"
    for (key, value) in attributes { text += " \(key)=\"\(Self.escape(value))\"" }
    text += contents.isEmpty ? "/>" : ">"
    for part in contents { text += part.source }
    if !contents.isEmpty { text += "</\(name)>" }
    source = text
  }

  /// Creates an element that contains a text.
  public init(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], text: String
  ) {
    self.init(name, attributes, [Markup(text: text)])
  }

  /// Joins pieces.
  public init(_ parts: [Markup]) { source = parts.map(\.source).joined() }

  /// Returns a text for use between tags or in a quoted attribute.
  ///
  /// Control characters, marks of direction and the like, which could hide or turn around what
  /// follows, are spelt out.  The characters of markup are found among Unicode scalars, since to
  /// Swift a quote with an accent on it is a character of its own, but to a browser it is a quote.
  public static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n": result.unicodeScalars.append(scalar)
      default:
        if isHidden(scalar) {
          result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: false
    }
  }
}
