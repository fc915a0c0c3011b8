package import Rendering

/// What a viewer of a finished episode shows and how it answers to keys and mouse.
///
/// Knows neither window nor clock: events and moments go in, the step to show comes out.
package struct ViewerModel: Sendable {
  /// The steps of the episode; step 0 is the state after the reset.
  package let steps: Int
  /// The step to show, 0...``steps``.
  package private(set) var step: Int
  /// Whether time stands still.
  package private(set) var isPaused: Bool
  /// Simulated seconds per second.
  package private(set) var speed: Double
  /// Whether the keys are explained.
  package private(set) var showsHelp = false
  /// Whether figures and timeline are drawn over the scene.
  package private(set) var showsFigures = true
  /// Whether the person has had enough.
  package private(set) var isDone = false
  /// Whether something to be seen has changed since ``frameWasShown(at:)``.
  package private(set) var needsFrame = true

  private let timeStep: Double
  private var pacer: Pacer
  private var isDragging = false
  private var lastFrame = -Double.infinity

  /// The speeds that up and down go through.
  package static let speeds = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16]
  /// More pictures than this per second would not be seen.
  private static let framesPerSecond = 60.0

  /// Shows the first step of an episode, or another one.
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

  /// What the keys do, for the help panel.
  package static let help = [
    ControlPanel.Line("space", "pause, go on"),
    ControlPanel.Line("left, right", "one step back, on"),
    ControlPanel.Line("page up, down", "one second back, on"),
    ControlPanel.Line("home, end", "first, last step"),
    ControlPanel.Line("up, down", "faster, slower"),
    ControlPanel.Line("mouse", "drag the timeline"),
    ControlPanel.Line("i", "hide or show figures"),
    ControlPanel.Line("h", "this help"),
    ControlPanel.Line("escape, q", "close"),
  ]

  /// A word on what the viewer does; nil where it just plays.
  package var mode: String? {
    let pace = speed == 1 ? nil : "\(speedText(speed))x"
    let state = isPaused ? (step == steps ? "end" : "paused") : nil
    let words = [state, pace].compactMap(\.self)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  /// The parts of the panel that belong to the viewer.
  package var panel: ControlPanel {
    var panel = ControlPanel()
    if showsFigures {
      panel.timeline = .init(
        step: step, steps: steps, timeStep: timeStep, isPlaying: !isPaused)
    }
    if showsHelp { panel.help = Self.help }
    return panel
  }

  /// Answers to an event.
  ///
  /// - Parameters:
  ///   - event: What happened.
  ///   - size: Size of the picture the mouse points at.
  ///   - now: When it happened.
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

  /// Goes on by as many steps as are due; stops at the last one.
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

  /// Whether a picture is to be drawn now.
  package func isFrameDue(at now: Double) -> Bool {
    needsFrame && now >= lastFrame + 1 / Self.framesPerSecond
  }

  /// Notes that what is to be seen is on the screen.
  package mutating func frameWasShown(at now: Double) {
    needsFrame = false
    lastFrame = now
  }

  /// How long nothing will change unless something happens, at most `limit` seconds.
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

  /// Shows a step and stays there.
  private mutating func go(to wanted: Int) {
    stop()
    step = min(max(wanted, 0), steps)
    needsFrame = true
  }

  /// Shows a part of the way while the mouse drags the timeline.
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

/// A speed as a person writes it: "0.25", "2".
func speedText(_ speed: Double) -> String {
  speed == speed.rounded() ? "\(Int(speed))" : "\(speed)"
}
