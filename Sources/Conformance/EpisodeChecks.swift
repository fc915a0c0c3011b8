internal import LinearAlgebra
internal import RLCore

extension EnvironmentCheck {
  /// Checks that episodes depend only on their seeds, parameters and actions.
  static let episodes: [EnvironmentCheck] = [
    .init("a seed gives one trajectory") { environment in
      let (first, second) = (Player(environment, seed: 4), Player(environment, seed: 4))
      return same(first.play(150), second.play(150), "the same seed")
    },
    .init("history does not leak") { environment in
      let used = Player(environment, seed: 77)
      _ = used.play(333)
      used.vector.reset(seeds: .consecutive(first: 9, environments: 1))
      let again = Player(used.vector, slot: 0, seed: 9)
      return same(again.play(150), Player(environment, seed: 9).play(150), "a used environment")
    },
    .init("environments of a vector do not meet") { environment in
      let vector = environment.construct(2)
      vector.reset(seeds: .consecutive(first: 20, environments: 2))
      let players = (0..<2).map { Player(vector, slot: $0, seed: 20 + UInt64($0)) }
      var steps: [[Player.Step]] = [[], []]
      for _ in 0..<7 { for i in 0..<2 { steps[i] += players[i].play(1) } }
      return (0..<2).flatMap { i -> [String] in
        // Later episodes have other seeds in a vector than alone.
        func first(_ steps: [Player.Step]) -> [Player.Step] { Array(steps.prefix { !$0.hasEnded }) }
        return same(
          first(steps[i]), first(Player(environment, seed: 20 + UInt64(i)).play(7)),
          "environment \(i)")
      }
    },
    .init("threads change nothing") { environment in
      func play(threads: Int) -> [[Player.Step]] {
        final class Result { var steps: [Player.Step] = [] }
        let vector = environment.construct(6)
        vector.reset(seeds: .training(runSeed: 3))
        let results = (0..<6).map { _ in Result() }
        WorkerPool(threads: threads).run(6) { i in
          results[i].steps = Player(vector, slot: i, seed: UInt64(i)).play(120)
        }
        return results.map(\.steps)
      }
      let alone = play(threads: 1)
      return [2, 3].flatMap { threads in
        zip(alone, play(threads: threads)).flatMap { same($0, $1, "\(threads) threads") }
      }
    },
    .init("blocks change nothing") { environment in
      func play(_ size: Int) -> [Player.Step] {
        let vector = environment.construct(6)
        vector.reset(seeds: .training(runSeed: 3))
        let players = (0..<6).map { Player(vector, slot: $0, seed: UInt64($0)) }
        return (0..<60).flatMap { _ in Player.step(players, in: vector, blocksOf: size) }
      }
      let single = play(1)
      return [2, 4, 6].flatMap { same(single, play($0), "blocks of \($0)") }
    },
    .init("a restored episode continues alike") { environment in
      let player = Player(environment, seed: 30)
      _ = player.play(137)
      let snapshot = player.vector.snapshot(of: 0)
      let copy = Player(environment, seed: 30)
      try copy.vector.restore(snapshot, to: 0)
      copy.actions = player.actions
      var faults = same(player.play(200), copy.play(200), "the restored episode")
      var forged = snapshot
      forged.stateHash ^= 1
      if (try? copy.vector.restore(forged, to: 0)) != nil { faults.append("it restored a forgery") }
      return faults
    },
    .init("the time limit ends episodes, and nothing goes on beyond it") { environment in
      let player = Player(environment, seed: 40)
      let limit = environment.specification.episodeSteps
      var (length, faults) = (0, [String]())
      for step in player.play(min(2 * limit + 1, 25_000)) {
        length += 1
        guard step.hasEnded else {
          if length >= limit { return ["an episode of more than \(limit) steps"] }
          continue
        }
        if player.vector.batch.episodeLength(0) > limit || step.end == nil && length != limit {
          faults.append("an episode was truncated after \(length) steps")
        }
        length = 0
      }
      return faults
    },
    .init("a time limit truncates exactly there") { environment in
      // A short limit is reached by tasks too that end long before their own.
      var wrapping = EnvironmentWrapping()
      wrapping.episodeSteps = 3
      let player = Player(environment.wrapped(in: wrapping), seed: 41)
      var (length, faults) = (0, [String]())
      for step in player.play(60) {
        length += 1
        if step.hasEnded != (length == 3 || step.end != nil) {
          faults.append(
            "an episode \(step.hasEnded ? "ended" : "went on") after \(length) of 3 steps")
        }
        if step.hasEnded { length = 0 }
      }
      return faults
    },
    .init("every end has a declared meaning") { environment in
      let declared = Set(environment.specification.ends.map(\.meaning))
      let ends = Set(Player(environment, seed: 60).play(2000).compactMap(\.end))
      return ends.subtracting(declared).map {
        "an episode ended with '\($0.rawValue)', which is not among the specification's ends"
      }
    },
    .init("an ended episode stays until it is reset") { environment in
      let player = Player(environment, seed: 50) { $0.resetsEndedEpisodes = false }
      let first = player.vector.stateHash(of: 0)
      var last: Player.Step?
      repeat { last = player.play(1).last } while last?.hasEnded == false
      var faults: [String] = []
      if player.vector.stateHash(of: 0) != last?.stateHash { faults.append("it went on") }
      let batch = player.vector.batch
      if !batch.observations.row(0).elementsEqual(batch.finalObservations.row(0)) {
        faults.append("its last observation was replaced")
      }
      player.vector.reset(seeds: .consecutive(first: 50, environments: 1))
      if player.vector.stateHash(of: 0) != first { faults.append("it restarts differently") }
      return faults
    },
    .init("box actions beyond their bounds are clipped") { environment in
      guard case .box(let low, let high) = environment.specification.actionSpace,
        (low + high).allSatisfy(\.isFinite)
      else { return [] }
      func play(_ factor: Float) -> [Player.Step] {
        Player(environment, seed: 1).play(
          20,
          choose: { t in
            (t % 3 == 0 ? low : high).map { factor * $0 }
          })
      }
      return same(play(1), play(3), "three times the bounds")
    },
    .init("an action that is not a number leaves no trace in later episodes") { environment in
      guard case .box(let low, _) = environment.specification.actionSpace else { return [] }
      let player = Player(environment, seed: 3) { $0.resetsEndedEpisodes = false }
      let broken = [[Float.nan, .infinity, -.infinity], [.nan]].map { values in
        low.indices.map { values[$0 % values.count] }
      }
      for action in broken {
        player.vector.reset(environment: 0, seed: 3)
        if player.play(1).last?.hasEnded == false { _ = player.play(1, choose: { _ in action }) }
      }
      player.vector.reset(environment: 0, seed: 9)
      let after = Player(player.vector, slot: 0, seed: 9)
      let fresh = Player(environment, seed: 9) { $0.resetsEndedEpisodes = false }
      for _ in 0..<40 {
        let (first, second) = (after.play(1), fresh.play(1))
        guard first == second else { return ["an episode after such an action differs"] }
        if first.last?.hasEnded != false { break }
      }
      return []
    },
  ]
}
