import Foundation
import Rendering
import TestSupport
import Testing
import Storage

/// Pictures as files.
@Suite struct PictureFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Every pixel another colour.
  private func colorful(width: Int = 67, height: Int = 64) throws -> Picture {
    let picture = try Picture(width: width, height: height)
    for i in 0..<width * height { picture.pixels[i] = UInt32(truncatingIfNeeded: i &* 0x9E37_79B1) }
    return picture
  }

  @Test func pngKeepsEveryPixel() throws {
    let picture = try colorful()
    try picture.write(to: folder.file("a.png"))
    let read = try Picture.readPNG(folder.file("a.png"))
    #expect(read == picture)
    read.pixels[67 * 64 - 1] ^= 1
    #expect(read != picture)
  }

  @Test func ppmIsRedGreenBlue() throws {
    let picture = try colorful(width: 64, height: 65)
    try picture.write(to: folder.file("a.ppm"), as: .ppm)
    var expected = Array("P6\n64 65\n255\n".utf8)
    for y in 0..<65 {
      for x in 0..<64 {
        expected += [16, 8, 0].map { UInt8(truncatingIfNeeded: picture[x, y] >> $0) }
      }
    }
    #expect(try Array(Data(contentsOf: URL(filePath: folder.file("a.ppm")))) == expected)
  }

  @Test(arguments: PictureFormat.allCases)
  func framesAreNumbered(format: PictureFormat) throws {
    let writer = try FrameWriter(folder: folder.file("new/frames"), format: format)
    for _ in 0..<11 { try writer.write(colorful()) }
    let names = (0..<11).map { "frame-0000\($0 < 10 ? "0" : "")\($0).\(format)" }
    let contents = try FileManager.default.contentsOfDirectory(atPath: writer.folder).sorted()
    #expect(contents == names)
    #expect(writer.count == 11)
  }

  @Test func aPlaceThatCanNotBeWrittenIsNamed() throws {
    try FileSystem.write(Data(), to: folder.file("file"))
    #expect(
      throws: FileError.unwritable(path: folder.file("file"), reason: "it is not a folder")
    ) {
      _ = try FrameWriter(folder: folder.file("file"))
    }
    let writer = try FrameWriter(folder: folder.file("frames"))
    try FileSystem.remove(folder.file("frames"))
    #expect(
      throws: FileError.unwritable(
        path: folder.file("frames/frame-000000.png"), reason: "no such file or directory")
    ) {
      try writer.write(colorful())
    }
  }

  @Test(.enabled(if: getuid() == 0, "only root may make a device"))
  func aFullDiskIsReported() throws {
    try #require(folder.makeFullDevice(".a.ppm.\(getpid()).tmp"))
    #expect(
      throws: FileError.unwritable(
        path: folder.file("a.ppm"), reason: "no space left on device")
    ) {
      try colorful().write(to: folder.file("a.ppm"), as: .ppm)
    }
    #expect(folder.contents.isEmpty)
  }

  @Test func damagedPicturesAreRefused() throws {
    try colorful().write(to: folder.file("a.png"))
    let whole = try Data(contentsOf: URL(filePath: folder.file("a.png")))
    var variants = [Data(), Data("not a picture".utf8), Data(whole.prefix(20))]
    variants += stride(from: 30, to: whole.count - 12, by: 997).map { Data(whole.prefix($0)) }
    variants += stride(from: 0, to: whole.count - 12, by: 331).map { place in
      var changed = whole
      changed[place] ^= 0x10
      return changed
    }
    // A header of 100,000 by 100,000 pixels, with the checksum it needs.
    variants.append(
      whole.prefix(16) + bytes(hexadecimal: "000186A0000186A0080200000027309C9F")
        + whole.dropFirst(33))
    for (number, data) in variants.enumerated() {
      try FileSystem.write(data, to: folder.file("b.png"))
      let error = #expect(throws: RenderingError.self, "variant \(number)") {
        _ = try Picture.readPNG(folder.file("b.png"))
      }
      guard case .file(.damaged) = error else {
        Issue.record("variant \(number): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func aMissingPictureIsNamed() {
    #expect(throws: RenderingError.file(.missing(path: folder.file("a.png")))) {
      _ = try Picture.readPNG(folder.file("a.png"))
    }
  }

  @Test func sizesAreReadAndChecked() throws {
    let size = try Picture.size(from: "4096x64")
    #expect(size == (4096, 64))
    for text in ["", "600", "600x", "x400", "600x400x3", "600 x 400", "0x1F4x3", "a"] {
      #expect(throws: RenderingError.sizeUnreadable(text)) { _ = try Picture.size(from: text) }
    }
    for (width, height) in [(63, 400), (600, 4097), (-600, 400), (0, 0)] {
      let error = RenderingError.sizeOutOfRange(width: width, height: height)
      #expect(throws: error) { _ = try Picture.size(from: "\(width)x\(height)") }
      #expect(throws: error) { _ = try SceneRenderer(width: width, height: height) }
    }
  }
}
