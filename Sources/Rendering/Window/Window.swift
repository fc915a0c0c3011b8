internal import CSDL2
internal import Glibc
internal import RLCore

/// A window that shows pictures and receives events from keyboard, mouse and game pad.
///
/// SDL 2 is loaded when the first window opens.  There can be one window at a time, used from one
/// thread; it closes when it is deallocated.
public final class Window {
  private let handle: OpaquePointer

  /// Opens a window.
  ///
  /// - Parameters:
  ///   - title: Text of the title bar.
  ///   - width: Width of the drawing area in points, which are pixels on most screens.
  ///   - height: Height of the drawing area in points.
  /// - Throws: ``WindowError`` if SDL or a display is missing.
  public init(title: String, width: Int, height: Int) throws(WindowError) {
    // SDL_VIDEODRIVER selects another of SDL's video drivers, which may need no display.
    let names = ["DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"]
    let places = names.compactMap { (name: String) -> String? in
      guard let value = getenv(name), value.pointee != 0 else { return nil }
      return "\(name)=\(String(cString: value))"
    }
    guard !places.isEmpty else {
      throw .noDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set")
    }
    if let reason = csdl2_load() { throw .libraryMissing(String(cString: reason)) }
    guard let handle = csdl2_open(title, Int32(clamping: width), Int32(clamping: height)) else {
      throw .noDisplay("\(places.joined(separator: " ")): \(String(cString: csdl2_error()))")
    }
    self.handle = handle
  }

  deinit { csdl2_close(handle) }

  /// Size of the drawing area, in pixels.
  public var drawingSize: (width: Int, height: Int) {
    let size = csdl2_drawing_size(handle)
    return (Int(size.width), Int(size.height))
  }

  /// Size of a picture that fills the drawing area, in pixels, within ``Picture/sizes``.
  public var pictureSize: (width: Int, height: Int) {
    let (width, height) = drawingSize
    let scale = min(1, Double(Picture.sizes.upperBound) / Double(max(width, height, 1)))
    func fitted(_ length: Int) -> Int {
      max(Int(Double(length) * scale), Picture.sizes.lowerBound)
    }
    return (fitted(width), fitted(height))
  }

  /// Shows a picture, pixel for pixel if it has the size of the drawing area, otherwise scaled to
  /// fit between black bars.
  public func present(_ picture: Picture) throws(WindowError) {
    let isShown = picture.pixels.withMemoryRebound(
      to: UInt8.self, capacity: picture.stride * picture.height
    ) {
      csdl2_present(
        handle, $0, Int32(picture.width), Int32(picture.height), Int32(picture.stride))
    }
    guard isShown else { throw .failed(String(cString: csdl2_error())) }
  }

  /// Waits until an event arrives or the time is over, and returns all pending events.
  ///
  /// - Parameter seconds: Longest wait in seconds, at most 1; 0 to return at once.
  /// - Returns: The events, in order.
  public func events(waiting seconds: Double) -> [WindowEvent] {
    // Rounded up: a wait that ends too early would be followed by waits of zero length.
    var milliseconds = Int32(min(max(seconds, 0) * 1000, 1000).rounded(.up))
    var events: [WindowEvent] = []
    var event = csdl2_event()
    while csdl2_next_event(handle, milliseconds, &event) {
      if let event = translate(event) { events.append(event) }
      milliseconds = 0
    }
    return events
  }

  private func translate(_ event: csdl2_event) -> WindowEvent? {
    switch event.kind {
    case csdl2_event_quit: return .quit
    case csdl2_event_key_down:
      return .keyPressed(
        Keystroke(
          key(event.position), symbol: key(event.symbol), isRepeat: event.is_repeat,
          hasShift: event.shift))
    case csdl2_event_key_up: return .keyReleased(key(event.position))
    case csdl2_event_focus_lost: return .focusLost
    case csdl2_event_resized: return .resized
    case csdl2_event_exposed: return .exposed
    case csdl2_event_mouse_down: return .mousePressed(x: Double(event.x), y: Double(event.y))
    case csdl2_event_mouse_moved: return .mouseDragged(x: Double(event.x), y: Double(event.y))
    case csdl2_event_mouse_up: return .mouseReleased
    case csdl2_event_pad_connected:
      return .padConnected(name: csdl2_pad_name(handle).map { String(cString: $0) } ?? "game pad")
    case csdl2_event_pad_disconnected: return .padDisconnected
    case csdl2_event_pad_button_down: return button(event.button).map { .padPressed($0) }
    case csdl2_event_pad_button_up: return button(event.button).map { .padReleased($0) }
    case csdl2_event_pad_axis:
      let raw = Double(event.deflection) / 32767
      switch event.axis {
      case csdl2_axis_left_x: return .padMoved(.leftX, ManualControls.Axis.deflection(of: raw))
      case csdl2_axis_left_y: return .padMoved(.leftY, ManualControls.Axis.deflection(of: -raw))
      case csdl2_axis_right_x: return .padMoved(.rightX, ManualControls.Axis.deflection(of: raw))
      case csdl2_axis_right_y: return .padMoved(.rightY, ManualControls.Axis.deflection(of: -raw))
      default: return nil
      }
    default: return nil
    }
  }

  private func key(_ code: Int32) -> WindowKey {
    if (32..<127).contains(code) { return .printing(Character(UnicodeScalar(UInt8(code)))) }
    switch csdl2_key(UInt32(code)) {
    case csdl2_key_enter: return .enter
    case csdl2_key_escape: return .escape
    case csdl2_key_left: return .left
    case csdl2_key_right: return .right
    case csdl2_key_up: return .up
    case csdl2_key_down: return .down
    case csdl2_key_home: return .home
    case csdl2_key_end: return .end
    case csdl2_key_page_up: return .pageUp
    case csdl2_key_page_down: return .pageDown
    default: return .other
    }
  }

  private func button(_ button: csdl2_button) -> PadButton? {
    switch button {
    case csdl2_button_south: .south
    case csdl2_button_east: .east
    case csdl2_button_west: .west
    case csdl2_button_north: .north
    case csdl2_button_back: .back
    case csdl2_button_start: .start
    case csdl2_button_left: .left
    case csdl2_button_right: .right
    case csdl2_button_up: .up
    case csdl2_button_down: .down
    default: nil
    }
  }
}

/// An error in opening or using a window.
public enum WindowError: Error, Equatable, CustomStringConvertible {
  /// SDL can't be loaded, for the given reason.
  case libraryMissing(String)
  /// There is no display, for the given reason.
  case noDisplay(String)
  /// The window can't show pictures, for the given reason.
  case failed(String)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .libraryMissing(let reason):
      "a window needs SDL 2, which can't be loaded (\(reason)); install libsdl2-2.0-0"
    case .noDisplay(let reason):
      "no display: \(reason); use --frames or --video of 'record' and 'replay' without a window"
    case .failed(let reason): "the window can't show a picture: \(reason)"
    }
  }
}
