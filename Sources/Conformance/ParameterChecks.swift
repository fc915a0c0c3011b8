internal import RLCore

extension EnvironmentCheck {
  /// Checks that physical parameters take effect from an environment's next episode.
  static let parameters: [EnvironmentCheck] = [
    .init("nominal parameters change no bit") { environment in
      let nominal = try Player(environment, seed: 11) { vector in
        for parameter in environment.parameters {
          try vector.setParameter(parameter.name, to: parameter.nominal)
        }
      }
      return same(nominal.play(150), Player(environment, seed: 11).play(150), "nominal values")
    },
    .init("every parameter changes something") { environment in
      let plain = Player(environment, seed: 11).play(600)
      return try environment.parameters.flatMap { parameter in
        let negative = parameter.isReversible ? [-parameter.nominal] : []
        return try ([parameter.range.lowerBound, parameter.range.upperBound] + negative)
          .filter { $0 != parameter.nominal }.flatMap { end in
            let changed = try Player(environment, seed: 11) {
              try $0.setParameter(parameter.name, to: end)
            }.play(600)
            let isFinite = changed.allSatisfy { $0.observation.allSatisfy(\.isFinite) }
            return different(plain, changed, "\(parameter.name) = \(end)")
              + (isFinite ? [] : ["\(parameter.name) = \(end) is not finite"])
          }
      }
    },
    .init("impossible parameters are refused") { environment in
      let vector = environment.construct(1)
      let impossible =
        [("no such parameter", 1.0)]
        + environment.parameters.flatMap { [($0.name, -1e99), ($0.name, 1e99), ($0.name, .nan)] }
      return impossible.compactMap { name, value in
        (try? vector.setParameter(name, to: value)) == nil ? nil : "\(name) = \(value) was set"
      }
    },
    .init("parameters wait for the next reset, and snapshots keep them") { environment in
      func make() -> Player { Player(environment, seed: 11) { $0.resetsEndedEpisodes = false } }
      let (plain, changed, copy) = (make(), make(), make())
      for parameter in environment.parameters {
        try changed.vector.setParameter(parameter.name, to: parameter.range.upperBound)
      }
      let faults = same(plain.play(1), changed.play(1), "parameters set meanwhile")
      changed.vector.reset(seeds: .consecutive(first: 11, environments: 1))
      guard changed.play(1).last?.hasEnded == false else { return faults }
      try copy.vector.restore(changed.vector.snapshot(of: 0), to: 0)
      copy.actions = changed.actions
      return faults + same(changed.play(1), copy.play(1), "the restored episode")
    },
    .init("environments of a vector have parameters of their own") { environment in
      func play(_ slots: Range<Int>) throws -> [[Player.Step]] {
        let vector = environment.construct(2)
        for slot in slots {
          for parameter in environment.parameters {
            try vector.setParameter(parameter.name, to: parameter.range.lowerBound, of: slot)
          }
        }
        vector.reset(seeds: .consecutive(first: 60, environments: 2))
        return (0..<2).map { Player(vector, slot: $0, seed: 60).play(150) }
      }
      let (none, one, both) = (try play(0..<0), try play(1..<2), try play(0..<2))
      return same(none[0], one[0], "the first one's parameters")
        + same(both[1], one[1], "the second one's parameters")
    },
  ]
}
