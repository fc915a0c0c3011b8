// Yams reads events with libyaml, its own C target, and offers only finished trees.
internal import CYaml

/// A check of a YAML text that takes no more time and memory than the text itself.
///
/// Yams compares the keys of every mapping while it builds the tree.  Keys that are lists, mappings
/// or references to them can stand for any number of values, so they are refused before that.
enum YAMLStructure {
  /// Maximum number of values and keys, references not followed.
  private static let mostNodes = 100_000
  /// Maximum depth of nested lists and mappings.
  private static let mostLevels = 32

  /// A fault in the structure of a text.
  struct Fault: Error {
    /// Line, from 1.
    let line: Int
    /// Column, from 1.
    let column: Int
    /// Sentence about the fault.
    let sentence: String
  }

  /// Throws a fault if a key is not a single word, or if values are too many or nested too deeply.
  ///
  /// A text that is not YAML has no fault up to the place from which it is not.
  static func check(_ yaml: String) throws(Fault) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { unsafe parser.deallocate() }
    guard unsafe yaml_parser_initialize(parser) == 1 else { return }
    defer { unsafe yaml_parser_delete(parser) }
    // The text must stay where it is while events are read.
    let bytes = Array(yaml.utf8)
    let fault: Fault? = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      return unsafe firstFault(parser)
    }
    if let fault { throw fault }
  }

  private static func firstFault(_ parser: UnsafeMutablePointer<yaml_parser_t>) -> Fault? {
    /// For each open collection, whether it is a mapping that expects a key next; nil for lists.
    var expectsKey: [Bool?] = []
    var nodes = 0
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) == 1 else { return nil }
      defer { unsafe yaml_event_delete(&event) }
      let (type, mark) = unsafe (event.type, event.start_mark)
      func fault(_ sentence: String) -> Fault {
        Fault(line: Int(mark.line) + 1, column: Int(mark.column) + 1, sentence: sentence)
      }
      switch type {
      case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: expectsKey.removeLast()
      case YAML_SCALAR_EVENT, YAML_ALIAS_EVENT, YAML_SEQUENCE_START_EVENT,
        YAML_MAPPING_START_EVENT:
        nodes += 1
        guard nodes <= mostNodes else { return fault("there are more than \(mostNodes) values") }
        let isKey = expectsKey.last == .some(.some(true))
        if isKey, type != YAML_SCALAR_EVENT { return fault("keys must be single words") }
        if let expected = expectsKey.last, let expected {
          expectsKey[expectsKey.count - 1] = !expected
        }
        if type == YAML_SEQUENCE_START_EVENT { expectsKey.append(nil) }
        if type == YAML_MAPPING_START_EVENT { expectsKey.append(true) }
        guard expectsKey.count <= mostLevels else {
          return fault("lists and mappings are nested more than \(mostLevels) levels deep")
        }
      default: break
      }
    }
  }
}
