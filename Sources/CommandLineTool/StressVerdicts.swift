import Experiments
import RLCore

/// The outcomes of all gates of the verb `stress`.
struct StressVerdicts {
  private let policy: StoredPolicy
  private var notFinite: [String] = []
  private var gates: [Verdict] = []
  /// Folder of the grid; nil if there is none.
  var folder: String?

  init(_ policy: StoredPolicy) { self.policy = policy }

  /// Adds outcomes, and a sentence on results that are not finite.
  mutating func add(_ sentence: String?, _ verdicts: [Verdict]) {
    notFinite += [sentence].compactMap(\.self)
    gates += verdicts
  }

  private var notFiniteSentence: String? {
    notFinite.isEmpty ? nil : notFinite.joined(separator: ", and ")
  }

  /// Throws if results are not finite or a gate does not pass.
  func check() throws {
    if let notFiniteSentence { throw NotFiniteFailure(notFiniteSentence) }
    let problems = gates.filter { !$0.passes }.map(\.sentence)
    guard problems.isEmpty else { throw CheckFailure(problems.joined(separator: ", and ")) }
  }

  /// Test report with a test for each gate, and one for finite results.
  var junit: String {
    var report = JUnitReport("stress \(policy.path)")
    add(to: &report)
    return report.text
  }

  /// Adds the tests to a report.
  func add(to report: inout JUnitReport, under prefix: String = "") {
    report.add(notFiniteSentence, gates, to: "\(prefix)\(policy.environment.identifier).stress")
  }
}
