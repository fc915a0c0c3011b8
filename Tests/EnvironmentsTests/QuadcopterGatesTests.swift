import Environments
import Foundation
import RLCore
import Testing

/// Gates, balloons and the range finder of `quadcopter-gates`.
@Suite struct QuadcopterGatesTests {
  @Test func theControllerArrives() {
    let flown = playEpisodes(
      "quadcopter-gates", count: 100, controller: "quadcopter-gates-cascade")
    #expect(flown.count { $0.end == .task(.goalReached) } >= 95)
    #expect(
      playEpisodes("quadcopter-gates", count: 50).allSatisfy { $0.end != .task(.goalReached) })
  }

  private func course(seed: UInt64, balloons: Int) -> GateCourse {
    var random = NumPyRandom(seed: seed)
    return GateCourse(balloonCount: balloons, using: &random)
  }

  /// The outcome of a step without action, and the observation after it.
  private func step(
    _ course: GateCourse, _ state: [6 of Double]
  ) -> (outcome: StepOutcome, observation: [Float]) {
    var values = [Float](repeating: 0, count: 17)
    var observation = values.mutableSpan
    var flight = QuadcopterGates(
      parameters: .init(), course: course, state: state, observation: &observation)
    let hover: [Float] = [0, 0]
    let outcome = flight.step(action: hover.span, observation: &observation)
    return (outcome, values)
  }

  /// Only the next gate counts, only through its opening and only from the left.
  @Test func gatesCountInOrder() {
    let course = course(seed: 1, balloons: 0)
    let (first, second) = (course.gates[0], course.gates[1])
    let through = step(course, [first.x - 0.02, 2, first.z, 0, 0, 0])
    #expect(
      through.outcome.end == nil && through.outcome.reward > 0.9 && through.outcome.reward < 1.1)
    #expect(abs(Double(through.observation[8]) - (second.x - first.x)) < 0.05)
    for (state, change) in [
      ([second.x - 0.02, 2, second.z, 0, 0, 0], "the second gate"),
      ([first.x + 0.02, -2, first.z, 0, 0, 0], "from the right"),
      ([first.x - 0.02, 2, first.z + 0.65, 0, 0, 0], "above the gate"),
    ] as [([Double], String)] {
      let (outcome, seen) = step(course, [6 of Double] { state[$0] })
      #expect(outcome.end == nil && outcome.reward < 0.2, "\(change)")
      #expect(abs(Double(seen[8] + seen[0]) - first.x) < 1e-5, "\(change)")
    }
  }

  @Test func gatesBalloonsAndTheGroundAreHard() {
    let course = course(seed: 1, balloons: 2)
    let (gate, balloon) = (course.gates[0], course.balloons[0])
    for (x, z, end) in [
      (gate.x - 0.1, gate.z - 0.3, TaskEnd.collided), (gate.x - 0.1, gate.z + 0.3, .collided),
      (balloon.x - 0.18, balloon.z, .collided),
    ] {
      let outcome = step(course, [x, 2, z, 0, 0, 0]).outcome
      #expect(outcome.end == end && outcome.reward < -4)
    }
    #expect(step(course, [-2.5, 0, 0.03, -2, 0, 0]).outcome.end == .fell)
  }

  /// The level ray and the two beside it hit the plane of the first gate where it is not open.
  @Test func raysSeeTheGate() {
    for seed in 0..<20 as Range<UInt64> {
      let course = course(seed: seed, balloons: 0)
      let gate = course.gates[0]
      let height = 0.5 + 0.1 * Double(seed)
      let seen = step(course, [gate.x - 1, 0, height, 0, 0, 0]).observation
      for (j, degrees) in [-40.0, -20, 0, 20, 40].enumerated() {
        let angle = degrees / 180 * .pi
        let range = (0.97 - 0.002) / cos(angle)
        let hit = height + range * sin(angle) - gate.z
        // A ray that passes an edge closely may fall to either side.
        guard hit + gate.z > 0.02, abs(abs(hit) - 0.25) > 0.03, abs(hit - 0.55) > 0.03 else {
          continue
        }
        if hit < -0.25 || hit > 0.25 && hit < 0.55 {
          #expect(abs(2 * Double(seen[12 + j]) - range) < 0.02)
        } else {
          #expect(2 * Double(seen[12 + j]) > range + 0.05)
        }
      }
    }
  }

  /// Courses differ by their seeds, and the number of balloons leaves the gates as they are.
  @Test func coursesAreDrawn() {
    let (few, many) = (course(seed: 4, balloons: 1), course(seed: 4, balloons: 2))
    for i in 0..<3 {
      #expect(few.gates[i] == many.gates[i])
      #expect((0.9...2.1).contains(few.gates[i].z))
    }
    #expect(few.balloons[0] == many.balloons[0])
    #expect(Set((0..<20).map { course(seed: $0, balloons: 1).gates[2].z }).count == 20)
  }
}
