import Agents
import Environments
import Experiments
import Foundation
import LinearAlgebra
import RLCore
import Testing
import Training

/// What agents make of two equally good goals, from a thousand episodes in the very middle.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["RLSUITE_LONG_TESTS"] != nil))
struct TwoGoalsLearningTests {
  struct Outcome {
    var up: Double
    var down: Double
    var meanReturn: Double
  }

  /// Trains an agent with its preset.
  private func train(_ agent: String, seed: UInt64) throws -> any Policy {
    let environment = try #require(EnvironmentRegistry.find("diagnostic-two-goals"))
    let registered = try #require(AgentRegistry.find(agent))
    let configuration = try ConfigurationResolver(
      environment: environment.identifier, parameters: [], agent: registered
    ).resolve()
    let run = configuration.run
    let vector = try environment.makeVector(run.environments)
    vector.reset(seeds: .training(runSeed: seed))
    let agent = registered.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: 2), seed: seed, totalSteps: run.steps))
    while agent.environmentSteps < run.steps { _ = try agent.iterate() }
    return agent.policy
  }

  /// Plays episodes that start in the middle column, with random actions of the policy.
  private func play(_ policy: any Policy, episodes: Int) -> Outcome {
    let (observations, actions) = (
      Matrix(rows: episodes, columns: 2), Matrix(rows: episodes, columns: 2)
    )
    var tasks: [DiagnosticTwoGoals] = []
    for i in 0..<episodes {
      var observation = observations.mutableRow(i).mutableSpan
      tasks.append(DiagnosticTwoGoals(column: 0, row: 0, observation: &observation))
    }
    var streams = (0..<episodes).map { RandomStream(seed: 1, name: "middle", index: $0) }
    var isOver = [Bool](repeating: false, count: episodes)
    var sum = 0.0
    let actor = policy.makeActor(rows: episodes)
    for _ in 0..<DiagnosticTwoGoals.specification.episodeSteps {
      actor.act(
        on: observations, rows: episodes, mode: .stochastic, streams: &streams, actions: actions)
      for i in 0..<episodes where !isOver[i] {
        var observation = observations.mutableRow(i).mutableSpan
        let outcome = tasks[i].step(action: actions.row(i).span, observation: &observation)
        sum += outcome.reward
        isOver[i] = outcome.terminated
      }
    }
    let reached = (0..<episodes).filter { isOver[$0] }
    let up = reached.count { observations[$0, 1] > 0 }
    let count = Double(episodes)
    return Outcome(
      up: Double(up) / count, down: Double(reached.count - up) / count, meanReturn: sum / count)
  }

  @Test(arguments: 101...105 as ClosedRange<UInt64>) func aFlowGoesBothWays(seed: UInt64) throws {
    let outcome = play(try train("fpo", seed: seed), episodes: 1000)
    print("fpo seed \(seed): \(outcome)")
    #expect(outcome.meanReturn >= 19)
    #expect(outcome.up >= 0.2 && outcome.down >= 0.2)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func aGaussianGoesOneWay(seed: UInt64) throws {
    let outcome = play(try train("ppo", seed: seed), episodes: 1000)
    print("ppo seed \(seed): \(outcome)")
    #expect(min(outcome.up, outcome.down) < 0.05 && outcome.meanReturn >= 19)
  }
}
