import Environments
import RLCore
import Rendering
import Testing
import RLSuiteTool

/// What play does with keys and time, without a window, a clock or a simulator.
@Suite struct PlayModelTests {
  private func model() throws -> PlayModel {
    let environment = try #require(EnvironmentRegistry.find("cartpole-v1")).construct(1)
    return PlayModel(
      specification: environment.specification, controls: environment.manualControls,
      disturbances: environment.disturbanceComponents, speed: 1)
  }

  private func press(
    _ key: WindowKey, _ model: inout PlayModel, at now: Double = 0
  ) -> PlayModel.Request? {
    model.handle(.keyPressed(Keystroke(key)), at: now)
  }

  @Test func waitsForTheFirstControl() throws {
    var model = try model()
    #expect(model.takeDueSteps(at: 100) == 0)
    #expect(press(.printing("x"), &model, at: 100) == nil)
    #expect(model.phase == .ready)
    #expect(model.panel.help.contains { $0.keys == "right" })
    #expect(press(.right, &model, at: 100) == nil)
    #expect(model.phase == .running)
    #expect(model.panel == ControlPanel())
    #expect(model.takeDueSteps(at: 100.01) == 0)
    #expect(model.takeDueSteps(at: 100.041) == 2)
    #expect(model.pilot.takeAction() == [1])
  }

  @Test func pausesForPAndWhenTheFocusGoes() throws {
    var model = try model()
    _ = press(.enter, &model)
    #expect(model.phase == .running)
    _ = press(.printing("p"), &model)
    #expect(model.phase == .paused)
    // Steering does not end a pause.
    _ = press(.right, &model)
    #expect(model.phase == .paused)
    #expect(model.takeDueSteps(at: 50) == 0)
    _ = press(.printing("p"), &model, at: 50)
    #expect(model.takeDueSteps(at: 50.021) == 1)
    _ = model.handle(.focusLost, at: 51)
    #expect(model.mode == "paused")
  }

  @Test func restartsAndGoesOnToTheNextEpisode() throws {
    var model = try model()
    _ = press(.enter, &model)
    #expect(press(.printing("r"), &model) == .restart)
    #expect(model.phase == .ready)
    _ = press(.enter, &model)
    model.episodeEnded("done", isLast: false)
    #expect(model.panel.headline == "done")
    // A key that still steers must not hide the result.
    #expect(press(.right, &model) == nil)
    #expect(model.phase == .over(result: "done", isLast: false))
    #expect(press(.enter, &model) == .next)
    #expect(model.phase == .ready)
  }

  @Test func closesAfterTheLastEpisodeAndOnEscape() throws {
    var model = try model()
    _ = press(.enter, &model)
    model.episodeEnded("done", isLast: true)
    #expect(press(.enter, &model) == nil)
    #expect(model.isDone)
    var other = try self.model()
    _ = press(.escape, &other)
    #expect(other.isDone)
  }

  @Test func theHelpNamesTheSticksOfAPad() throws {
    var model = try model()
    #expect(!model.panel.help.contains { $0.keys.contains("stick") })
    _ = model.handle(.padConnected(name: "pad"), at: 0)
    #expect(model.panel.help.contains { $0.keys == "left, left stick left" })
    _ = press(.enter, &model)
    _ = model.handle(.padDisconnected, at: 1)
    #expect(model.phase == .paused)
  }
}
