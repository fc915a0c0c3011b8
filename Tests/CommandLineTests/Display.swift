import Foundation
import Rendering
import TestSupport
import Testing

/// A virtual display, with simulated key presses and screenshots.
final class Display {
  /// What is needed; installed by `./test`.
  static let isAvailable = ["Xvfb", "xdotool", "xwd"].allSatisfy { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  /// For ``Tool``: runs a program on this display and no other.
  let prefix: [String]
  private let name: String
  private let server = Process()

  /// Starts a server on a free display.
  init() throws {
    let folder = try TemporaryFolder()
    _ = FileManager.default.createFile(atPath: folder.file("number"), contents: nil)
    server.executableURL = URL(filePath: "/usr/bin/env")
    server.arguments = [
      "Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-noreset", "-nolisten", "tcp",
    ]
    server.standardOutput = FileHandle(forWritingAtPath: folder.file("number"))
    server.standardError = FileHandle.nullDevice
    try server.run()
    var number = ""
    // The number is complete when its line is.
    try wait("the display") {
      number = try folder.text("number")
      return number.hasSuffix("\n")
    }
    name = ":\(number.dropLast())"
    prefix = ["-u", "WAYLAND_DISPLAY", "-u", "SDL_VIDEODRIVER", "DISPLAY=\(name)"]
  }

  deinit {
    // The server inherits that this process blocks milder signals, and tidies up for none of them.
    kill(server.processIdentifier, SIGKILL)
    server.waitUntilExit()
    for left in ["/tmp/.X\(name.dropFirst())-lock", "/tmp/.X11-unix/X\(name.dropFirst())"] {
      try? FileManager.default.removeItem(atPath: left)
    }
  }

  /// Runs a tool of the display and returns what it prints.
  @discardableResult func run(_ arguments: String...) throws -> Data {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["DISPLAY=\(name)"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return data
  }

  private func text(_ data: Data) -> String {
    String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits for a window whose title contains some words and that shows something, and gives it the
  /// keyboard.
  func window(titled words: String) throws -> String {
    var window = ""
    try wait("a window titled \(words)") {
      window = text(try run("xdotool", "search", "--onlyvisible", "--name", words))
      guard !window.isEmpty else { return false }
      try run("xdotool", "windowfocus", window)
      return text(try run("xdotool", "getwindowfocus")) == window
    }
    // From its first picture on a program has dealt with all that opening a window brings along.
    try wait("a picture in the window titled \(words)") {
      try !(picture(of: window, width: 600, height: 400)?.isBlack ?? true)
    }
    return window
  }

  /// Presses and releases keys, one after the other.
  func press(_ keys: String...) throws {
    for key in keys { try run("xdotool", "key", key) }
  }

  /// What a window shows now; nil while it has another size.
  func picture(of window: String, width: Int, height: Int) throws -> Photograph? {
    let geometry = text(try run("xdotool", "getwindowgeometry", "--shell", window))
    var values: [Substring: Int] = [:]
    for line in geometry.split(separator: "\n") {
      let parts = line.split(separator: "=")
      if parts.count == 2 { values[parts[0]] = Int(parts[1]) }
    }
    guard values["WIDTH"] == width, values["HEIGHT"] == height, let x = values["X"],
      let y = values["Y"]
    else { return nil }
    return Photograph(
      dump: [UInt8](try run("xwd", "-silent", "-root")), x: x, y: y, width: width, height: height)
  }
}

/// A part of a screen.
struct Photograph: Equatable {
  private let width: Int
  private let height: Int
  /// [height × width]: 0xRRGGBB.
  private let pixels: [UInt32]

  /// Cuts a part out of a dump of the program xwd, of which 24 and 32 bits to a pixel are read.
  init?(dump: [UInt8], x: Int, y: Int, width: Int, height: Int) {
    func word(_ i: Int) -> Int {
      guard dump.count >= 4 * (i + 1) else { return 0 }
      return dump[4 * i..<4 * (i + 1)].reduce(0) { $0 << 8 | Int($1) }
    }
    let (start, size, isBigEndian) = (word(0) + 12 * word(19), word(11) / 8, word(7) != 0)
    let stride = word(12)
    guard size == 3 || size == 4, x >= 0, y >= 0, x + width <= word(4), y + height <= word(5),
      dump.count >= start + stride * word(5)
    else { return nil }
    self.width = width
    self.height = height
    pixels = (0..<width * height).map { i in
      let first = start + (y + i / width) * stride + (x + i % width) * size
      let bytes = dump[first..<first + size]
      let ordered = isBigEndian ? Array(bytes) : bytes.reversed()
      return ordered.reduce(0) { $0 << 8 | UInt32($1) } & 0xFF_FFFF
    }
  }

  /// Whether there is nothing to be seen.
  var isBlack: Bool { pixels.allSatisfy { $0 == 0 } }

  /// The greatest difference of a colour component from a picture of the same size.
  func greatestDifference(from picture: Picture) -> UInt32 {
    guard picture.width == width, picture.height == height else { return 255 }
    var greatest: UInt32 = 0
    for (i, pixel) in pixels.enumerated() {
      let other = picture[i % width, i / width]
      for shift: UInt32 in [0, 8, 16] {
        let (a, b) = (pixel >> shift & 255, other >> shift & 255)
        greatest = max(greatest, a > b ? a - b : b - a)
      }
    }
    return greatest
  }
}

/// Waits until something holds; gives up after two minutes, which no machine should need.
func wait(
  _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
  until condition: () throws -> Bool
) throws {
  let end = ContinuousClock.now + .seconds(120)
  while try !condition() {
    try #require(
      ContinuousClock.now < end, "waited in vain for \(what)", sourceLocation: sourceLocation)
    usleep(20_000)
  }
}
