public import RLCore

/// An event of a window, caused by the user or the system.
public enum WindowEvent: Sendable, Equatable {
  /// The user asked to close the window.
  case quit
  /// A key was pressed, or is held and repeats.
  case keyPressed(Keystroke)
  /// A key was released; identified by its position.
  case keyReleased(WindowKey)
  /// The window lost keyboard focus; releases of keys that are still down are not reported.
  case focusLost
  /// The size of the drawing area changed.
  case resized
  /// The window's contents must be drawn again.
  case exposed
  /// The left mouse button was pressed, at a pixel of the drawing area.
  case mousePressed(x: Double, y: Double)
  /// The mouse moved with its left button down, to a pixel of the drawing area.
  case mouseDragged(x: Double, y: Double)
  /// The left mouse button was released.
  case mouseReleased
  /// A game pad was connected and is now in use.
  case padConnected(name: String)
  /// The game pad was disconnected; another one may have taken over.
  case padDisconnected
  /// A button of the game pad was pressed.
  case padPressed(PadButton)
  /// A button of the game pad was released.
  case padReleased(PadButton)
  /// A stick moved to a deflection in -1...1, positive to the right and up, 0 within the dead zone.
  case padMoved(ManualControls.Axis, Double)
}

/// A key press.
public struct Keystroke: Sendable, Equatable {
  /// The key at this position on an American keyboard, for keys that steer.
  public var position: WindowKey
  /// The key's label in the user's keyboard layout, for keys that stand for a word.
  public var symbol: WindowKey
  /// Whether the key was already down and repeats.
  public var isRepeat: Bool
  /// Whether a shift key was down.
  public var hasShift: Bool

  /// Creates a key press; the symbol defaults to the position.
  public init(
    _ position: WindowKey, symbol: WindowKey? = nil, isRepeat: Bool = false, hasShift: Bool = false
  ) {
    self.position = position
    self.symbol = symbol ?? position
    self.isRepeat = isRepeat
    self.hasShift = hasShift
  }
}

/// A key of a keyboard.
public enum WindowKey: Sendable, Hashable {
  case left, right, up, down, home, end, pageUp, pageDown, enter, escape
  /// A printing key, by its lower-case character.
  case printing(Character)
  /// Any other key.
  case other

  /// The space bar.
  public static let space = WindowKey.printing(" ")

  /// The corresponding key of manual controls; nil if there is none.
  public var controlKey: ManualControls.Key? {
    switch self {
    case .left: .left
    case .right: .right
    case .up: .up
    case .down: .down
    case .space: .space
    case .printing(let character): ManualControls.Key(rawValue: String(character))
    default: nil
    }
  }
}

/// A button of a game pad, by its position.
public enum PadButton: Sendable, Hashable {
  case south, east, west, north, back, start
  /// A button of the directional pad.
  case left, right, up, down

  /// The arrow key that corresponds to a button of the directional pad; nil for other buttons.
  public var controlKey: ManualControls.Key? {
    switch self {
    case .left: .left
    case .right: .right
    case .up: .up
    case .down: .down
    default: nil
    }
  }
}

extension ManualControls.Axis {
  /// Deflection, as a fraction of the full range, below which a stick counts as untouched, since
  /// worn sticks don't return to the middle.
  public static let deadZone = 0.15

  /// Returns a raw deflection rescaled to leave out the dead zone: 0 at its edge, ±1 at the end.
  public static func deflection(of raw: Double) -> Double {
    let way = (min(abs(raw), 1) - deadZone) / (1 - deadZone)
    return way <= 0 ? 0 : raw < 0 ? -way : way
  }
}
