/// A test report in JUnit's XML, in which every gate is a test.
struct JUnitReport {
  private let suite: String
  private var tests: [(group: String, name: String, problem: String?)] = []

  init(_ suite: String) { self.suite = suite }

  /// Adds the test of finite results and those of gates.
  ///
  /// - Parameters:
  ///   - notFinite: Sentence on results that are not finite; nil if all are.
  ///   - verdicts: Outcomes of the gates.
  ///   - group: Name of the group of tests.
  mutating func add(_ notFinite: String?, _ verdicts: [Verdict], to group: String) {
    tests.append((group, "finite", notFinite))
    for verdict in verdicts {
      tests.append(
        (
          group, "\(verdict.gate) \(number(verdict.threshold))",
          verdict.passes ? nil : verdict.sentence
        ))
    }
  }

  var text: String {
    let counts = "tests=\"\(tests.count)\" failures=\"\(tests.count { $0.problem != nil })\""
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites \(counts)>",
      "  <testsuite name=\"\(Self.escaped(suite))\" \(counts)>",
    ]
    for test in tests {
      let head =
        "    <testcase classname=\"\(Self.escaped(test.group))\" "
        + "name=\"\(Self.escaped(test.name))\""
      if let problem = test.problem {
        lines += [
          "\(head)>", "      <failure message=\"\(Self.escaped(problem))\"/>", "    </testcase>",
        ]
      } else {
        lines.append("\(head)/>")
      }
    }
    return (lines + ["  </testsuite>", "</testsuites>", ""]).joined(separator: "\n")
  }

  /// Returns text for an attribute in XML, which can't hold control characters.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      case _ where scalar.properties.generalCategory == .control: "\u{FFFD}"
      default: "\(scalar)"
      }
    }.joined()
  }
}
