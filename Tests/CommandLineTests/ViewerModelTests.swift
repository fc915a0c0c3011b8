import Rendering
import Testing
import RLSuiteTool

/// The viewer's behaviour, without a window or a clock.
@Suite struct ViewerModelTests {
  private let size = (width: 600, height: 400)

  private func press(_ key: WindowKey, _ model: inout ViewerModel, at now: Double = 0) {
    model.handle(.keyPressed(Keystroke(key)), size: size, at: now)
  }

  @Test func playsInRealTimeAndStopsAtTheEnd() {
    var model = ViewerModel(steps: 100, timeStep: 0.02)
    for millisecond in 0...1010 { model.advance(to: Double(millisecond) / 1000) }
    #expect(model.step == 50)
    #expect(model.mode == nil)
    for millisecond in 1010...2100 { model.advance(to: Double(millisecond) / 1000) }
    #expect(model.step == 100)
    #expect(model.isPaused)
    #expect(model.mode == "end")
  }

  @Test func spacePausesAndGoesOnAndBeginsAgainAtTheEnd() {
    var model = ViewerModel(steps: 4, timeStep: 1)
    model.advance(to: 0)
    press(.space, &model, at: 0.5)
    #expect(model.mode == "paused")
    model.advance(to: 100)
    #expect(model.step == 0)
    press(.space, &model, at: 100)
    model.advance(to: 100.9)
    #expect(model.step == 0)
    model.advance(to: 101)
    #expect(model.step == 1)
    press(.end, &model)
    #expect(model.step == 4)
    press(.space, &model, at: 200)
    #expect(model.step == 0)
    #expect(!model.isPaused)
  }

  @Test func arrowsStepOnceAndStayWithinTheEpisode() {
    var model = ViewerModel(steps: 3, timeStep: 0.02)
    press(.left, &model)
    #expect(model.step == 0)
    #expect(model.isPaused)
    for expected in [1, 2, 3, 3] {
      press(.right, &model)
      #expect(model.step == expected)
    }
    press(.left, &model)
    #expect(model.step == 2)
    press(.home, &model)
    #expect(model.step == 0)
  }

  @Test func pagesAreSeconds() {
    var model = ViewerModel(steps: 200, timeStep: 0.02, step: 60)
    press(.pageDown, &model)
    #expect(model.step == 110)
    press(.pageUp, &model)
    press(.pageUp, &model)
    #expect(model.step == 10)
  }

  @Test func speedsGoFromATenthToSixteen() {
    var model = ViewerModel(steps: 3, timeStep: 0.02, speed: 3)
    press(.up, &model)
    #expect(model.speed == 4)
    for key in [WindowKey.printing("+"), .printing("="), .up, .up] { press(key, &model) }
    #expect(model.speed == 16)
    #expect(model.mode == "16x")
    press(.printing("-"), &model)
    #expect(model.speed == 8)
    for _ in 0..<20 { press(.down, &model) }
    #expect(model.speed == 0.1)
    #expect(model.mode == "0.1x")
  }

  @Test func speedChangesWhatIsDue() {
    var model = ViewerModel(steps: 1000, timeStep: 0.1, speed: 0.5)
    model.advance(to: 0)
    for tick in 1...20 { model.advance(to: Double(tick) / 10 + 1e-9) }
    #expect(model.step == 10)
  }

  @Test func draggingTheTimelineSeeks() {
    var model = ViewerModel(steps: 200, timeStep: 0.02)
    model.advance(to: 0)
    // The track of a picture of 600 × 400 lies between 46 and 492, its middle at 378.
    model.handle(.mousePressed(x: 269, y: 378), size: size, at: 0)
    #expect(model.step == 100)
    model.advance(to: 50)
    #expect(model.step == 100)
    model.handle(.mouseDragged(x: 9000, y: -50), size: size, at: 50)
    #expect(model.step == 200)
    model.handle(.mouseDragged(x: 46, y: 10), size: size, at: 50)
    #expect(model.step == 0)
    model.handle(.mouseReleased, size: size, at: 60)
    model.handle(.mouseDragged(x: 269, y: 378), size: size, at: 60)
    #expect(model.step == 0)
    // Time continues from where the mouse was released, without the time that passed meanwhile.
    model.advance(to: 60)
    model.advance(to: 60.021)
    #expect(model.step == 1)
  }

  @Test func theSignPausesAndTheRestOfThePictureDoesNothing() {
    var model = ViewerModel(steps: 200, timeStep: 0.02)
    model.handle(.mousePressed(x: 300, y: 200), size: size, at: 0)
    #expect(!model.isPaused && model.step == 0)
    model.handle(.mousePressed(x: 24, y: 378), size: size, at: 0)
    #expect(model.isPaused)
    // In a picture twice as large everything is.
    model.handle(.mousePressed(x: 48, y: 756), size: (1200, 800), at: 0)
    #expect(!model.isPaused)
  }

  @Test func helpAndFiguresComeAndGo() {
    var model = ViewerModel(steps: 10, timeStep: 0.02, isPaused: true)
    #expect(model.panel.help.isEmpty)
    #expect(model.panel.timeline?.steps == 10)
    press(.printing("h"), &model)
    #expect(model.panel.help == ViewerModel.help)
    press(.printing("h"), &model)
    press(.printing("i"), &model)
    #expect(model.panel == ControlPanel())
    #expect(!model.showsFigures)
    // What is not shown can't be dragged.
    model.handle(.mousePressed(x: 269, y: 378), size: size, at: 0)
    #expect(model.step == 0)
  }

  @Test(arguments: [WindowKey.escape, .printing("q")]) func keysClose(_ key: WindowKey) {
    var model = ViewerModel(steps: 10, timeStep: 0.02)
    press(key, &model)
    #expect(model.isDone)
  }

  @Test func heldKeysRepeatStepsButNotPauses() {
    var model = ViewerModel(steps: 10, timeStep: 0.02)
    press(.space, &model)
    model.handle(.keyPressed(Keystroke(.space, isRepeat: true)), size: size, at: 0)
    #expect(model.isPaused)
    model.handle(.keyPressed(Keystroke(.right, isRepeat: true)), size: size, at: 0)
    #expect(model.step == 1)
  }

  @Test func picturesAreDrawnWhenSomethingChangesAndNotTooOften() {
    var model = ViewerModel(steps: 100, timeStep: 0.001, isPaused: true)
    #expect(model.isFrameDue(at: 10))
    model.frameWasShown(at: 10)
    #expect(!model.isFrameDue(at: 20))
    #expect(model.waitingTime(at: 20, limit: 0.2) == 0.2)
    press(.right, &model)
    #expect(!model.isFrameDue(at: 10.01))
    #expect(model.isFrameDue(at: 10.02))
    model.handle(.exposed, size: size, at: 30)
    #expect(model.waitingTime(at: 30, limit: 0.2) == 0)
  }
}
