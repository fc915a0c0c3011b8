package import RLCore
package import Rendering

/// What a window does while a person drives: waits, runs, pauses, shows a result.
///
/// Knows neither window nor clock nor simulator: events and moments go in, steps and wishes out.
package struct PlayModel: Sendable {
  /// What is going on.
  package enum Phase: Sendable, Equatable {
    /// An episode waits for its first control.
    case ready
    /// Time runs.
    case running
    /// Time stands still.
    case paused
    /// The episode has ended.
    case over(result: String, isLast: Bool)
  }

  /// What the person wants of the simulator.
  package enum Request: Sendable, Equatable {
    /// The same episode from its start.
    case restart
    /// The next episode.
    case next
  }

  /// What is going on.
  package private(set) var phase = Phase.ready
  /// What is held down.
  package var pilot: ManualPilot
  /// Whether the person has had enough.
  package private(set) var isDone = false
  /// Whether something to be seen has changed since ``frameWasShown()``.
  package private(set) var needsFrame = true
  private let title: String
  private let controls: ManualControls
  private let pushes: [String]
  private var pacer: Pacer
  private var showsHelp = true
  private var hasPad = false

  /// Waits for the first control.
  ///
  /// - Parameters:
  ///   - specification: The environment.
  ///   - controls: Its controls.
  ///   - disturbances: What can be pushed.
  ///   - speed: Simulated seconds per second.
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

  /// Answers to an event.
  ///
  /// - Parameters:
  ///   - event: What happened.
  ///   - now: When it happened.
  /// - Returns: What is wanted of the simulator, if anything.
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

  /// How many steps the simulator is to take now.
  package mutating func takeDueSteps(at now: Double) -> Int {
    phase == .running ? pacer.takeDue(at: now) : 0
  }

  /// How long nothing will change unless something happens, at most `limit` seconds.
  package func waitingTime(at now: Double, limit: Double) -> Double {
    if needsFrame { return 0 }
    guard phase == .running, let due = pacer.due else { return limit }
    return max(0, min(limit, due - now))
  }

  /// Notes that the simulator took a step.
  package mutating func stepWasTaken() { needsFrame = true }

  /// Notes that an episode ended by itself.
  package mutating func episodeEnded(_ result: String, isLast: Bool) {
    phase = .over(result: result, isLast: isLast)
    pacer.stop()
    needsFrame = true
  }

  /// Notes that what is to be seen is on the screen.
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

  /// Goes on to whatever comes next.
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

  /// A word on what is going on; nil where time just runs.
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

  /// What lies over the scene.
  package var panel: ControlPanel {
    var panel = ControlPanel()
    switch phase {
    case .running: return panel
    case .ready:
      panel.headline = "Drive \(title)"
      panel.footnote = "enter, or any of the controls, starts"
    case .paused:
      panel.headline = "Paused"
      panel.footnote = "enter or p goes on"
    case .over(let result, let isLast):
      panel.headline = result
      panel.footnote = isLast ? "enter or escape closes" : "enter: next episode, r: this one again"
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
