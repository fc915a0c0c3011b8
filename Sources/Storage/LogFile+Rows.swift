internal import Foundation

extension LogFile {
  /// Opens a log of rows, one per line, below a header.
  ///
  /// A new log gets its header.  In an existing one only the rows to keep remain, without a last
  /// line that was cut off; lines may end with `\r\n`, as some programs save them.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - header: Lines above the rows; one that begins with `#` may differ in an existing log.
  ///   - keeps: Returns whether to keep a row, by its index and its text.
  /// - Throws: ``FileError/damaged(path:reason:)`` if an existing file does not begin with the
  ///   header, so that a log is never replaced by nothing; ``FileError`` if it can't be read or
  ///   written.
  /// - Returns: The log, its header as it is in the file, and its rows.
  package static func openRows(
    _ path: String, header: [String] = [], keeping keeps: (_ row: Int, _ line: Substring) -> Bool
  ) throws(FileError) -> (file: LogFile, header: [String], rows: [Substring]) {
    var (kept, rows) = (header, [Substring]())
    let old = FileSystem.exists(path) ? try FileSystem.read(path) : Data()
    if !old.isEmpty {
      var (complete, cutOff) = split(old)
      guard zip(header, complete).allSatisfy({ matches($0, $1) }) else {
        throw damaged(path, header)
      }
      if complete.count >= header.count {
        // Lines that end with carriage returns alone would all be cut off.
        guard !cutOff.utf8.contains(0x0D) else { throw damaged(path, header) }
        kept = complete.prefix(header.count).map(String.init)
        complete.removeFirst(header.count)
        rows = complete.enumerated().filter { keeps($0.offset, $0.element) }.map(\.element)
      } else if !header[complete.count].hasPrefix(cutOff) {
        // A run that was killed at once may have left the beginning of a header.
        guard header[complete.count].hasPrefix("#"), cutOff.hasPrefix("#"),
          !cutOff.utf8.contains(0x0D)
        else { throw damaged(path, header) }
      }
    }
    var text = ""
    for line in kept { text += "\(line)\n" }
    for line in rows { text += "\(line)\n" }
    let new = Data(text.utf8)
    if new != old { try FileSystem.write(new, to: path) }
    return (try LogFile(path), kept, rows)
  }

  /// Splits a file into complete lines, without their ends, and the rest of a line.
  private static func split(_ data: Data) -> (complete: [Substring], rest: Substring) {
    var text = String(decoding: data, as: UTF8.self)[...]
    if text.unicodeScalars.first == FileSystem.byteOrderMark {
      text = Substring(text.unicodeScalars.dropFirst())
    }
    let end = text.utf8.lastIndex(of: 0x0A).map { text.utf8.index(after: $0) } ?? text.startIndex
    let rest = text[end...].utf8
    return (text[..<end].lines, Substring(rest.last == 0x0D ? rest.dropLast() : rest))
  }

  private static func matches(_ expected: String, _ line: Substring) -> Bool {
    expected == line || expected.hasPrefix("#") && line.hasPrefix("#")
  }

  private static func damaged(_ path: String, _ header: [String]) -> FileError {
    .damaged(
      path: path,
      reason: header.last.map { "it does not begin with '\($0.prefix(60))'; restore or remove it" }
        ?? "its lines do not end with line feeds; restore or remove it")
  }
}
