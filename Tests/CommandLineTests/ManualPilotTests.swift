import RLCore
import Rendering
import Testing
import RLSuiteTool

/// From held keys and sticks to actions.
@Suite struct ManualPilotTests {
  private let box = ManualControls(
    bindings: [
      .init("up", key: .up, axis: (.leftY, isPositive: true), action: [0.75, 0.75]),
      .init("left", key: .left, axis: (.leftX, isPositive: false), action: [-0.5, 0.5]),
      .init("right", key: .d, axis: (.leftX, isPositive: true), action: [0.5, -0.5]),
    ], rest: [[0.1, 0.1]])
  private let discrete = ManualControls(
    bindings: [
      .init("left", key: .left, axis: (.leftX, isPositive: false), action: [0]),
      .init("right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0], [1]])

  private var boxPilot: ManualPilot {
    ManualPilot(
      controls: box, space: .box(low: [-1, -1], high: [1, 1]), pushBounds: [5, 3])
  }
  private var discretePilot: ManualPilot {
    ManualPilot(controls: discrete, space: .discrete(count: 2))
  }

  private func down(_ key: WindowKey, hasShift: Bool = false) -> WindowEvent {
    .keyPressed(Keystroke(key, hasShift: hasShift))
  }

  @Test func everythingHeldIsAddedAndClipped() {
    var pilot = boxPilot
    #expect(pilot.takeAction() == [0.1, 0.1])
    pilot.handle(down(.up))
    #expect(pilot.takeAction() == [0.75, 0.75])
    pilot.handle(down(.left))
    #expect(pilot.takeAction() == [0.25, 1])
    pilot.handle(.keyReleased(.up))
    #expect(pilot.takeAction() == [-0.5, 0.5])
    pilot.handle(.keyReleased(.left))
    #expect(pilot.takeAction() == [0.1, 0.1])
  }

  @Test func sticksActInProportionAndTheirHalvesAreApart() {
    var pilot = boxPilot
    pilot.handle(.padMoved(.leftX, 0.5))
    #expect(pilot.takeAction() == [0.25, -0.25])
    pilot.handle(.padMoved(.leftX, -0.25))
    #expect(pilot.takeAction() == [-0.125, 0.125])
    // A key and a stick that mean the same do not add up.
    pilot.handle(down(.left))
    #expect(pilot.takeAction() == [-0.5, 0.5])
    pilot.handle(.keyReleased(.left))
    pilot.handle(.padDisconnected)
    #expect(pilot.takeAction() == [0.1, 0.1])
  }

  @Test func theLastChoiceHeldCounts() {
    var pilot = discretePilot
    pilot.handle(down(.left))
    pilot.handle(down(.right))
    #expect(pilot.takeAction() == [1])
    pilot.handle(.keyReleased(.right))
    #expect(pilot.takeAction() == [0])
    // A repeat is no new press.
    pilot.handle(down(.right))
    pilot.handle(.keyPressed(Keystroke(.left, isRepeat: true)))
    #expect(pilot.takeAction() == [1])
    pilot.handle(.padMoved(.leftX, -0.4))
    #expect(pilot.takeAction() == [1])
    pilot.handle(.keyReleased(.left))
    #expect(pilot.takeAction() == [1])
    pilot.handle(.padMoved(.leftX, -0.9))
    #expect(pilot.takeAction() == [0])
  }

  @Test func restIsASequenceThatStartsAgainAfterEveryControl() {
    var pilot = discretePilot
    #expect((0..<4).map { _ in pilot.takeAction()[0] } == [0, 1, 0, 1])
    _ = pilot.takeAction()
    pilot.handle(down(.right))
    #expect(pilot.takeAction() == [1])
    pilot.handle(.keyReleased(.right))
    #expect((0..<2).map { _ in pilot.takeAction()[0] } == [0, 1])
  }

  @Test func aTapBetweenTwoStepsCountsForOne() {
    var pilot = discretePilot
    pilot.handle(down(.right))
    pilot.handle(.keyReleased(.right))
    #expect(pilot.takeAction() == [1])
    #expect((0..<2).map { _ in pilot.takeAction()[0] } == [0, 1])
    pilot.handle(down(.right))
    pilot.handle(.keyReleased(.right))
    pilot.beginEpisode()
    #expect(pilot.takeAction() == [0])
  }

  @Test func nothingIsHeldAfterTheFocusIsLost() {
    var pilot = boxPilot
    pilot.handle(down(.up))
    pilot.handle(down(.left, hasShift: true))
    pilot.handle(.focusLost)
    #expect(pilot.takeAction() == [0.1, 0.1])
    #expect(pilot.takePush() == [0, 0])
  }

  @Test func shiftAndArrowsPushAndDoNotSteer() {
    var pilot = boxPilot
    #expect(pilot.takePush() == [0, 0])
    pilot.handle(down(.left, hasShift: true))
    pilot.handle(down(.up, hasShift: true))
    #expect(pilot.takeAction() == [0.1, 0.1])
    #expect(pilot.takePush() == [-5, 3])
    pilot.handle(.keyReleased(.left))
    #expect(pilot.takePush() == [0, 3])
    // Where nothing can be pushed shift changes nothing.
    var other = discretePilot
    other.handle(down(.right, hasShift: true))
    #expect(other.takeAction() == [1])
    #expect(other.takePush() == [])
  }

  @Test func controlsAreKnownFromOtherEvents() {
    let pilot = boxPilot
    #expect(pilot.isControl(down(.printing("d"))))
    #expect(!pilot.isControl(down(.right)))
    #expect(!pilot.isControl(down(.escape)))
    #expect(pilot.isControl(.padMoved(.leftX, -0.6)))
    #expect(!pilot.isControl(.padMoved(.leftX, 0.3)))
    #expect(!pilot.isControl(.padMoved(.rightX, 1)))
    #expect(pilot.isControl(.padPressed(.up)))
    #expect(!pilot.isControl(.padPressed(.south)))
  }

  @Test func theDeadZoneIsTakenOutOfTheWay() {
    #expect(ManualControls.Axis.deflection(of: 0.15) == 0)
    #expect(ManualControls.Axis.deflection(of: -0.1) == 0)
    #expect(ManualControls.Axis.deflection(of: 1) == 1)
    #expect(ManualControls.Axis.deflection(of: -1.00003) == -1)
    #expect(abs(ManualControls.Axis.deflection(of: -0.575) + 0.5) < 1e-12)
  }
}
