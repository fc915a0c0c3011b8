public import RLCore

/// What a person, or the system, did to a window.
public enum WindowEvent: Sendable, Equatable {
  /// The window is to be closed.
  case quit
  /// A key went down, or is still down and repeats.
  case keyPressed(Keystroke)
  /// A key was let go; named by its place.
  case keyReleased(WindowKey)
  /// Keys go elsewhere from now on, and nothing tells when they are let go.
  case focusLost
  /// The drawing area has another size.
  case resized
  /// What was shown must be shown again.
  case exposed
  /// The left button went down, at a pixel of the drawing area.
  case mousePressed(x: Double, y: Double)
  /// The mouse moved with its left button down.
  case mouseDragged(x: Double, y: Double)
  /// The left button was let go.
  case mouseReleased
  /// A game pad is in use from now on.
  case padConnected(name: String)
  /// The game pad is gone; another one may have taken over.
  case padDisconnected
  /// A button of the game pad went down.
  case padPressed(PadButton)
  /// A button of the game pad was let go.
  case padReleased(PadButton)
  /// A stick moved; -1...1, rightwards and upwards positive, 0 within the dead zone.
  case padMoved(ManualControls.Axis, Double)
}

/// A key going down.
public struct Keystroke: Sendable, Equatable {
  /// What an American keyboard has at the key's place; for keys that steer.
  public var position: WindowKey
  /// What is printed on it in the person's layout; for keys that mean a word.
  public var symbol: WindowKey
  /// Whether the key was down already.
  public var isRepeat: Bool
  /// Whether a shift key was down.
  public var hasShift: Bool

  /// Describes a press.
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
  /// A key that prints, by its lower-case character.
  case printing(Character)
  /// Any other.
  case other

  /// The space bar.
  public static let space = WindowKey.printing(" ")

  /// The key as controls name it, if they can.
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

/// A button of a game pad, by its place.
public enum PadButton: Sendable, Hashable {
  case south, east, west, north, back, start
  /// Of the directional pad.
  case left, right, up, down

  /// The arrow key that a button of the directional pad stands for.
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
  /// The part of a stick's way in which it counts as untouched; worn sticks rest off the middle.
  public static let deadZone = 0.15

  /// A deflection without its dead zone, growing from 0 at its edge to ±1 at the end of the way.
  public static func deflection(of raw: Double) -> Double {
    let way = (min(abs(raw), 1) - deadZone) / (1 - deadZone)
    return way <= 0 ? 0 : raw < 0 ? -way : way
  }
}
