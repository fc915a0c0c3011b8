import Agents
import Environments
import Experiments
import Foundation
import Storage
import TestSupport
import Testing
import Training
import RLCore

/// Every value that a setting accepts is the same after writing and reading `config.yaml`.
@Suite struct SettingRoundTripTests {
  private static let oddValues = [
    "0", "-0", "-0.0", "1", "3", "0.1", "1e6", "1e-05", "1e-5", "1.5e-07", "1e38", "5e-324", ".inf",
    "-.inf", "123456789.123", "16777217", "18446744073709551615", "true", "false", "yes", "no",
    "on",
    "off", "null", "~", "''", "'null'", "'~'", "y", "1_000", "0x10", "0o17", "010", "1:30", "=",
    "2026-11-27", "'<<'", "[]", "[1]", "[3, 2, 1]", "[1e2]", "[a, 'b c', '']",
    "[yes, 'null', ~, 1e5]",
    "two words", "a,b,c", "'it''s'", #""a \"quoted\" word""#,
    #""back\\slash""#, #""tab\tand\nlines\r\n""#, #""\u2028\u0085\x07""#, "'# no comment'", "': '",
    "'{a: b}'", "'[1, 2]'", "'- x'", "'*a'", "'&a'", "'!tag'", "'%'", "'@'", "ärger", "'🤖'",
    "'trailing '", "mass=0.5..2", "'mass=log:1..2@1e5,gravity=normal:10:1'",
    "{mass: 0.5..2, friction: 'choice:1:2'}", "[mass=1e-05..1, 'friction=2..2']",
  ]

  private struct Case {
    let name: String
    let yaml: String
    let expected: String
  }

  /// Each accepted value, after it came back through our own reader.
  private func acceptedCases() throws -> [Case] {
    let environment = try #require(EnvironmentRegistry.find("walker"))
    var cases: [Case] = []
    // Agents with the same type of settings have the same table.
    var tested: Set<String> = []
    for agent in AgentRegistry.all where tested.insert("\(type(of: agent.defaults))").inserted {
      let fresh = try ConfigurationResolver(
        environment: environment.identifier, parameters: environment.parameters, agent: agent)
      let settings = fresh.unchecked.table.filter { !["environment", "agent"].contains($0.key) }
      // Settings are independent of each other, so that one file can hold each one's next value.
      var remaining = settings.map { setting in
        (Self.oddValues + setting.allowed.components(separatedBy: ", ")).filter { value in
          var resolver = fresh
          return (try? resolver.overlay(assignment: "\(setting.key)=\(value)")) != nil
        }[...]
      }
      for (setting, values) in zip(settings, remaining) {
        #expect(!values.isEmpty, "\(setting.key) accepts none of the values")
      }
      while remaining.contains(where: { !$0.isEmpty }) {
        var resolver = fresh
        var assigned: [(setting: Setting<RunConfiguration>, text: String)] = []
        for (index, setting) in settings.enumerated() {
          guard let value = remaining[index].popFirst() else { continue }
          assigned.append((setting, "\(setting.key)=\(value)"))
          try resolver.overlay(assignment: assigned[assigned.count - 1].text)
        }
        let written = resolver.unchecked
        var reader = fresh
        try reader.overlay(yaml: written.yaml, source: "config.yaml")
        #expect(reader.unchecked.yaml == written.yaml, "\(assigned.map(\.text))")
        for (setting, text) in assigned {
          let node = setting.node(of: written)
          cases.append(
            Case(
              name: "\(agent.identifier) \(text)", yaml: SettingNode.nested(["value"], node).yaml(),
              expected: tagged(node)))
        }
      }
    }
    return cases
  }

  /// What Python should find, with its type.
  private func tagged(_ node: SettingNode) -> String {
    switch node {
    case .scalar(let text, true, _):
      "text " + text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
    case .scalar("null", false, _): "null"
    case .scalar(let text, false, _) where ["true", "false"].contains(text): text
    case .scalar(let text, false, _):
      "number "
        + String((Double(text.replacing(".inf", with: "inf")) ?? .nan).bitPattern, radix: 16)
    case .list(let nodes, _): "list [" + nodes.map(tagged).joined(separator: ", ") + "]"
    case .mapping(let entries, _):
      "mapping {" + entries.map { "\($0.key): \(tagged($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  @Test func ourReaderAndPythonsReadWhatIsWritten() throws {
    let cases = try acceptedCases()
    #expect(cases.count > 500)
    #expect(cases.contains { $0.yaml == "value: .inf\n" })
    #expect(cases.contains { $0.yaml == "value: 1.0e-05\n" })
    #expect(cases.contains { $0.yaml == "value: -0.0\n" })
    guard let found = try pythonReads(cases.map(\.yaml)) else {
      print("skipped: no Python with yaml here")
      return
    }
    try #require(found.count == cases.count)
    for (found, expected) in zip(found, cases) {
      #expect(found == expected.expected, "\(expected.name): \(expected.yaml)")
    }
  }

  /// One line for each document; nil without Python and its yaml.
  private func pythonReads(_ documents: [String]) throws -> [String]? {
    let folder = try TemporaryFolder()
    let program = """
      import struct, sys
      try:
          import yaml
      except ImportError:
          sys.exit(77)
      def tagged(value):
          if value is None: return "null"
          if isinstance(value, bool): return "true" if value else "false"
          if isinstance(value, (int, float)):
              return "number %x" % struct.unpack(">Q", struct.pack(">d", float(value)))[0]
          if isinstance(value, str): return "text " + " ".join("%x" % ord(c) for c in value)
          if isinstance(value, list): return "list [" + ", ".join(map(tagged, value)) + "]"
          if isinstance(value, dict):
              return "mapping {" + ", ".join(k + ": " + tagged(v) for k, v in value.items()) + "}"
          return "other " + repr(value)
      for document in yaml.safe_load_all(open("documents.yaml", encoding="utf-8")):
          print(tagged(document["value"]))
      """
    try FileSystem.write(Data(program.utf8), to: folder.file("read.py"))
    try FileSystem.write(
      Data(documents.map { "---\n\($0)" }.joined().utf8), to: folder.file("documents.yaml"))
    let (status, output) = try Python.run(["read.py"], in: folder.path)
    guard ![77, 127].contains(status) else { return nil }
    #expect(status == 0)
    return output.split(separator: "\n").map(String.init)
  }
}
