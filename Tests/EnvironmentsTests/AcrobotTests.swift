import Environments
import Foundation
import RLCore
import Testing

/// The acrobot of rigid bodies against the closed form, whose task it is.
@Suite struct AcrobotTests {
  /// The first ten actions of both, bent against the swing as their controllers do.
  @Test func theBodiesFollowTheClosedForm() {
    for seed in 0..<20 as Range<UInt64> {
      var (values, others) = ([Float](repeating: 0, count: 6), [Float](repeating: 0, count: 6))
      var observation = values.mutableSpan
      var other = others.mutableSpan
      var (random, again) = (NumPyRandom(seed: seed), NumPyRandom(seed: seed))
      var bodies = Acrobot(parameters: .init(), using: &random, observation: &observation)
      var closed = AcrobotV1(parameters: .init(), using: &again, observation: &other)
      for step in 0...10 {
        for j in 0..<6 {
          let difference = abs(observation[j] - other[j])
          #expect(difference < (step == 0 ? 1e-6 : 0.008), "seed \(seed), step \(step), \(j)")
        }
        let bends = other[5] > 2 * other[4]
        _ = bodies.step(action: [bends ? 1 : -1].span, observation: &observation)
        _ = closed.step(action: [bends ? 2 : 0].span, observation: &other)
      }
    }
  }

  private func step(
    _ state: AcrobotState, action: Float
  ) -> (outcome: StepOutcome, observation: [Float]) {
    var values = [Float](repeating: 0, count: 6)
    var observation = values.mutableSpan
    var acrobot = Acrobot(parameters: .init(), state: state, observation: &observation)
    let outcome = acrobot.step(action: [action].span, observation: &observation)
    return (outcome, values)
  }

  /// From rest the torque bends the lower link its own way and the upper one the other, and half of
  /// it half as far; a torque beyond the bounds does no more than that of the bound.
  @Test func aTorqueOfAnySizeBends() {
    let rest = AcrobotState(angles: (0, 0), velocities: (0, 0))
    let (full, half) = (step(rest, action: 1).observation, step(rest, action: 0.5).observation)
    #expect(full[5] > 0.1 && full[4] < -0.05)
    #expect(abs(full[5] - 2 * half[5]) < 1e-3 && abs(full[4] - 2 * half[4]) < 1e-3)
    #expect(step(rest, action: 0).observation[5] == 0)
    #expect(step(rest, action: 7).observation == full)
  }

  @Test func theTipArrivesAboveTheLine() {
    for (angle, arrives) in [(Double.pi, true), (0.4 * Double.pi, false)] {
      let state = AcrobotState(angles: (angle, 0), velocities: (0, 0))
      #expect(
        step(state, action: 0).outcome
          == StepOutcome(reward: arrives ? 0 : -1, end: arrives ? .goalReached : nil))
    }
  }
}
