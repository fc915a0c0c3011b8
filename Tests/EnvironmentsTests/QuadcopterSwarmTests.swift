import Environments
import Foundation
import RLCore
import Testing

/// Several quadcopters in one world: downwash, collisions, and what they observe of each other.
@Suite struct QuadcopterSwarmTests {
  @Test(
    arguments: [("quadcopter-swarm", 100), ("quadcopter-swarm-2", 100), ("quadcopter-swarm-8", 20)])
  func theControllerCrosses(identifier: String, count: Int) throws {
    let task = try #require(EnvironmentRegistry.find(identifier))
    let flown = playEpisodes(identifier, count: count, controller: "quadcopter-swarm-layers")
    let successes = flown.count {
      task.isSuccess($0.end, finalObservation: $0.finalObservation.span) == true
    }
    #expect(successes >= count * 95 / 100)
    #expect(playEpisodes(identifier, count: 20).allSatisfy { $0.end != .timeLimit })
  }

  /// Body after body, each with the same components.
  @Test(arguments: [("quadcopter-swarm", 4), ("quadcopter-swarm-2", 2), ("quadcopter-swarm-8", 8)])
  func partsOfAgentsAreEqual(identifier: String, count: Int) throws {
    let specification = try #require(EnvironmentRegistry.find(identifier)).specification
    #expect(specification.agents == count)
    let names = specification.observationComponents.map(\.name)
    let width = names.count / count
    for i in names.indices {
      #expect(names[i] == "\(i / width + 1)" + names[i % width].dropFirst())
    }
  }

  /// The fit of gym-pybullet-drones, with its poles cut off.
  @Test func downwashHasItsFit() {
    let weight = QuadcopterModel.mass * QuadcopterModel.gravity
    func force(_ height: Double, _ offset: Double = 0) -> Double {
      QuadcopterModel.downwash(height: height, offset: offset)
    }
    #expect(abs(force(0.5) / weight - 1.147) < 0.001)
    #expect(abs(force(1) - 0.0758) < 1e-4 && abs(force(2) - 0.01896) < 1e-5)
    #expect(force(0.001) == force(0.25) && force(0.25) < 4.6 * weight)
    #expect(force(0) == 0 && force(-0.5) == 0)
    // Half a standard deviation beside the middle; at 0.69 m the fit has no width at all.
    #expect(abs(force(2, 0.21) / force(2) - 0.6065) < 1e-4)
    #expect(abs(force(0.6875, 0.05) / force(0.6875) - 0.6065) < 1e-4)
  }

  /// Two quadcopters in given states (x, x', z, z', pitch, rate), after a step without action.
  private func step(
    _ first: [6 of Double], _ second: [6 of Double], downwash: Double = 1
  ) -> (outcome: StepOutcome, observation: [Float]) {
    var parameters = QuadcopterSwarmParameters()
    parameters.downwash = downwash
    var states = [8 of [6 of Double]](repeating: first)
    states[1] = second
    var values = [Float](repeating: 0, count: 28)
    var observation = values.mutableSpan
    var swarm = QuadcopterSwarm<2>(
      parameters: parameters, states: states, goalHeights: .init(repeating: 1.5),
      observation: &observation)
    let hover: [Float] = [0, 0, 0, 0]
    let outcome = swarm.step(action: hover.span, observation: &observation)
    return (outcome, values)
  }

  /// The lower one falls by the excess of 1.147 weights, the upper one hovers on.
  @Test func downwashActsOnTheLowerOne() {
    let (outcome, seen) = step([0, 0, 1.5, 0, 0, 0], [0, 0, 2, 0, 0, 0])
    #expect(outcome.end == nil)
    #expect(abs(seen[3] / (-1.147 * 9.8 * 0.02) - 1) < 0.02)
    #expect(abs(seen[17]) < 1e-3)
    let calm = step([0, 0, 1.5, 0, 0, 0], [0, 0, 2, 0, 0, 0], downwash: 0).observation
    #expect(abs(calm[3]) < 1e-3 && abs(calm[17]) < 1e-3)
  }

  @Test func failuresHaveNames() {
    for (state, end) in [
      ([0.13, -1, 1.5, 0, 0, 0], .collided), ([1, 0, 0.01, -5, 0, 0], .fell),
      ([1, 0, 1.5, 0, 1.6, 0], .fell), ([2.99, 5, 1.5, 0, 0, 0], .outOfBounds),
      ([1, 0, 2.99, 5, 0, 0], .outOfBounds), ([0.5, 0, 1.5, 0, 0, 0], nil),
    ] as [([Double], TaskEnd?)] {
      let outcome = step([0, 0, 1.5, 0, 0, 0], [6 of Double] { state[$0] }).outcome
      #expect(outcome.end == end)
      #expect(end == nil ? outcome.reward > 0 : outcome.reward < -3)
    }
  }

  /// A pair at s < 0.3 m costs 0.5 (1 - s / 0.3)², shared between both; all else follows from the
  /// distance d to the goal, which is s too.
  @Test func nearnessCosts() {
    func reward(_ s: Double) -> Double {
      step([-s / 2, 0, 1.5, 0, 0, 0], [s / 2, 0, 1.5, 0, 0, 0]).outcome.reward
    }
    #expect(abs(reward(0.6) - exp(-0.6)) < 1e-3)
    #expect(abs(reward(0.2) - (exp(-0.2) - 0.5 / 18)) < 1e-3)
  }

  /// Each of eight observes its three nearest, those after it first.
  @Test func neighboursAreTheNearest() {
    var values = [Float](repeating: 0, count: 8 * 22)
    var observation = values.mutableSpan
    let states = [8 of [6 of Double]] { i in
      [Double(i % 4), 0.1 * Double(i), i < 4 ? 2 : 3.5, 0, 0, 0]
    }
    _ = QuadcopterSwarm<8>(
      parameters: .init(), states: states, goalHeights: .init(repeating: 3),
      observation: &observation)
    // Number 1 at (1, 2): 2 and 0 are 1 m away, 5 is 1.5 m above; number 2 comes first, 0 last.
    let first = 22 + 10
    let seen = values[first..<first + 12].map { ($0 * 10).rounded() / 10 }
    #expect(seen == [1, 0.1, 0, 0, 0, 0.4, 1.5, 0, -1, -0.1, 0, 0])
  }
}
