package import Rendering

/// The state of a viewer of a recorded episode, and its responses to keys and mouse.
///
/// The model knows neither window nor clock: it takes events and times, and determines the step to
/// show.
package struct ViewerModel: Sendable {
  /// Number of steps of the episode; step 0 is the state after the reset.
  package let steps: Int
  /// Step to show, in 0...``steps``.
  package private(set) var step: Int
  /// Whether playback is paused.
  package private(set) var isPaused: Bool
  /// Speed, in simulated seconds per second.
  package private(set) var speed: Double
  /// Whether the explanation of the keys is shown.
  package private(set) var showsHelp = false
  /// Whether figures and timeline are drawn over the scene.
  package private(set) var showsFigures = true
  /// Whether the window should close.
  package private(set) var isDone = false
  /// Whether the picture has changed since ``frameWasShown(at:)``.
  package private(set) var needsFrame = true

  private let timeStep: Double
  private var pacer: Pacer
  private var isDragging = false
  private var lastFrame = -Double.infinity

  /// Speeds between which the keys up and down choose.
  package static let speeds = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16]
  /// Largest number of pictures per second.
  private static let framesPerSecond = 60.0

  /// Creates a viewer of an episode that starts at a given step.
  package init(
    steps: Int, timeStep: Double, step: Int = 0, speed: Double = 1, isPaused: Bool = false
  ) {
    precondition(steps >= 0 && (0...steps).contains(step), "step \(step) of \(steps)")
    self.steps = steps
    self.step = step
    self.speed = speed
    self.isPaused = isPaused
    self.timeStep = timeStep
    pacer = Pacer(timeStep: timeStep, speed: speed)
  }

  /// Explanation of the keys, for the help panel.
  package static let help = [
    ControlPanel.Line("space", "pause, continue"),
    ControlPanel.Line("left, right", "one step back, forward"),
    ControlPanel.Line("page up, down", "one second back, forward"),
    ControlPanel.Line("home, end", "first, last step"),
    ControlPanel.Line("up, down", "faster, slower"),
    ControlPanel.Line("mouse", "drag the timeline"),
    ControlPanel.Line("i", "hide or show figures"),
    ControlPanel.Line("h", "this help"),
    ControlPanel.Line("escape, q", "close"),
  ]

  /// Words on the state and the speed; nil during playback at normal speed.
  package var mode: String? {
    let pace = speed == 1 ? nil : "\(speedText(speed))x"
    let state = isPaused ? (step == steps ? "end" : "paused") : nil
    let words = [state, pace].compactMap(\.self)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  /// Panel with the timeline and the explanation of the keys.
  package var panel: ControlPanel {
    var panel = ControlPanel()
    if showsFigures {
      panel.timeline = .init(
        step: step, steps: steps, timeStep: timeStep, isPlaying: !isPaused)
    }
    if showsHelp { panel.help = Self.help }
    return panel
  }

  /// Responds to an event of the window.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - size: Size of the picture under the mouse, in pixels.
  ///   - now: Time of the event, in seconds.
  package mutating func handle(
    _ event: WindowEvent, size: (width: Int, height: Int), at now: Double
  ) {
    switch event {
    case .quit: isDone = true
    case .keyPressed(let stroke): handle(stroke, at: now)
    case .mousePressed(let x, let y):
      guard showsFigures else { return }
      switch ControlPanel.target(x: x, y: y, width: size.width, height: size.height) {
      case .playButton: togglePause(at: now)
      case .timeline(let share):
        isDragging = true
        pacer.stop()
        show(share)
      case nil: break
      }
    case .mouseDragged(let x, _):
      guard isDragging else { return }
      show(ControlPanel.timelineShare(x: x, width: size.width, height: size.height))
    case .mouseReleased, .focusLost:
      isDragging = false
    case .padPressed(.south), .padPressed(.start): togglePause(at: now)
    case .padPressed(.right): go(to: step + 1)
    case .padPressed(.left): go(to: step - 1)
    case .padPressed(.up): changeSpeed(up: true)
    case .padPressed(.down): changeSpeed(up: false)
    case .padPressed(.back), .padPressed(.east): isDone = true
    case .resized, .exposed: needsFrame = true
    default: break
    }
  }

  private mutating func handle(_ stroke: Keystroke, at now: Double) {
    switch stroke.symbol {
    case .right: go(to: step + 1)
    case .left: go(to: step - 1)
    case .pageDown: go(to: step + stepsPerSecond)
    case .pageUp: go(to: step - stepsPerSecond)
    case .home: go(to: 0)
    case .end: go(to: steps)
    case .up, .printing("+"), .printing("="): changeSpeed(up: true)
    case .down, .printing("-"): changeSpeed(up: false)
    case _ where stroke.isRepeat: break
    case .space: togglePause(at: now)
    case .escape, .printing("q"): isDone = true
    case .printing("h"):
      showsHelp.toggle()
      needsFrame = true
    case .printing("i"):
      showsFigures.toggle()
      needsFrame = true
    default: break
    }
  }

  private var stepsPerSecond: Int { max(1, Int((1 / timeStep).rounded())) }

  /// Advances by the number of steps that are due; pauses at the last one.
  package mutating func advance(to now: Double) {
    guard !isPaused, !isDragging else { return }
    guard pacer.isRunning else {
      pacer.start(at: now)
      return
    }
    let count = pacer.takeDue(at: now)
    guard count > 0 || step == steps else { return }
    step = min(step + count, steps)
    needsFrame = true
    if step == steps { stop() }
  }

  /// Returns whether a picture should be drawn now.
  package func isFrameDue(at now: Double) -> Bool {
    needsFrame && now >= lastFrame + 1 / Self.framesPerSecond
  }

  /// Records that the current picture is on the screen.
  package mutating func frameWasShown(at now: Double) {
    needsFrame = false
    lastFrame = now
  }

  /// Returns the time to wait for events before the next change, at most `limit` seconds.
  package func waitingTime(at now: Double, limit: Double) -> Double {
    let nextFrame = lastFrame + 1 / Self.framesPerSecond
    var wait = limit
    if needsFrame { wait = min(wait, nextFrame - now) }
    if !isPaused, !isDragging {
      wait = min(wait, pacer.due.map { max($0, nextFrame) - now } ?? 0)
    }
    return max(0, wait)
  }

  // MARK: Changes

  private mutating func togglePause(at now: Double) {
    needsFrame = true
    guard isPaused else { return stop() }
    if step == steps { step = 0 }
    isPaused = false
    pacer.start(at: now)
  }

  private mutating func stop() {
    isPaused = true
    pacer.stop()
  }

  /// Shows a step and pauses there.
  private mutating func go(to wanted: Int) {
    stop()
    step = min(max(wanted, 0), steps)
    needsFrame = true
  }

  /// Shows the step at a fraction of the timeline, while the mouse drags it.
  private mutating func show(_ share: Double) {
    step = Int((share * Double(steps)).rounded())
    needsFrame = true
  }

  private mutating func changeSpeed(up: Bool) {
    let next =
      up ? Self.speeds.first { $0 > speed } : Self.speeds.last { $0 < speed }
    guard let next else { return }
    speed = next
    pacer.speed = next
    needsFrame = true
  }
}

/// Returns a speed as text, such as "0.25" or "2".
func speedText(_ speed: Double) -> String {
  speed == speed.rounded() ? "\(Int(speed))" : "\(speed)"
}
