internal import Foundation
internal import Storage

/// Encodes films with the program FFmpeg, which receives raw pictures through a socket.
///
/// Unlike a pipe, a socket can be written without SIGPIPE if its reader has gone; writing blocks
/// while the encoder is busy, so pictures never pile up.  The program's error output goes to an
/// unnamed file, which can't fill up as a pipe can.
final class FFmpeg: FilmEncoder {
  private let film: Film
  private let process: pid_t
  private var input: Int32
  private let complaints: Int32
  private var hasEnded = false
  /// One picture padded to even sides, which most decoders need; empty if the film's are even.
  private var padded: [UInt32]

  private var evenWidth: Int { film.width + film.width % 2 }
  private var evenHeight: Int { film.height + film.height % 2 }

  /// Finds the program in a list of folders separated by colons; nil if it is not installed.
  static func find(in searchPath: String) -> String? {
    searchPath.split(separator: ":").lazy.map { "\($0)/ffmpeg" }.first { path in
      !FileSystem.isFolder(path) && access(path, X_OK) == 0
    }
  }

  init(_ film: Film, kind: VideoWriter.Kind, program: String) throws(FileError) {
    self.film = film
    padded = []
    var template = Array(
      "\(FileManager.default.temporaryDirectory.path)/rlsuite-XXXXXX".utf8CString)
    complaints = mkstemp(&template)
    guard complaints >= 0 else { throw FileSystem.lastError(film.path) }
    _ = fcntl(complaints, F_SETFD, FD_CLOEXEC)
    unlink(template)
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0
    else {
      close(complaints)
      throw FileSystem.lastError(film.path)
    }
    input = ends[0]
    let result = Self.spawn(
      program, Self.arguments(film, kind), input: ends[1], complaints: complaints)
    close(ends[1])
    switch result {
    case .success(let process): self.process = process
    case .failure(let error):
      close(input)
      close(complaints)
      throw .unwritable(path: film.path, reason: "\(program): \(error.reason)")
    }
    if film.width % 2 + film.height % 2 > 0 {
      padded = Array(repeating: 0, count: evenWidth * evenHeight)
    }
  }

  deinit { close(complaints) }

  private static func arguments(_ film: Film, _ kind: VideoWriter.Kind) -> [String] {
    let (width, height) = (film.width + film.width % 2, film.height + film.height % 2)
    let source = [
      "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
      "-f", "rawvideo", "-pix_fmt", "bgr0", "-s", "\(width)x\(height)",
      "-r", FrameRate(timeStep: film.timeStep).description, "-i", "pipe:0", "-an",
    ]
    let codec =
      switch kind {
      case .webm:
        ["-c:v", "libvpx-vp9", "-crf", "28", "-b:v", "0", "-deadline", "good", "-cpu-used", "4"]
      default: ["-c:v", "libx264", "-preset", "fast", "-crf", "18"]
      }
    let format =
      switch kind {
      case .webm: ["-f", "webm"]
      case .mkv: ["-f", "matroska"]
      default: ["-movflags", "+faststart", "-f", "mp4"]
      }
    // A name that begins with a dash would be read as an option.
    return source + codec + ["-pix_fmt", "yuv420p"] + format + ["file:\(film.temporary)"]
  }

  private struct SpawnError: Error { let reason: String }

  private static func spawn(
    _ program: String, _ arguments: [String], input: Int32, complaints: Int32
  ) -> Result<pid_t, SpawnError> {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, complaints, 2)
    // A separate process group, so that Ctrl-C does not stop the encoder in the middle of a film.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    var pointers = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t(0)
    let status = posix_spawn(&process, program, &actions, &attributes, &pointers, environ)
    guard status == 0 else {
      return .failure(SpawnError(reason: String(cString: strerror(status)).lowercased()))
    }
    return .success(process)
  }

  func write(_ picture: Picture, lasting duration: Double, isNeeded: Bool) throws(FileError) {
    let isSent =
      if padded.isEmpty {
        send(UnsafeRawBufferPointer(start: picture.pixels, count: picture.stride * picture.height))
      } else {
        padAndSend(picture)
      }
    if !isSent { throw failure() }
  }

  /// Pads a picture by repeating its last column or row, which is hardly visible, and sends it.
  private func padAndSend(_ picture: Picture) -> Bool {
    for y in 0..<evenHeight {
      let row = picture.pixels + min(y, film.height - 1) * film.width
      for x in 0..<evenWidth { padded[y * evenWidth + x] = row[min(x, film.width - 1)] }
    }
    return padded.withUnsafeBytes(send)
  }

  /// Writes all bytes; returns false if the program no longer reads.
  private func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Foundation.send(input, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  func finish() throws(FileError) {
    // If the disk is full when the film's end is written, the program reports an error but exits
    // with 0; since it logs errors only, any output means failure.
    let status = wait()
    if status != 0 || lseek(complaints, 0, SEEK_END) > 0 { throw failure() }
  }

  func cancel() {
    guard !hasEnded else { return }
    kill(process, SIGKILL)
    _ = wait()
  }

  /// Closes the program's input and waits for its end.
  private func wait() -> Int32 {
    guard !hasEnded else { return 0 }
    hasEnded = true
    close(input)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// Returns an error with the last line of the program's error output.
  private func failure() -> FileError {
    _ = wait()
    let size = max(0, min(lseek(complaints, 0, SEEK_END), 1 << 16))
    var bytes = [UInt8](repeating: 0, count: Int(size))
    let count = pread(complaints, &bytes, bytes.count, lseek(complaints, 0, SEEK_END) - size)
    let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    let last = lines.last.map { $0.trimmingCharacters(in: .whitespaces) }
    return .unwritable(path: film.path, reason: "ffmpeg: \(last ?? "it ended without a message")")
  }
}
