import CGIF
import Foundation
import RLCore
import Rendering
import TestSupport
import Testing
import Storage

/// Films, with a script in FFmpeg's place.
@Suite struct VideoWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Puts a program called ffmpeg on a search path of its own.
  ///
  /// It is a link to a committed file: one that was written a moment ago may still be open in a
  /// process that another test has just started, and such files can't be run.
  private func searchPath(script: String) throws -> String {
    let path = folder.file("bin")
    try FileSystem.makeFolder(path)
    try FileSystem.write(Data("\(script)\n".utf8), to: "\(path)/script")
    try FileSystem.link("\(path)/ffmpeg", to: Fixture.url("ffmpeg").path)
    return "/nowhere:\(path)"
  }

  /// Notes its arguments and the number of bytes, and writes the file named last.
  private var honestScript: String {
    """
    for last; do :; done
    printf '%s\\n' "$@" > '\(folder.file("arguments"))'
    wc -c > '\(folder.file("bytes"))'
    echo film > "${last#file:}"
    """
  }

  @Test(arguments: [("a.mp4", "mp4", "libx264"), ("a.MKV", "matroska", "libx264")])
  func picturesGoToTheEncoder(name: String, format: String, codec: String) throws {
    let writer = try VideoWriter(
      path: folder.file(name), width: 101, height: 65, timeStep: 0.02,
      searchPath: searchPath(script: honestScript))
    let picture = try Picture(width: 101, height: 65)
    for _ in 0..<30 { try writer.write(picture) }
    try writer.finish()
    #expect(try folder.text(name) == "film\n")
    #expect(folder.contents == [name, "arguments", "bin", "bytes"].sorted())
    let arguments = try folder.text("arguments").split(separator: "\n").map(String.init)
    for option in [
      ["-f", "rawvideo"], ["-pix_fmt", "bgr0"], ["-s", "102x66"], ["-r", "50/1"],
      ["-i", "pipe:0"], ["-c:v", codec], ["-pix_fmt", "yuv420p"], ["-f", format],
    ] {
      #expect(arguments.indices.dropLast().contains { Array(arguments[$0...$0 + 1]) == option })
    }
    let bytes = try folder.text("bytes").trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(bytes == "\(30 * 102 * 66 * 4)")
  }

  @Test(arguments: ["cat > /dev/null", "head -c 100000 > /dev/null", ":"])
  func anEncoderThatFailsIsQuoted(reading: String) throws {
    let path = folder.file("a.mp4")
    let writer = try VideoWriter(
      path: path, width: 600, height: 400, timeStep: 0.02,
      searchPath: searchPath(script: "\(reading)\necho first >&2\necho ' last ' >&2\nexit 3"))
    let picture = try Picture(width: 600, height: 400)
    #expect(
      throws: RenderingError.file(.unwritable(path: path, reason: "ffmpeg: last"))
    ) {
      for _ in 0..<4 { try writer.write(picture) }
      try writer.finish()
    }
    #expect(folder.contents == ["bin"])
  }

  /// As FFmpeg does where the disk is full when it closes the file.
  @Test func anEncoderThatComplainsHasFailed() throws {
    let path = folder.file("a.mp4")
    let writer = try VideoWriter(
      path: path, width: 64, height: 64, timeStep: 0.02,
      searchPath: searchPath(script: "\(honestScript)\necho Error closing file >&2"))
    try writer.write(Picture(width: 64, height: 64))
    #expect(
      throws: RenderingError.file(.unwritable(path: path, reason: "ffmpeg: Error closing file"))
    ) {
      try writer.finish()
    }
    #expect(folder.contents == ["arguments", "bin", "bytes"])
  }

  @Test func aMissingEncoderIsNamedWithItsRemedy() throws {
    let path = folder.file("a.mp4")
    #expect(throws: RenderingError.encoderMissing(path: path)) {
      _ = try VideoWriter(
        path: path, width: 600, height: 400, timeStep: 0.02, searchPath: "/nowhere:\(folder.path)")
    }
    #expect("\(RenderingError.encoderMissing(path: path))".contains("apt install ffmpeg"))
    #expect(folder.contents.isEmpty)
  }

  @Test(arguments: ["film", "film.avi", ".gif", "film.", "gif"])
  func otherEndingsAreRefused(name: String) {
    #expect(
      throws: RenderingError.unknownEnding(
        path: folder.file(name), allowed: [".mp4", ".mkv", ".webm", ".gif"])
    ) {
      _ = try VideoWriter(path: folder.file(name), width: 600, height: 400, timeStep: 0.02)
    }
  }

  @Test func aFilmThatIsGivenUpLeavesNothing() throws {
    for name in ["a.mp4", "a.gif"] {
      let writer = try VideoWriter(
        path: folder.file(name), width: 64, height: 64, timeStep: 0.02,
        searchPath: searchPath(script: honestScript))
      try writer.write(Picture(width: 64, height: 64))
      #expect(folder.contents.contains { $0.hasPrefix(".a.") })
    }
    #expect(!folder.contents.contains { $0.contains("a.mp4") || $0.contains("a.gif") })
  }

  @Test(arguments: ["a.mp4", "a.gif"])
  func aFilmWithoutPicturesIsRefused(name: String) throws {
    let writer = try VideoWriter(
      path: folder.file(name), width: 64, height: 64, timeStep: 0.02,
      searchPath: searchPath(script: honestScript))
    #expect(throws: RenderingError.self) { try writer.finish() }
    #expect(!folder.contents.contains { $0.contains("a.") })
  }

  @Test(arguments: ["a.mp4", "a.gif"])
  func aFolderOfThatNameIsRefusedAtOnce(name: String) throws {
    let path = folder.file(name)
    try FileSystem.makeFolder(path)
    #expect(throws: RenderingError.file(.unwritable(path: path, reason: "it is a folder"))) {
      _ = try VideoWriter(
        path: path, width: 64, height: 64, timeStep: 0.02,
        searchPath: searchPath(script: honestScript))
    }
    #expect(!folder.contents.contains { $0.hasPrefix(".a.") })
  }

  @Test func aFolderThatIsNotThereIsMade() throws {
    let writer = try VideoWriter(
      path: folder.file("new/films/a.gif"), width: 64, height: 64, timeStep: 0.02)
    try writer.write(Picture(width: 64, height: 64))
    try writer.finish()
    #expect(FileSystem.exists(folder.file("new/films/a.gif")))
  }

  @Test(arguments: [
    (0.02, "50/1"), (0.05, "20/1"), (1.0 / 30, "30/1"), (1001.0 / 30_000, "30000/1001"),
    (0.04, "25/1"), (2, "1/2"), (0.015, "200/3"),
  ])
  func frameRatesAreSimpleRatios(timeStep: Double, expected: String) {
    #expect("\(FrameRate(timeStep: timeStep))" == expected)
  }

  @Test func gifsShowThePictures() throws {
    let renderer = try SceneRenderer(width: 150, height: 100)
    let path = folder.file("a.gif")
    let writer = try VideoWriter(path: path, width: 150, height: 100, timeStep: 0.025)
    var originals: [[UInt32]] = []
    for frame in 0..<6 {
      // The fourth picture repeats the third; the last has other colours altogether.
      var scene = HandMade.landscape(frame == 3 ? 20 : 10 * frame)
      if frame == 5 { scene.background = (HandMade.white, .init(0xFF00FF)) }
      renderer.draw(scene)
      originals.append((0..<15_000).map { renderer.picture[$0 % 150, $0 / 150] })
      try writer.write(renderer.picture)
    }
    try writer.finish()
    let gif = try DecodedGIF(path)
    #expect(gif.delays == [3, 2, 3, 2, 3, 2])
    #expect(gif.repeatsForEver)
    for (frame, original) in zip(gif.frames, originals) {
      let errors = zip(frame, original).map(largestDifference)
      // 255 colours for some 2,000: flat areas are a level or two off, single edge pixels more.
      #expect(errors.reduce(0, +) < 3 * errors.count)
      #expect(errors.count { $0 > 24 } < errors.count / 100)
    }
  }

  @Test func picturesTooShortToBeShownAreLeftOut() throws {
    let path = folder.file("a.gif")
    let writer = try VideoWriter(path: path, width: 64, height: 64, timeStep: 0.01)
    for _ in 0..<7 { try writer.write(Picture(width: 64, height: 64)) }
    try writer.finish()
    #expect(try DecodedGIF(path).delays == [2, 2, 2])
  }

  /// A picture lasts until the next one, and a needed one is shown however short it is.
  @Test func picturesLastAsLongAsTheyAreSaidTo() throws {
    let path = folder.file("a.gif")
    let writer = try VideoWriter(path: path, width: 64, height: 64, timeStep: 5)
    let picture = try Picture(width: 64, height: 64)
    for duration in [0.5, 0.5, 0.2] { try writer.write(picture, lasting: duration) }
    try writer.write(picture, lasting: 0.01, isNeeded: true)
    try writer.finish()
    #expect(try DecodedGIF(path).delays == [50, 50, 20, 2])
  }
}

/// The difference of two colours in the component where it is greatest.
private func largestDifference(_ first: UInt32, _ second: UInt32) -> Int {
  var largest = 0
  for shift in [UInt32(0), 8, 16] {
    let (a, b) = (Int(first >> shift & 255), Int(second >> shift & 255))
    largest = max(largest, abs(a - b))
  }
  return largest
}

/// A GIF as giflib reads it and a viewer shows it.
private struct DecodedGIF {
  var delays: [Int] = []
  var frames: [[UInt32]] = []
  var repeatsForEver = false

  init(_ path: String) throws {
    let file = try #require(DGifOpenFileName(path, nil))
    defer { DGifCloseFile(file, nil) }
    try #require(DGifSlurp(file) == GIF_OK)
    let (width, height) = (Int(file.pointee.SWidth), Int(file.pointee.SHeight))
    var shown = [UInt32](repeating: 0, count: width * height)
    for i in 0..<Int(file.pointee.ImageCount) {
      var control = GraphicsControlBlock()
      try #require(DGifSavedExtensionToGCB(file, Int32(i), &control) == GIF_OK)
      delays.append(Int(control.DelayTime))
      let image = file.pointee.SavedImages[i]
      let area = image.ImageDesc
      let map = try #require(area.ColorMap ?? file.pointee.SColorMap).pointee
      for y in 0..<Int(area.Height) {
        for x in 0..<Int(area.Width) {
          let index = Int32(image.RasterBits[y * Int(area.Width) + x])
          guard index != control.TransparentColor else { continue }
          let color = map.Colors[Int(index)]
          shown[(y + Int(area.Top)) * width + x + Int(area.Left)] =
            UInt32(color.Red) << 16 | UInt32(color.Green) << 8 | UInt32(color.Blue)
        }
      }
      frames.append(shown)
    }
    let blocks = file.pointee.SavedImages[0]
    for i in 0..<Int(blocks.ExtensionBlockCount - 1) {
      let (name, loop) = (blocks.ExtensionBlocks[i], blocks.ExtensionBlocks[i + 1])
      let text = UnsafeBufferPointer(start: name.Bytes, count: Int(name.ByteCount))
      let counts = UnsafeBufferPointer(start: loop.Bytes, count: Int(loop.ByteCount))
      if text.elementsEqual("NETSCAPE2.0".utf8), counts.elementsEqual([1, 0, 0]) {
        repeatsForEver = true
      }
    }
  }
}
