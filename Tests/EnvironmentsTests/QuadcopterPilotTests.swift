import Environments
import LinearAlgebra
import RLCore
import Testing

/// A person at the keys of `quadcopter`, who sees everything 0.16 s late, as its page describes.
@Suite struct QuadcopterPilotTests {
  /// Mean length of episodes, in steps, at a fraction of real time.
  private func meanLength(pace: Double, episodes: Int) throws -> Double {
    let registered = try #require(EnvironmentRegistry.find("quadcopter"))
    let keys = registered.manualControls.bindings
    func action(_ key: ManualControls.Key) throws -> [Float] {
      try #require(keys.first { $0.key == key }).action
    }
    let (left, right) = (try action(.left), try action(.right))
    let (up, down) = (try action(.up), try action(.down))
    let specification = registered.specification
    let delay = Int((0.16 * pace / specification.timeStep).rounded())
    let vector = try registered.makeVector(1)
    vector.resetsEndedEpisodes = false
    let actions = Matrix(rows: 1, columns: 2)
    var steps = 0
    for seed in 0..<UInt64(episodes) {
      vector.reset(environment: 0, seed: seed)
      var seen = [(lean: Float, height: Float)](repeating: (0, 0), count: delay)
      repeat {
        let state = (0..<6).map { vector.batch.observations[0, $0] }
        seen.append((state[4] + 0.3 * state[5], state[2] + state[3]))
        let (lean, height) = seen.removeFirst()
        let tilt = lean > 0.1 ? left : lean < -0.1 ? right : [0, 0]
        let climb = height < -0.6 ? up : height > 0.6 ? down : [0, 0]
        for j in 0..<2 { actions[0, j] = tilt[j] + climb[j] }
        vector.step(actions: actions, in: 0..<1)
        steps += 1
      } while !vector.batch.hasEnded(0)
    }
    return Double(steps) / Double(episodes)
  }

  @Test func aQuarterOfRealTimeCanBeFlown() throws {
    let (slow, fast) = (
      try meanLength(pace: 0.25, episodes: 100), try meanLength(pace: 1, episodes: 100)
    )
    // 200.6 and 120.2, as the page says.
    #expect(slow > 190 && fast < 130, "\(slow) and \(fast) of 250 steps")
  }
}
