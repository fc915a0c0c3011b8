internal import Foundation

/// Exclusive use of a folder by one process, held as a lock on a file that names the process.
///
/// The system's lock (`flock`) goes with its owner, however that ends, so a file that was left
/// behind is taken over.  On a file system without locks the file itself is the lock: it is taken
/// over if its owner was a process of this machine that has ended, and otherwise respected.  A
/// network file system that keeps locks on each machine by itself, such as NFS mounted with `nolock`,
/// can't tell a process elsewhere from a dead one.
package final class FileLock {
  /// A process that holds a lock.
  package struct Owner: Codable, Equatable, Sendable {
    /// Number of the process.
    package var process: Int32
    /// Name of the host.
    package var host: String
    /// Date and time at which the lock was taken, in ISO 8601.
    package var since: String
    /// Id of the host's present boot; nil if unknown.
    package var boot: String?
    /// Time at which the process started, in clock ticks since boot, which tells it from a later
    /// process of the same number; nil if unknown.
    package var started: UInt64?
  }

  /// Number of the error with which the system's lock is to fail in a test; 0 for none.
  @TaskLocal package static var lockError: Int32 = 0

  private let path: String
  private let folder: String
  private let owner: Owner
  private var descriptor: Int32

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - path: Path of the lock's file.
  ///   - folder: Folder that the lock protects, for messages.
  /// - Throws: ``FileError/unwritable(path:reason:)`` that names the owner if there is one,
  ///   ``FileError/damaged(path:reason:)`` if the file is a link or something else than a lock.
  package init(_ path: String, protecting folder: String) throws(FileError) {
    (self.path, self.folder, owner) = (path, folder, .current)
    descriptor = try Self.take(path, folder)
    do {
      try write(JSON.encode(owner))
    } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Gives the lock back and removes its file; does nothing the second time.
  package func release() {
    guard descriptor >= 0 else { return }
    if Self.isFile(path, descriptor) { _ = unsafe unlink(path) }
    close(descriptor)
    descriptor = -1
  }

  /// Throws if the lock's file now names another owner, since the folder was replaced by another.
  package func check() throws(FileError) {
    guard FileSystem.exists(path), let other = Self.readOwner(path), other != owner else { return }
    throw Self.busy(folder, other)
  }

  // MARK: - Taking

  private static func take(_ path: String, _ folder: String) throws(FileError) -> Int32 {
    // The owner may end, and remove its file, between two of these calls.
    for _ in 0..<100 {
      let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
      var descriptor = unsafe open(path, flags | O_CREAT | O_EXCL, 0o666)
      let isNew = descriptor >= 0
      if !isNew, errno == EEXIST { descriptor = unsafe open(path, flags) }
      guard descriptor >= 0 else {
        if errno == ENOENT, FileSystem.isFolder(folder) { continue }
        throw errno == ELOOP ? FileSystem.followedLink(path) : FileSystem.lastError(folder)
      }
      var isTaken = false
      defer { if !isTaken { close(descriptor) } }
      let error =
        Self.lockError != 0
        ? Self.lockError : flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
      guard isFile(path, descriptor) else { continue }
      let other = isNew ? nil : readOwner(path)
      if error == EWOULDBLOCK { throw busy(folder, other) }
      if !isNew, other == nil, size(descriptor) > 0 {
        throw .damaged(path: path, reason: "it is no lock of this program")
      }
      if error != 0, !isNew {
        guard other?.isAlive == false else { throw busy(folder, other, remedy: path) }
        // Only one of several processes succeeds in removing the dead owner's file.
        let doomed = FileSystem.temporaryName(beside: path)
        if unsafe rename(path, doomed) == 0 { _ = unsafe unlink(doomed) }
        continue
      }
      isTaken = true
      return descriptor
    }
    throw busy(folder, readOwner(path))
  }

  private func write(_ data: Data) throws(FileError) {
    let count = unsafe data.withUnsafeBytes { bytes in
      ftruncate(descriptor, 0) == 0
        ? unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, 0) : -1
    }
    guard count == data.count else { throw FileSystem.lastError(path) }
  }

  /// Whether a path is still that of an open file.
  private static func isFile(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return unsafe lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  private static func size(_ descriptor: Int32) -> Int {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func readOwner(_ path: String) -> Owner? {
    guard let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: 4096)
    else { return nil }
    return try? JSONDecoder().decode(Owner.self, from: data)
  }

  /// Returns whether a process holds the lock of a file, without taking it; true if that can't be
  /// known.
  package static func isHeld(_ path: String) -> Bool {
    readOwner(path).map { $0.isAlive ?? true } ?? false
  }

  private static func busy(_ folder: String, _ owner: Owner?, remedy: String? = nil) -> FileError {
    let user =
      owner.map { "process \($0.process) on \($0.host) has been using it since \($0.since)" }
      ?? "another process is using it"
    let hint = remedy.map { "; if that process has ended, remove \($0)" } ?? ""
    return .unwritable(path: folder, reason: user + hint)
  }
}

extension FileLock.Owner {
  /// This process, from now on.
  package static var current: FileLock.Owner {
    FileLock.Owner(
      process: getpid(), host: ProcessInfo.processInfo.hostName,
      since: Date.now.formatted(.iso8601), boot: currentBoot, started: start(of: getpid()))
  }

  private static var currentBoot: String? {
    (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Returns the time at which a process started; nil if there is no such process.
  private static func start(of process: Int32) -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      // The name of the program may contain spaces and parentheses.
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }

  /// Whether the process still runs; nil if it belongs to another host or too little is known.
  var isAlive: Bool? {
    guard host == ProcessInfo.processInfo.hostName, let boot, let started,
      let currentBoot = Self.currentBoot
    else { return nil }
    return boot == currentBoot && Self.start(of: process) == started
  }
}
