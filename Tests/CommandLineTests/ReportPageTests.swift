import Environments
import Experiments
import Foundation
import RLCore
import Recording
import Rendering
import Storage
import TestSupport
import Testing

/// The page as a browser shows it.
@Suite(.serialized, .enabled(if: Browser.isAvailable, Browser.isMissing))
struct ReportPageTests {
  /// Three seeds of a short run with a recorded episode, and the page about them.
  private static func makePage() throws -> (folder: TemporaryFolder, page: String) {
    let folder = try TemporaryFolder()
    try ShortReport.train(in: folder, seeds: 1...3)
    let result = try Tool.run("report", "runs", "--out", "page.html", in: folder)
    try #require(result.status == 0, "\(result.errors)")
    return (folder, folder.file("page.html"))
  }

  @Test func theBrowserShowsAllOfIt() throws {
    let (folder, page) = try Self.makePage()
    let browser = try Browser()
    try browser.open(page)
    // Two points of each evaluation curve, and the thin lines of three seeds.
    let points =
      try browser.evaluate(
        """
        [...document.querySelectorAll('.over-steps polyline')].map((line) => line.points.length)
        """) as? [Int]
    #expect(points == [2, 2, 2, 2])
    #expect(
      try browser.evaluate("document.querySelectorAll('.over-steps circle.dot').length") as? Int
        == 2)
    try playAndCompare(browser, in: folder)
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    #expect(browser.requests.isEmpty, "\(browser.requests)")

    try browser.open(page, width: 390, isDark: true)
    let width = try browser.evaluate("document.documentElement.scrollWidth") as? Int
    #expect(width == 390, "a phone must not scroll sideways")
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")

    try browser.open(page, runsScripts: false)
    #expect(
      try browser.evaluate("document.querySelectorAll('polyline.curve').length") as? Int ?? 0 >= 3)
    #expect(try browser.evaluate("document.querySelector('.panel').hidden") as? Bool == true)
    #expect(
      try browser.evaluate("document.querySelector('.stage svg').clientHeight") as? Int ?? 0 > 100)
  }

  /// Plays the episode, and compares a picture with that of the suite's own renderer.
  private func playAndCompare(_ browser: Browser, in folder: TemporaryFolder) throws {
    // Waits until the film is unpacked and shown, then for a step of its play.
    let position =
      try browser.evaluate(
        """
        (async () => {
          const until = async (is) => {
            while (!is()) await new Promise((done) => setTimeout(done, 5));
          };
          await until(() => !document.querySelector('.panel').hidden);
          const scrub = document.querySelector('[name=scrub]');
          document.querySelector('[name=play]').click();
          await until(() => scrub.value > 0);
          document.querySelector('[name=play]').click();
          scrub.value = 3;
          scrub.dispatchEvent(new Event('input'));
          return document.querySelector('[data-show=step]').textContent;
        })()
        """) as? String
    let recordings = try folder.recordings(of: "runs/seed-1")
    let name = try #require(recordings.last)
    let recording = try RecordingReader(path: name)
    // Every second step is shown, 25 in a second.
    #expect(position == "6 of \(recording.stepCount)")
    let cells =
      try browser.evaluate(
        """
        (() => {
          const canvas = document.querySelector('.stage canvas');
          const small = document.createElement('canvas');
          [small.width, small.height] = [12, 8];
          const context = small.getContext('2d');
          context.imageSmoothingQuality = 'high';
          context.drawImage(canvas, 0, 0, 12, 8);
          return [canvas.width, canvas.height, ...context.getImageData(0, 0, 12, 8).data];
        })()
        """) as? [Int]
    let numbers = try #require(cells)
    let environment = try Registry.standard.environment(recording.header.environment)
    let replay = try Replay(recording, environment: environment.makeVector(1))
    try replay.seek(to: 6)
    let picture = try SceneRenderer(width: numbers[0], height: numbers[1]).draw(
      replay.environment.scene(of: 0))
    var greatest = 0.0
    for row in 0..<8 {
      for column in 0..<12 {
        let expected = Self.mean(of: picture, column, row)
        for channel in 0..<3 {
          let shown = Double(numbers[2 + (row * 12 + column) * 4 + channel])
          greatest = max(greatest, abs(shown - expected[channel]))
        }
      }
    }
    // Browsers shrink pictures in ways of their own.
    #expect(greatest < 24)
  }

  /// Returns the mean red, green and blue of a cell of a picture in 12 × 8 cells.
  private static func mean(of picture: Picture, _ column: Int, _ row: Int) -> [Double] {
    var sums = [0.0, 0, 0]
    let columns = picture.width * column / 12..<picture.width * (column + 1) / 12
    let rows = picture.height * row / 8..<picture.height * (row + 1) / 8
    for y in rows {
      for x in columns {
        for channel in 0..<3 { sums[channel] += Double(picture[x, y] >> (16 - 8 * channel) & 255) }
      }
    }
    return sums.map { $0 / Double(columns.count * rows.count) }
  }

  @Test func hostileNamesStayText() throws {
    let folder = try TemporaryFolder()
    let hostile = [
      "<script>document.title='x'</script>", "\"\u{301} onload=\"document.title='x'\"",
      "'><img src=x onerror=document.title='x'>", "\u{202E}reversed & {{title}}",
    ]
    try ShortReport.train(in: folder, seeds: 1...1)
    for name in hostile {
      // A slash would make a folder.
      let path = folder.file(name.replacingOccurrences(of: "/", with: "\u{2215}"))
      try FileManager.default.copyItem(atPath: folder.file("runs/seed-1"), toPath: path)
      let file = "\(path)/manifest.json"
      let json = try JSONSerialization.jsonObject(with: FileSystem.read(file))
      var manifest = try #require(json as? [String: Any])
      var machine = try #require(manifest["machine"] as? [String: Any])
      machine["processor"] = "</td></table><script>document.title='\0x'</script>\u{200F}\(name)"
      manifest["machine"] = machine
      try JSONSerialization.data(withJSONObject: manifest).write(to: URL(filePath: file))
    }
    let names = folder.contents.filter { $0.contains("title") || $0.contains("reversed") }
    let process = try Tool.start(["report", "--out", "page.html", "--"] + names, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    try #require(process.terminationStatus == 0, "\(errors)")
    let browser = try Browser()
    try browser.open(folder.file("page.html"))
    #expect(try browser.evaluate("document.title") as? String == "4 groups of runs")
    #expect(
      try browser.evaluate("document.querySelectorAll('script:not([type])').length") as? Int == 1)
    #expect(try browser.evaluate("document.querySelectorAll('img, [onload]').length") as? Int == 0)
    let summary = try browser.evaluate("document.querySelector('#summary').innerText")
    let text = try #require(summary as? String)
    #expect(text.contains("<script>document.title='x'<\u{2215}script>"))
    #expect(text.contains("\\u{202e}reversed & {{title}}"))
    let section = try browser.evaluate("document.querySelector('#settings').textContent")
    let settings = try #require(section as? String)
    #expect(settings.contains("\\u{0}") && settings.contains("\\u{200f}"))
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
  }
}
