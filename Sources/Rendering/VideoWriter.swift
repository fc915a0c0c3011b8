internal import Foundation
internal import Storage

/// Writes pictures to a film, in the format given by the file name's ending.
///
/// `.gif` needs no other program; the other formats are encoded by FFmpeg, which must be on the
/// search path.  The film appears under its name only once it is finished; an abandoned writer
/// leaves no file.
public final class VideoWriter {
  /// File name endings of the supported film formats.
  public static let endings = Kind.allCases.map { ".\($0.rawValue)" }

  enum Kind: String, CaseIterable {
    case mp4, mkv, webm, gif
  }

  /// Path of the film.
  public let path: String
  /// Number of pictures written so far.
  public private(set) var count = 0
  private let size: (width: Int, height: Int)
  private let timeStep: Double
  private let temporary: String
  private var encoder: (any FilmEncoder)?

  /// Starts a film.
  ///
  /// - Parameters:
  ///   - path: Path of the film, whose folder is made if it does not exist; an existing file is
  ///     replaced when the film is finished.
  ///   - width: Width of every picture, in pixels.
  ///   - height: Height of every picture, in pixels.
  ///   - timeStep: Time from one picture to the next, in seconds.
  /// - Throws: ``RenderingError`` if the size is out of range, the name has an unknown ending,
  ///   FFmpeg is missing or the file can't be created.
  public convenience init(
    path: String, width: Int, height: Int, timeStep: Double
  ) throws(RenderingError) {
    try self.init(
      path: path, width: width, height: height, timeStep: timeStep,
      searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
  }

  package init(
    path: String, width: Int, height: Int, timeStep: Double, searchPath: String
  ) throws(RenderingError) {
    precondition(timeStep > 0 && timeStep.isFinite, "a time step of \(timeStep) s")
    guard Picture.sizes.contains(width), Picture.sizes.contains(height) else {
      throw .sizeOutOfRange(width: width, height: height)
    }
    let kind = try Self.kind(of: path)
    var program = ""
    if kind != .gif {
      guard let found = FFmpeg.find(in: searchPath) else { throw .encoderMissing(path: path) }
      program = found
    }
    self.path = path
    size = (width, height)
    self.timeStep = timeStep
    temporary = FileSystem.temporaryName(beside: path)
    let film = Film(
      path: path, temporary: temporary, width: width, height: height, timeStep: timeStep)
    do {
      // Checked here rather than after all pictures.
      try FileSystem.makeFolder(ofFile: path)
      let file = try film.create()
      switch kind {
      case .gif: encoder = try GIFEncoder(film, file: file)
      case .mp4, .mkv, .webm:
        close(file)
        encoder = try FFmpeg(film, kind: kind, program: program)
      }
    } catch {
      unlink(temporary)
      throw .file(error)
    }
  }

  deinit {
    guard let encoder else { return }
    encoder.cancel()
    unlink(temporary)
  }

  private static func kind(of path: String) throws(RenderingError) -> Kind {
    let ending = path.split(separator: "/").last?.split(separator: ".").dropFirst().last
    guard let ending, let kind = Kind(rawValue: ending.lowercased()) else {
      throw .unknownEnding(path: path, allowed: endings)
    }
    return kind
  }

  /// Appends a picture, which must have the film's size.
  ///
  /// - Parameters:
  ///   - picture: The picture.
  ///   - duration: Time until the next picture, in seconds; nil for the film's time step.  Only a
  ///     `.gif` can have pictures of different durations.
  ///   - isNeeded: Whether the picture must not be left out of a `.gif` even if it is too short for
  ///     viewers, as the last state of an episode.
  /// - Throws: ``RenderingError`` if the picture can't be written.
  public func write(
    _ picture: Picture, lasting duration: Double? = nil, isNeeded: Bool = false
  ) throws(RenderingError) {
    precondition(
      picture.width == size.width && picture.height == size.height,
      "\(picture.width)x\(picture.height) in a film of \(size.width)x\(size.height)")
    guard let encoder else { preconditionFailure("\(path) is finished") }
    do {
      try encoder.write(picture, lasting: duration ?? timeStep, isNeeded: isNeeded)
    } catch {
      throw giveUp(error)
    }
    count += 1
  }

  /// Finishes the film and gives it its name.
  public func finish() throws(RenderingError) {
    guard let encoder else { return }
    guard count > 0 else { throw giveUp(.unwritable(path: path, reason: "it has no pictures")) }
    do { try encoder.finish() } catch { throw giveUp(error) }
    do { try FileSystem.rename(temporary, to: path) } catch { throw giveUp(error) }
    self.encoder = nil
  }

  private func giveUp(_ error: FileError) -> RenderingError {
    encoder?.cancel()
    encoder = nil
    unlink(temporary)
    return .file(error)
  }
}

/// The properties of a film that an encoder needs.
struct Film {
  /// Final path, used in error messages.
  let path: String
  /// Temporary path, to which the film is written.
  let temporary: String
  let width: Int
  let height: Int
  /// Time from one picture to the next, in seconds.
  let timeStep: Double

  /// Creates the file under its temporary path and opens it.
  func create() throws(FileError) -> Int32 {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.lastError(path) }
    return descriptor
  }
}

/// An encoder that writes pictures to a film.
protocol FilmEncoder: AnyObject {
  /// Appends a picture that lasts this many seconds, if the format can say so.
  func write(_ picture: Picture, lasting duration: Double, isNeeded: Bool) throws(FileError)
  /// Completes the file.
  func finish() throws(FileError)
  /// Abandons the file; may be called after a failure of the other methods.
  func cancel()
}

/// A frame rate, in pictures per second, as a ratio of whole numbers.
package struct FrameRate: Equatable, CustomStringConvertible {
  package let numerator: Int
  package let denominator: Int

  /// Finds the simplest ratio that is correct to nine digits: 0.02 s is 50/1, 1/30 s is 30/1.
  package init(timeStep: Double) {
    let rate = 1 / timeStep
    // Convergents of the continued fraction.
    var (previous, current) = ((1, 0), (Int(rate.rounded(.down)), 1))
    var rest = rate - rate.rounded(.down)
    while abs(Double(current.0) / Double(current.1) - rate) > 1e-9 * rate, rest > 1e-9,
      current.1 < 100_000
    {
      let inverse = 1 / rest
      let whole = Int(inverse.rounded(.down))
      (previous, current) = (
        current, (whole * current.0 + previous.0, whole * current.1 + previous.1)
      )
      rest = inverse - inverse.rounded(.down)
    }
    (numerator, denominator) = current
  }

  package var description: String { "\(numerator)/\(denominator)" }
}
