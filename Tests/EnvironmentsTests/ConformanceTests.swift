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
  @Test(arguments: ["walker", "walker-hardcore"]) func walkersStayNearTheirSpace(
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

  @Test(arguments: identifiers) func truncationStrikesExactlyAtTheLimit(
    identifier: String
  ) throws {
    let entry = try entry(identifier)
    // No lander stays aloft for 1000 steps by chance, and its controllers land.
    guard !identifier.hasPrefix("lander") else { return }
    // Random walkers often survive their time, and controllers that reach a goal never need all of
    // it; the others need a controller for that.
    let isRandom =
      identifier.hasPrefix("walker") || identifier.hasPrefix("mountain-car")
      || ["acrobot-v1", "diagnostic-two-goals"].contains(identifier)
    let controller = ControllerRegistry.all.first {
      !isRandom && $0.environmentIdentifiers.contains(identifier)
    }
    var found = false
    for episode in playEpisodes(identifier, count: 20, controller: controller?.identifier) {
      #expect(episode.length <= entry.specification.episodeSteps)
      if !episode.terminated {
        #expect(episode.length == entry.specification.episodeSteps)
        found = true
      }
    }
    #expect(found)
  }
}
