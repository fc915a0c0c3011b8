import Foundation
import TestSupport
import Testing

/// What `describe` tells of how an environment is pushed and driven.
@Suite struct DescribeTests {
  @Test func listNamesProbesAndInterventionsWithTheirSettings() throws {
    let folder = try TemporaryFolder()
    let lines = try Tool.run("list", in: folder).output.split(separator: "\n")
    let probes = try #require(lines.firstIndex { $0.hasPrefix("Probes") })
    let interventions = try #require(lines.firstIndex { $0.hasPrefix("Interventions") })
    #expect(lines[probes..<interventions].contains { $0.contains("hessian-eigenvalue") })
    #expect(
      lines[interventions...].contains { $0.contains("redo ") && $0.contains("threshold=0.025") })
    let rules = try #require(lines.firstIndex { $0.hasPrefix("Rules for the replay ratio") })
    #expect(lines[rules...].contains { $0.contains("stabilization ") && $0.contains("threshold") })
    let rule = try Tool.run("describe", "stabilization", in: folder).output.split(separator: "\n")
    #expect(rule.contains { $0.hasPrefix("source: Ma et al.") })
    #expect(rule.contains { $0.hasPrefix("  low ") && $0.contains("0.5") })
    #expect(rule.contains { $0.hasPrefix("  probe ") && $0.contains("active-units") })
  }

  private struct Description: Decodable {
    struct Disturbance: Decodable {
      var name: String
      var unit: String
      var bound: Double
    }
    struct Control: Decodable {
      var key: String
      var axis: String
      var action: [Double]
    }
    var disturbance: [Disturbance]
    var controls: [Control]
    var pace: Double
  }

  @Test func disturbancesAndControlsAreShown() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run("describe", "walker", in: folder)
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(lines.contains("0 hull force along x N -10 … 10"))
    #expect(lines.contains("goal reached the hull passes 88.67 m success"))
    #expect(lines.contains("fell the hull touches the ground failure"))
    #expect(lines.contains { $0.hasPrefix("time limit after 1600 steps") })
    #expect(lines.contains("q left-y + rear hip forwards"))
  }

  @Test func theSameStandsInJSON() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run("describe", "quadcopter", "--json", in: folder)
    let description = try JSONDecoder().decode(Description.self, from: Data(result.output.utf8))
    #expect(description.disturbance.map(\.name) == ["force along x", "force along z"])
    #expect(description.disturbance.allSatisfy { $0.unit == "N" && $0.bound == 0.05 })
    let left = try #require(description.controls.first { $0.key == "left" })
    #expect(left.axis == "right-x -" && left.action == [0.01, -0.01])
    #expect(description.pace == 0.25)
  }
}
