internal import LinearAlgebra
internal import RLCore

extension EnvironmentCheck {
  /// Checks that episodes differ where they should: between seeds and within observations.
  static let variety: [EnvironmentCheck] = [
    .init("different seeds differ") { environment in
      let vector = environment.construct(8)
      vector.reset(seeds: .consecutive(first: 20, environments: 8))
      return Set((0..<8).map { start(of: $0, in: vector) }).count > 1
        ? [] : ["eight environments with seeds of their own start alike"]
    },
    .init("every reset heeds its seed") { environment in
      let vector = environment.construct(1)
      let starts = (0..<8).map { seed in
        vector.reset(environment: 0, seed: UInt64(30 + seed))
        return start(of: 0, in: vector)
      }
      vector.reset(environment: 0, seed: 30)
      return (Set(starts).count > 1 ? [] : ["eight seeds in turn start alike"])
        + (start(of: 0, in: vector) == starts[0]
          ? [] : ["the first seed, again, starts differently"])
    },
    .init("no component of the observation is constant") { environment in
      let steps = Player(environment, seed: 2).play(3000)
      return environment.specification.observationComponents.enumerated().compactMap {
        j, component in
        Set(steps.map { $0.observation[j] }).count > 1
          ? nil : "component \(j), \(component.name), never changes"
      }
    },
  ]

  /// What an episode starts with, as one text.
  private static func start(of slot: Int, in vector: any BatchedEnvironment) -> String {
    "\(vector.stateHash(of: slot)) \(Array(vector.batch.observations.row(slot)))"
  }
}
