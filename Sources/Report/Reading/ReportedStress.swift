internal import Foundation
package import Storage

/// What a report shows of a stress test: its `summary.json`.
package struct ReportedStress: Decodable, Sendable {
  struct Axis: Decodable {
    var name: String
    var unit: String
    var values: [Double]
  }

  struct Cell: Decodable {
    var values: [String: Double]
    var mean: Double
    var lowDecile: Double
    var highDecile: Double

    enum CodingKeys: String, CodingKey {
      case values, mean
      case lowDecile = "quantile-10"
      case highDecile = "quantile-90"
    }
  }

  var policy: String
  var environment: String
  var axes: [Axis]
  var episodes: Int
  var nominal: Cell
  var worst: Cell
  var cells: [Cell]
  var mean: Double
  var conditionalValueAtRisk: Double

  enum CodingKeys: String, CodingKey {
    case policy, environment, axes, episodes, nominal, worst, cells, mean
    case conditionalValueAtRisk = "cvar-10"
  }

  /// Returns whether a folder is that of a stress test.
  package static func isStressTest(_ path: String) -> Bool {
    FileSystem.exists("\(path)/test.json")
  }

  /// Reads a finished stress test.
  ///
  /// - Throws: `FileError` if the test is not finished or its summary is damaged.
  package static func read(_ path: String) throws(FileError) -> ReportedStress {
    try JSON.read(ReportedStress.self, from: "\(path)/summary.json")
  }
}
