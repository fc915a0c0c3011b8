import Conformance
import Environments
import RLCore
import Testing

/// What every registered environment promises, and what the suite asks of its own beyond that.
@Suite struct ConformanceTests {
  static let identifiers = EnvironmentRegistry.all.map(\.identifier)

  private func entry(_ identifier: String) throws -> RegisteredEnvironment {
    try #require(EnvironmentRegistry.find(identifier))
  }

  @Test(arguments: identifiers, EnvironmentCheck.all)
  func conforms(identifier: String, check: EnvironmentCheck) throws {
    #expect(try check.faults(of: entry(identifier)) == [])
  }

  /// Here as in Gymnasium a falling hull turns past ±π and a kicked knee is faster than the motor;
  /// their components stay within three times the box.
  @Test(arguments: ["walker", "walker-hardcore", "walker-parametric"])
  func walkersStayNearTheirSpace(
    identifier: String
  ) throws {
    let entry = try entry(identifier)
    for step in Player(entry, seed: 1).play(2000) {
      #expect(step.observation.allSatisfy(\.isFinite) && step.reward.isFinite)
      let narrowed = step.observation.enumerated().map {
        $0.offset == 8 || $0.offset == 13 || $0.offset >= 14 ? $0.element : $0.element / 3
      }
      #expect(entry.specification.observationSpace.contains(narrowed), "\(narrowed)")
    }
  }

  @Test func identifiersAreUnique() {
    #expect(Set(Self.identifiers).count == Self.identifiers.count)
  }
}
