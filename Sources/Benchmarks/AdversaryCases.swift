import Agents
import Training

/// Cases that measure two players who train against each other.
enum AdversaryCases {
  static let all = [
    BenchmarkCase(name: "rarl-walker") { threads in
      let plain = try rate("ppo", threads: threads)
      let players = try rate("rarl", threads: threads)
      return [
        Measurement(
          name: "rarl-walker", value: players, unit: "steps/s", parameters: ["environments": 32]),
        Measurement(
          name: "rarl-walker-share", value: players / plain, unit: "× ppo",
          parameters: ["environments": 32]),
      ]
    }
  ]

  /// Measures the steps per second of some 100,000 steps with the walker's preset, the best of two
  /// runs.
  private static func rate(_ identifier: String, threads: Int) throws -> Double {
    let rates = try (0..<2).map { _ in
      let agent = try PlasticityCases.makeTunedAgent(identifier, "walker", threads: threads)
      let seconds = shortestTime(repeats: 1) {
        while agent.environmentSteps < 98_304 { _ = try? agent.iterate() }
      }
      return Double(agent.environmentSteps) / seconds
    }
    return rates.max() ?? .nan
  }
}
