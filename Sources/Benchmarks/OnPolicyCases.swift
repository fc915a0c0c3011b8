import Agents
import Training

/// Cases that measure on-policy agents on `walker` with their presets, beside PPO.
enum OnPolicyCases {
  static let all = ["a2c", "mdpo", "trpo", "vmpo", "fpo", "rarl"].map { agent in
    BenchmarkCase(name: "\(agent)-walker") { threads in try rates(of: agent, threads: threads) }
  }

  /// Measures the steps per second of an agent, the best of two runs, and its share of PPO's.
  ///
  /// Both train from new networks without evaluations, in turn, so that both see the same machine.
  private static func rates(of agent: String, threads: Int) throws -> [Measurement] {
    var (best, plain) = (0.0, 0.0)
    for _ in 0..<2 {
      plain = max(plain, try rate("ppo", threads: threads))
      best = max(best, try rate(agent, threads: threads))
    }
    return [
      Measurement(
        name: "\(agent)-walker", value: best, unit: "steps/s", parameters: ["environments": 32]),
      Measurement(
        name: "\(agent)-walker-share", value: best / plain, unit: "× ppo",
        parameters: ["environments": 32]),
    ]
  }

  /// Measures the steps per second of some 100,000 steps.
  private static func rate(_ identifier: String, threads: Int) throws -> Double {
    let agent = try PlasticityCases.makeTunedAgent(identifier, "walker", threads: threads)
    let seconds = shortestTime(repeats: 1) {
      while agent.environmentSteps < 98_304 { _ = try? agent.iterate() }
    }
    return Double(agent.environmentSteps) / seconds
  }
}
