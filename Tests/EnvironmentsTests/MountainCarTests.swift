import Environments
import RLCore
import Testing

/// Rules of the mountain cars and the acrobot that their traces don't reach.
@Suite struct MountainCarTests {
  private func step(
    _ action: Float, from position: Double, _ velocity: Double, times: Int = 1
  ) -> (car: MountainCarContinuous, outcome: StepOutcome) {
    var values: [2 of Float] = [0, 0]
    var observation = values.mutableSpan
    var car = MountainCarContinuous(
      parameters: .init(), position: position, velocity: velocity, observation: &observation)
    var outcome = StepOutcome(reward: 0)
    for _ in 0..<times { outcome = car.step(action: [action].span, observation: &observation) }
    return (car, outcome)
  }

  @Test func effortCostsAndTheGoalPays() {
    #expect(step(0.5, from: -0.5, 0).outcome == StepOutcome(reward: -0.25 * 0.1))
    // An action beyond the bounds costs no more than the strongest.
    #expect(step(3, from: -0.5, 0).outcome == StepOutcome(reward: -0.1))
    #expect(step(0, from: 0.44, 0.03).outcome == StepOutcome(reward: 100, end: .goalReached))
    #expect(step(0, from: 0.44, 0.005).outcome == StepOutcome(reward: 0))
  }

  @Test func theWallStopsTheCar() {
    let (car, _) = step(-1, from: -1.19, -0.05)
    #expect(car.velocity == 0 && Float(car.position) == -1.2)
    let (other, _) = step(-1, from: -1.19, -0.05, times: 2)
    #expect(other.velocity > 0 && other.position > car.position)
  }

  @Test func theCarWithChoicesEndsAtItsOwnGoal() {
    for (position, end) in [(0.46, nil), (0.48, TaskEnd.goalReached)] {
      var values: [2 of Float] = [0, 0]
      var observation = values.mutableSpan
      var car = MountainCar(
        parameters: .init(), position: position, velocity: 0.022, observation: &observation)
      let outcome = car.step(action: [1].span, observation: &observation)
      #expect(outcome == StepOutcome(reward: -1, end: end))
    }
  }

  @Test func theAcrobotArrivesAboveTheLine() {
    for (angle, arrives) in [(Double.pi, true), (0.4 * Double.pi, false)] {
      var values: [6 of Float] = [0, 0, 0, 0, 0, 0]
      var observation = values.mutableSpan
      var acrobot = AcrobotV1(
        parameters: .init(), state: .init(angles: (angle, 0), velocities: (0, 0)),
        observation: &observation)
      let outcome = acrobot.step(action: [1].span, observation: &observation)
      #expect(
        outcome == StepOutcome(reward: arrives ? 0 : -1, end: arrives ? .goalReached : nil))
      #expect(abs(acrobot.state.angles.0) <= .pi)
    }
  }
}
