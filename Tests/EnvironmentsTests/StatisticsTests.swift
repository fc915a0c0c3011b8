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
}
