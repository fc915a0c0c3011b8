import Foundation
import TestSupport
import Testing

/// Chromium without a window, which tests steer through its debugging pipe.
final class Browser {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Why tests with a browser are skipped.
  static let isMissing: Comment = "needs the program chromium"
  /// Whether Chromium can be run.
  static let isAvailable = (try? Browser()) != nil

  /// What the browser has reported since the last page was opened.
  private(set) var events: [[String: Any]] = []
  private let folder: TemporaryFolder
  private let process = Process()
  private let input: FileHandle
  private let output: FileHandle
  private var rest = Data()
  private var number = 0
  private var session: String?

  init() throws {
    folder = try TemporaryFolder()
    let (commands, answers) = (folder.file("commands"), folder.file("answers"))
    guard mkfifo(commands, 0o600) == 0, mkfifo(answers, 0o600) == 0 else {
      throw Failure(description: "no pipes")
    }
    // A pipe that is open in both directions opens at once, and never ends.
    guard let input = FileHandle(forUpdatingAtPath: commands),
      let output = FileHandle(forUpdatingAtPath: answers)
    else { throw Failure(description: "the pipes can't be opened") }
    (self.input, self.output) = (input, output)
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c",
      "exec chromium --headless --no-sandbox --disable-gpu --no-first-run "
        + "--user-data-dir='\(folder.path)' --remote-debugging-pipe 3<commands 4>answers",
    ]
    process.currentDirectoryURL = URL(filePath: folder.path)
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    process.standardError = FileHandle.nullDevice
    try process.run()
    let target = try call("Target.createTarget", ["url": "about:blank"])["targetId"] as? String
    session =
      try call("Target.attachToTarget", ["targetId": target ?? "", "flatten": true])["sessionId"]
      as? String
    for domain in ["Page", "Runtime", "Network", "Log"] { try call("\(domain).enable") }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  /// Sends a command and returns its result.
  @discardableResult func call(
    _ method: String, _ parameters: [String: Any] = [:]
  ) throws -> [String: Any] {
    number += 1
    var message: [String: Any] = ["id": number, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    try input.write(contentsOf: JSONSerialization.data(withJSONObject: message) + [0])
    while true {
      let answer = try read()
      guard answer["id"] as? Int == number else {
        events.append(answer)
        continue
      }
      guard let result = answer["result"] as? [String: Any] else {
        throw Failure(description: "\(method): \(answer)")
      }
      return result
    }
  }

  private func read() throws -> [String: Any] {
    while true {
      if let end = rest.firstIndex(of: 0) {
        let message = rest[..<end]
        rest = Data(rest[(end + 1)...])
        return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
      }
      // A browser that has died would never answer.
      var descriptor = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, process.isRunning ? 30_000 : 0) == 1 else {
        throw Failure(description: "chromium does not answer")
      }
      rest += output.availableData
    }
  }

  /// Opens a file and waits until it is loaded.
  func open(
    _ path: String, width: Int = 1200, isDark: Bool = false, runsScripts: Bool = true
  ) throws {
    try call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600])
    try call(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    try call("Emulation.setScriptExecutionDisabled", ["value": !runsScripts])
    events = []
    try call("Page.navigate", ["url": URL(filePath: path).absoluteString])
    while !events.contains(where: { $0["method"] as? String == "Page.loadEventFired" }) {
      events.append(try read())
    }
  }

  /// Evaluates an expression, waits for promises, and returns its value.
  func evaluate(_ expression: String) throws -> Any? {
    let answer = try call(
      "Runtime.evaluate",
      ["expression": expression, "awaitPromise": true, "returnByValue": true])
    if let exception = answer["exceptionDetails"] {
      throw Failure(description: "\(expression): \(exception)")
    }
    return (answer["result"] as? [String: Any])?["value"]
  }

  /// Returns the events with one of these names.
  func events(_ names: String...) -> [[String: Any]] {
    events.filter { names.contains($0["method"] as? String ?? "") }
  }

  /// Addresses that the page has asked for, besides its own.
  var requests: [String] {
    events("Network.requestWillBeSent").compactMap { event in
      let request = (event["params"] as? [String: Any])?["request"] as? [String: Any]
      return request?["url"] as? String
    }.filter { !$0.hasPrefix("file:") || !$0.hasSuffix(".html") }
  }

  /// What the page has written to the console, and its errors.
  var complaints: [[String: Any]] {
    events("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
  }
}
