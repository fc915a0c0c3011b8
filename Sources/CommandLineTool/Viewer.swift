import ArgumentParser
import Foundation
import RLCore
import Recording
import Rendering

/// Shows a recording in a window, in real time.
struct Viewer {
  /// Title of the window.
  var title: String
  /// Size of the window in points.
  var size = Picture.standardSize
  /// Speed, in simulated seconds per second.
  var speed = 1.0
  /// Whether the viewer starts paused.
  var isPaused = false
  /// First step to show; the last step if the episode is shorter.
  var firstStep = 0

  /// Opens a window and returns when it is closed.
  ///
  /// - Parameter replay: The replay to show; the viewer uses its `onState` meanwhile.
  /// - Throws: `WindowError` if no window opens, `FileError` if the recording is damaged.
  func show(_ replay: Replay) throws {
    let window = try Window(title: title, width: size.width, height: size.height)
    let stop = StopSignal(notice: "\(CommandLineTool.name): closing the window")
    let steps = replay.recording.stepCount
    var model = ViewerModel(
      steps: steps, timeStep: replay.environment.specification.timeStep,
      step: min(max(firstStep, 0), steps), speed: speed, isPaused: isPaused)
    try Self.play(replay, &model, in: window) { _ in stop.isRaised }
    if stop.isRaised { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }

  /// Shows a recording until the model is done or a condition holds.
  ///
  /// - Parameters:
  ///   - replay: The replay to show; the viewer uses its `onState` meanwhile.
  ///   - model: State of the viewer.
  ///   - window: Window to show it in.
  ///   - isOver: A closure that returns whether to end.
  /// - Throws: `FileError` if the recording is damaged.
  static func play(
    _ replay: Replay, _ model: inout ViewerModel, in window: Window,
    until isOver: (ViewerModel) -> Bool
  ) throws {
    let state = ShownState()
    replay.onState = { replay in
      state.scene = replay.environment.scene(of: 0)
      state.overlay = Overlay(replay)
    }
    defer { replay.onState = nil }
    replay.rewind()
    var screen = try Screen(of: window)
    while !model.isDone, !isOver(model) {
      let wait = model.waitingTime(at: Clock.now, limit: Clock.longestWait)
      for event in window.events(waiting: wait) {
        model.handle(event, size: screen.size, at: Clock.now)
      }
      model.advance(to: Clock.now)
      guard model.isFrameDue(at: Clock.now), !model.isDone else { continue }
      if model.step != replay.step { try replay.seek(to: model.step) }
      try screen.fit(window)
      try show(state, model, on: screen, in: window)
      model.frameWasShown(at: Clock.now)
    }
  }

  private static func show(
    _ state: ShownState, _ model: ViewerModel, on screen: Screen, in window: Window
  ) throws {
    guard let scene = state.scene else { return }
    var overlay = model.showsFigures ? state.overlay : nil
    overlay?.mode = model.mode
    try window.present(screen.draw(scene, overlay: overlay, panel: model.panel))
  }

  /// Scene and figures of the step that is shown.
  private final class ShownState {
    var scene: Scene?
    var overlay: Overlay?
  }
}

/// A renderer and a panel painter for the current size of a window.
struct Screen {
  private var renderer: SceneRenderer
  private var painter: ControlPanelPainter

  /// Creates a screen that fills a window.
  init(of window: Window) throws {
    let size = window.pictureSize
    try self.init(width: size.width, height: size.height)
  }

  /// Creates a screen for pictures of this size, in pixels.
  init(width: Int, height: Int) throws {
    renderer = try SceneRenderer(width: width, height: height)
    painter = ControlPanelPainter(over: renderer)
  }

  /// Size of the pictures, in pixels.
  var size: (width: Int, height: Int) { (renderer.picture.width, renderer.picture.height) }

  /// Recreates the screen if the window's size has changed.
  mutating func fit(_ window: Window) throws {
    if window.pictureSize != size { self = try Screen(of: window) }
  }

  /// Draws a scene with its overlay and panel.
  func draw(_ scene: Scene, overlay: Overlay?, panel: ControlPanel) -> Picture {
    renderer.draw(scene, overlay: overlay)
    painter.draw(panel)
    return renderer.picture
  }
}

/// The clock for windows.
enum Clock {
  /// Time of a monotonic clock, in seconds.
  static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
  /// Longest wait for events in seconds, after which a signal is noticed at the latest.
  static let longestWait = 0.2
}
