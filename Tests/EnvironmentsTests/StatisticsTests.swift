import Environments
import Foundation
import RLCore
import TestSupport
import Testing

/// Returns and lengths of whole episodes against Gymnasium's.
@Suite struct StatisticsTests {
  struct Summary: Decodable {
    let mean: Double
    let sem: Double
  }

  struct Configuration: Decodable {
    let env: String
    let policy: String
    let ret: Summary
    let length: Summary
    let returns: [Double]
    let lengths: [Int]
  }

  private func recorded(_ environment: String, _ policy: String) throws -> Configuration {
    struct File: Decodable { let results: [Configuration] }
    let file = try JSONDecoder().decode(
      File.self, from: Data(contentsOf: Fixture.url("statistics.json")))
    return try #require(
      file.results.first { $0.env == environment && $0.policy == policy })
  }

  /// Same seeds, same actions, same equations: each episode is the reference's own.
  @Test(
    arguments: [
      ("cartpole-v1", "CartPole-v1", "random", nil),
      ("cartpole-v1", "CartPole-v1", "controller", "cartpole-linear"),
      ("pendulum-v1", "Pendulum-v1", "random", nil),
      ("pendulum-v1", "Pendulum-v1", "controller", "pendulum-energy"),
    ] as [(String, String, String, String?)])
  func closedFormEpisodesAgreeOneByOne(
    identifier: String, reference: String, policy: String, controller: String?
  ) throws {
    let expected = try recorded(reference, policy)
    let episodes = playEpisodes(
      identifier, count: expected.returns.count, controller: controller)
    for (episode, i) in zip(episodes, expected.returns.indices) {
      #expect(episode.length == expected.lengths[i])
      // The vector keeps rewards in single precision.
      #expect(abs(episode.totalReward - expected.returns[i]) < 1e-3)
    }
  }

  @Test(
    arguments: [
      ("walker", "BipedalWalker-v3", "random", nil, 600),
      ("walker", "BipedalWalker-v3", "heuristic", "walker-heuristic", 600),
      ("walker-hardcore", "BipedalWalkerHardcore-v3", "random", nil, 200),
      ("walker-hardcore", "BipedalWalkerHardcore-v3", "heuristic", "walker-heuristic", 200),
    ] as [(String, String, String, String?, Int)])
  func walkerEpisodesAgreeInDistribution(
    identifier: String, reference: String, policy: String, controller: String?, count: Int
  ) throws {
    let expected = try recorded(reference, policy)
    let episodes = playEpisodes(identifier, count: count, controller: controller)
    let returns = SampleMean(episodes.map(\.totalReward))
    let lengths = SampleMean(episodes.map { Double($0.length) })
    #expect(
      returns.distance(to: expected.ret.mean, standardError: expected.ret.sem) < 4,
      "return \(returns) against \(expected.ret)")
    #expect(
      lengths.distance(to: expected.length.mean, standardError: expected.length.sem) < 4,
      "length \(lengths) against \(expected.length)")
  }

  /// The newer Box2D lets a lander stand 14 steps longer before it sleeps, and random falls hit harder.
  @Test(
    arguments: [
      ("lander", "LunarLander-v3", "random", nil, 0.08),
      ("lander", "LunarLander-v3", "heuristic", "lander-heuristic", 0.02),
      ("lander-continuous", "LunarLanderContinuous-v3", "random", nil, 0.08),
      (
        "lander-continuous", "LunarLanderContinuous-v3", "heuristic", "lander-continuous-heuristic",
        0.005
      ),
    ] as [(String, String, String, String?, Double)])
  func landerEpisodesAgreeInDistribution(
    identifier: String, reference: String, policy: String, controller: String?, allowance: Double
  ) throws {
    let expected = try recorded(reference, policy)
    let episodes = playEpisodes(identifier, count: 300, controller: controller)
    let returns = SampleMean(episodes.map(\.totalReward))
    let spread = 4 * (pow(returns.standardError, 2) + pow(expected.ret.sem, 2)).squareRoot()
    #expect(
      abs(returns.mean - expected.ret.mean) < spread + allowance * abs(expected.ret.mean),
      "return \(returns) against \(expected.ret)")
    let length = episodes.map { Double($0.length) }.reduce(0, +) / Double(episodes.count)
    #expect(
      abs(length - expected.length.mean) < 0.15 * expected.length.mean,
      "length \(length) against \(expected.length)")
  }
}
