package import RLCore
package import Rendering

/// The state of a window in which a person drives: waiting, running, paused or showing a result.
///
/// The model knows neither window nor clock nor simulator: it takes events and times, and returns
/// steps and requests.
package struct PlayModel: Sendable {
  /// A phase of the game.
  package enum Phase: Sendable, Equatable {
    /// The episode waits for the first use of a control.
    case ready
    /// Time is running.
    case running
    /// Time is paused.
    case paused
    /// The episode has ended.
    case over(result: String, isLast: Bool)
  }

  /// A player's request to the simulator.
  package enum Request: Sendable, Equatable {
    /// Restart the same episode.
    case restart
    /// Start the next episode.
    case next
  }

  /// Current phase of the game.
  package private(set) var phase = Phase.ready
  /// Keys and sticks that the player holds.
  package var pilot: ManualPilot
  /// Whether the window should close.
  package private(set) var isDone = false
  /// Whether the picture has changed since ``frameWasShown()``.
  package private(set) var needsFrame = true
  private let title: String
  private let controls: ManualControls
  private let pushes: [String]
  private var pacer: Pacer
  private var showsHelp = true
  private var hasPad = false

  /// Creates a model that waits for the first use of a control.
  ///
  /// - Parameters:
  ///   - specification: Specification of the environment.
  ///   - controls: Controls of the environment.
  ///   - disturbances: Components of the disturbance; empty if there is none.
  ///   - speed: Speed, in simulated seconds per second.
  package init(
    specification: EnvironmentSpecification, controls: ManualControls,
    disturbances: [DisturbanceComponent], speed: Double
  ) {
    title = specification.identifier
    self.controls = controls
    pushes = disturbances.map(\.name)
    pilot = ManualPilot(
      controls: controls, space: specification.actionSpace, pushBounds: disturbances.map(\.bound))
    pacer = Pacer(timeStep: specification.timeStep, speed: speed)
  }

  // MARK: Events and time

  /// Responds to an event of the window.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - now: Time of the event, in seconds.
  /// - Returns: A request to the simulator; nil if there is none.
  package mutating func handle(_ event: WindowEvent, at now: Double) -> Request? {
    pilot.handle(event)
    switch event {
    case .quit: isDone = true
    case .keyPressed(let stroke) where !stroke.isRepeat:
      if let request = handle(stroke.symbol, at: now) { return request }
    case .padPressed(.south), .padPressed(.start): return confirm(at: now)
    case .padPressed(.back): return restart()
    case .padConnected:
      hasPad = true
      needsFrame = true
    case .padDisconnected:
      hasPad = false
      needsFrame = true
      pause()
    case .focusLost: pause()
    case .resized, .exposed: needsFrame = true
    default: break
    }
    if phase == .ready, pilot.isControl(event) { run(at: now) }
    return nil
  }

  private mutating func handle(_ key: WindowKey, at now: Double) -> Request? {
    switch key {
    case .escape: isDone = true
    case .enter: return confirm(at: now)
    case .printing("r"): return restart()
    case .printing("p"):
      guard phase == .running else { return confirm(at: now) }
      pause()
    case .printing("h"):
      pause()
      showsHelp.toggle()
      needsFrame = true
    default: break
    }
    return nil
  }

  /// Returns the number of steps that the simulator should take now.
  package mutating func takeDueSteps(at now: Double) -> Int {
    phase == .running ? pacer.takeDue(at: now) : 0
  }

  /// Returns the time to wait for events before the next change, at most `limit` seconds.
  package func waitingTime(at now: Double, limit: Double) -> Double {
    if needsFrame { return 0 }
    guard phase == .running, let due = pacer.due else { return limit }
    return max(0, min(limit, due - now))
  }

  /// Records that the simulator has taken a step.
  package mutating func stepWasTaken() { needsFrame = true }

  /// Records that the episode has ended, with a text for its result.
  package mutating func episodeEnded(_ result: String, isLast: Bool) {
    phase = .over(result: result, isLast: isLast)
    pacer.stop()
    needsFrame = true
  }

  /// Records that the current picture is on the screen.
  package mutating func frameWasShown() { needsFrame = false }

  // MARK: Phases

  private mutating func run(at now: Double) {
    phase = .running
    showsHelp = false
    pacer.start(at: now)
    needsFrame = true
  }

  private mutating func pause() {
    guard phase == .running else { return }
    phase = .paused
    pacer.stop()
    needsFrame = true
  }

  private mutating func beginEpisode() {
    phase = .ready
    pacer.stop()
    pilot.beginEpisode()
    needsFrame = true
  }

  private mutating func restart() -> Request {
    beginEpisode()
    return .restart
  }

  /// Runs, pauses, closes or goes to the next episode, depending on the phase.
  private mutating func confirm(at now: Double) -> Request? {
    switch phase {
    case .ready, .paused: run(at: now)
    case .running: pause()
    case .over(_, isLast: true): isDone = true
    case .over(_, isLast: false):
      beginEpisode()
      return .next
    }
    return nil
  }

  // MARK: What is seen

  /// Words on the phase and the speed; nil while time runs at normal speed.
  package var mode: String? {
    let pace = pacer.speed == 1 ? nil : "\(speedText(pacer.speed))x"
    let state: String? =
      switch phase {
      case .ready: "ready"
      case .running: nil
      case .paused: "paused"
      case .over: "over"
      }
    let words = [state, pace].compactMap(\.self)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  /// Panel to draw over the scene.
  package var panel: ControlPanel {
    var panel = ControlPanel()
    switch phase {
    case .running: return panel
    case .ready:
      panel.headline = "Drive \(title)"
      panel.footnote = "enter or any control starts"
    case .paused:
      panel.headline = "Paused"
      panel.footnote = "enter or p continues"
    case .over(let result, let isLast):
      panel.headline = result
      panel.footnote = isLast ? "enter or escape closes" : "enter: next episode, r: repeat this one"
      return panel
    }
    if showsHelp { panel.help = help }
    return panel
  }

  private var help: [ControlPanel.Line] {
    var lines = controls.bindings.map { binding in
      var keys = binding.key.rawValue
      if hasPad, let (axis, isPositive) = binding.axis {
        keys += ", \(stickText(axis, isPositive: isPositive))"
      }
      return ControlPanel.Line(keys, binding.summary)
    }
    for (keys, push) in zip(["shift + left, right", "shift + down, up"], pushes) {
      lines.append(.init(keys, "push: \(push)"))
    }
    return lines + [
      .init("p", "pause"), .init("r", "restart this episode"), .init("h", "this help"),
      .init("escape", "close"),
    ]
  }

  private func stickText(_ axis: ManualControls.Axis, isPositive: Bool) -> String {
    switch axis {
    case .leftX: "left stick \(isPositive ? "right" : "left")"
    case .leftY: "left stick \(isPositive ? "up" : "down")"
    case .rightX: "right stick \(isPositive ? "right" : "left")"
    case .rightY: "right stick \(isPositive ? "up" : "down")"
    }
  }
}
