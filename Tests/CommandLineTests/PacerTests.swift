import Testing
import RLSuiteTool

/// Simulated time against a clock that the tests turn by hand.
@Suite struct PacerTests {
  @Test func stepsFollowTheClockWithoutDrift() {
    var pacer = Pacer(timeStep: 0.02)
    pacer.start(at: 5)
    var steps = 0
    // Asked at odd moments, none of them a multiple of the time step.
    for i in 1...9973 { steps += pacer.takeDue(at: 5 + Double(i) * 0.0601) }
    #expect(steps == Int(9973 * 0.0601 / 0.02))
  }

  @Test func nothingIsDueWhileStoppedOrTooEarly() {
    var pacer = Pacer(timeStep: 0.5, speed: 2)
    #expect(pacer.takeDue(at: 100) == 0)
    pacer.start(at: 100)
    #expect(pacer.due == 100.25)
    #expect(pacer.takeDue(at: 100.2) == 0)
    #expect(pacer.takeDue(at: 100.25) == 1)
    pacer.stop()
    #expect(pacer.takeDue(at: 200) == 0)
  }

  @Test func aStallIsDroppedInsteadOfCaughtUpWith() {
    var pacer = Pacer(timeStep: 0.01)
    pacer.start(at: 0)
    #expect(pacer.takeDue(at: 60) == 1)
    #expect(pacer.takeDue(at: 60.0101) == 1)
  }

  @Test func aNewSpeedCountsFromTheLastStep() {
    var pacer = Pacer(timeStep: 1)
    pacer.start(at: 0)
    #expect(pacer.takeDue(at: 1) == 1)
    pacer.speed = 4
    #expect(pacer.due == 1.25)
    pacer.speed = 0.5
    #expect(pacer.due == 3)
  }
}
