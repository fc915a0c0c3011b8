import ArgumentParser
import Experiments
import Foundation
import PolicyExport
import RLCore
import Storage
import Training

/// The verb `export`: writes a policy as files for other programs.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a policy as ONNX, C and NumPy, with a model card.",
    discussion: """
      The files contain the standardisation of observations, the bounds of actions and a self-test. \
      They are compared with the suite's own actions at 10,000 observations; the exit code is 1 if \
      an action differs by more than a 10,000th of half its range. Flow policies, residual networks \
      and controllers can't be exported.
      """)

  @OptionGroup var options: PolicyOptions
  @Option(
    help: "Files to write, separated by commas: onnx, c, numpy; all by default.",
    completion: .list(PolicyExport.Format.allCases.map(\.rawValue)))
  var format: String?
  @Option(
    path: [.long, .customShort("o")],
    help: "Folder for the files; by default export/ in the run's folder, or export.")
  var out: String?
  @Option(name: [.long, .customShort("n")], help: "Number of episodes for the model card.")
  var episodes = 100
  @OptionGroup var threadOptions: ThreadOptions
  @Flag(help: "Replace existing files.") var overwrite = false
  @Flag(help: "Write one JSON object to standard output.") var json = false

  /// Greatest difference that is no failure, in half ranges of the action.
  private static let tolerance: Float = 1e-4

  func run() throws {
    let formats = try chosenFormats()
    let stored = try options.resolve()
    let folder = out ?? stored.folder.map { "\($0.path)/export" } ?? "export"
    if !overwrite, FileSystem.exists(folder) {
      throw ConfigurationError(
        "\(folder) exists; choose another folder (--out) or replace its files (--overwrite)")
    }
    let export = try PolicyExport(stored)
    let evaluation = try stored.evaluate(episodes: episodes, threads: threadOptions.threads)
    let files = try export.write(formats, to: folder, evaluation: evaluation)
    let report = ExportReport(
      environment: stored.environment.identifier, files: files,
      observations: export.observationCount, greatestDifference: export.greatestDifference,
      meanReturn: evaluation.mean)
    writeLine(json ? try jsonLine(report) : report.text)
    guard export.greatestDifference <= Self.tolerance else {
      throw CheckFailure("the exported policy differs from the suite's")
    }
  }

  private func chosenFormats() throws(ConfigurationError) -> Set<PolicyExport.Format> {
    guard let format else { return Set(PolicyExport.Format.allCases) }
    var formats: Set<PolicyExport.Format> = []
    for name in format.split(separator: ",", omittingEmptySubsequences: false) {
      guard let kind = PolicyExport.Format(rawValue: String(name)) else {
        throw .unknown(
          "format", String(name), allowed: PolicyExport.Format.allCases.map(\.rawValue))
      }
      formats.insert(kind)
    }
    return formats
  }
}

/// What was exported, as text or JSON.
private struct ExportReport: Encodable {
  var environment: String
  var files: [String]
  var observations: Int
  var greatestDifference: Float
  var meanReturn: Double

  enum CodingKeys: String, CodingKey {
    case environment, files, observations
    case greatestDifference = "greatest-difference"
    case meanReturn = "mean-return"
  }

  var text: String {
    (files + [
      "greatest difference from the suite's actions over \(observations) observations: "
        + "\(greatestDifference) of half the action's range"
    ]).joined(separator: "\n")
  }
}
