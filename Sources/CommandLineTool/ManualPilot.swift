package import RLCore
package import Rendering

/// Turns the keys and sticks that a player holds into actions and pushes.
///
/// A key that is tapped between two steps counts as held during the next step.
package struct ManualPilot: Sendable {
  /// Deflection of a stick, in 0...1, above which it selects a discrete action.
  private static let choiceDeflection = 0.5

  private let controls: ManualControls
  private let space: Space
  private let pushBounds: [Float]
  private var keys: Set<ManualControls.Key> = []
  private var pushKeys: Set<ManualControls.Key> = []
  private var padKeys: Set<ManualControls.Key> = []
  private var axes: [ManualControls.Axis: Double] = [:]
  /// Keys pressed since the last step, including those released meanwhile.
  private var tapped: Set<ManualControls.Key> = []
  private var tappedPushes: Set<ManualControls.Key> = []
  /// Indices of the bindings that are held, in the order in which they were first held.
  private var choices: [Int] = []
  private var resting = 0

  /// Creates a pilot for the controls of an environment.
  ///
  /// - Parameters:
  ///   - controls: Bindings of keys and sticks to actions.
  ///   - space: Action space of the environment.
  ///   - pushBounds: Bounds of the disturbance [D]; empty if the environment can't be pushed.
  package init(controls: ManualControls, space: Space, pushBounds: [Float] = []) {
    self.controls = controls
    self.space = space
    self.pushBounds = pushBounds
  }

  /// Whether an event operates one of the controls.
  package func isControl(_ event: WindowEvent) -> Bool {
    switch event {
    case .keyPressed(let stroke):
      guard let key = stroke.position.controlKey else { return false }
      return controls.bindings.contains { $0.key == key }
    case .padPressed(let button):
      guard let key = button.controlKey else { return false }
      return controls.bindings.contains { $0.key == key }
    case .padMoved(let axis, let deflection):
      return abs(deflection) > Self.choiceDeflection
        && controls.bindings.contains { $0.axis?.0 == axis }
    default: return false
    }
  }

  /// Updates the keys, buttons and sticks that are held.
  package mutating func handle(_ event: WindowEvent) {
    switch event {
    case .keyPressed(let stroke):
      guard !stroke.isRepeat, let key = stroke.position.controlKey else { return }
      if stroke.hasShift, pushDirection(of: key) != nil {
        pushKeys.insert(key)
        tappedPushes.insert(key)
      } else {
        keys.insert(key)
        tapped.insert(key)
      }
    case .keyReleased(let key):
      guard let key = key.controlKey else { return }
      keys.remove(key)
      pushKeys.remove(key)
    case .padPressed(let button):
      guard let key = button.controlKey else { return }
      padKeys.insert(key)
      tapped.insert(key)
    case .padReleased(let button):
      if let key = button.controlKey { padKeys.remove(key) }
    case .padMoved(let axis, let deflection): axes[axis] = deflection
    case .padDisconnected:
      padKeys = []
      axes = [:]
    case .focusLost:
      keys = []
      pushKeys = []
      tapped = []
      tappedPushes = []
    default: break
    }
    updateChoices()
  }

  /// Discards pending taps and restarts the sequence of resting actions, for a new episode.
  package mutating func beginEpisode() {
    tapped = []
    tappedPushes = []
    resting = 0
    updateChoices()
  }

  /// Returns the action [A] of the next step and discards taps.
  package mutating func takeAction() -> [Float] {
    let action =
      switch space {
      case .box(let low, let high): boxAction(low: low, high: high)
      case .discrete: choices.last.map { controls.bindings[$0].action }
      }
    tapped = []
    updateChoices()
    if let action {
      resting = 0
      return action
    }
    defer { resting += 1 }
    return controls.rest[resting % controls.rest.count]
  }

  /// Returns the push [D] of the next step; zeros unless shift and an arrow key are held.
  package mutating func takePush() -> [Float] {
    var push = pushBounds.map { _ in Float(0) }
    for key in pushKeys.union(tappedPushes) {
      guard let (component, sign) = pushDirection(of: key) else { continue }
      push[component] += sign * pushBounds[component]
    }
    tappedPushes = []
    return push
  }

  /// Returns an arrow key's component of the push (left and right: the first) and its sign.
  private func pushDirection(of key: ManualControls.Key) -> (component: Int, sign: Float)? {
    let direction: (component: Int, sign: Float)? =
      switch key {
      case .left: (0, -1)
      case .right: (0, 1)
      case .down: (1, -1)
      case .up: (1, 1)
      default: nil
      }
    return direction.flatMap { $0.component < pushBounds.count ? $0 : nil }
  }

  /// Returns the deflection of a binding, in 0...1; 1 for a key that is held.
  private func deflection(of binding: ManualControls.Binding) -> Double {
    if keys.contains(binding.key) || padKeys.contains(binding.key) || tapped.contains(binding.key) {
      return 1
    }
    guard let (axis, isPositive) = binding.axis, let deflection = axes[axis] else { return 0 }
    return max(0, isPositive ? deflection : -deflection)
  }

  private func boxAction(low: [Float], high: [Float]) -> [Float]? {
    var action = low.map { _ in Float(0) }
    var isHeld = false
    for binding in controls.bindings {
      let deflection = Float(deflection(of: binding))
      guard deflection > 0 else { continue }
      isHeld = true
      for i in action.indices { action[i] += deflection * binding.action[i] }
    }
    guard isHeld else { return nil }
    for i in action.indices { action[i] = min(max(action[i], low[i]), high[i]) }
    return action
  }

  /// Removes choices that are no longer held and appends new ones.
  private mutating func updateChoices() {
    let held = controls.bindings.indices.filter {
      deflection(of: controls.bindings[$0]) > Self.choiceDeflection
    }
    choices.removeAll { !held.contains($0) }
    choices += held.filter { !choices.contains($0) }
  }
}
