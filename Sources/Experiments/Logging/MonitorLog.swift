internal import Foundation
internal import Storage
internal import Training

/// Writes `monitor.csv`: return, length and time of every episode of training, one row each.
///
/// The first line is a comment with the time of the start and the environment's id as JSON.
/// Returns and lengths are exact, times are not.
///
/// - Source: the files of Stable-Baselines3's `Monitor`, which its `load_results` reads from the
///   run's folder.
final class MonitorLog {
  private struct Start: Decodable {
    let time: Double

    enum CodingKeys: String, CodingKey { case time = "t_start" }
  }

  private let file: LogFile
  /// Time of the run's start, in seconds since 1970.
  private let start: Double
  /// Time of the last row, in seconds since the start.
  private var last: Double

  /// Opens the log.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - environment: Id of the environment.
  ///   - episodes: Number of episodes that have ended before; later rows are dropped.
  ///   - warn: A closure called with path and number of rows.
  /// - Throws: `FileError` if the file can't be used.
  init(
    _ path: String, environment: String, episodes: Int,
    warn: (_ path: String, _ rows: Int) -> Void
  ) throws(FileError) {
    let now = Date().timeIntervalSince1970
    let log = try LogFile.openRows(
      path, header: ["#{\"t_start\": \(now), \"env_id\": \"\(environment)\"}", "r,l,t"]
    ) { row, _ in row < episodes }
    warn(path, log.rows.count)
    guard
      let start = try? JSONDecoder().decode(
        Start.self, from: Data((log.header.first ?? "").dropFirst().utf8)), start.time.isFinite
    else { throw .damaged(path: path, reason: "its first line does not state t_start") }
    file = log.file
    self.start = start.time
    let cells = log.rows.last?.split(separator: ",", omittingEmptySubsequences: false)
    last = cells?.last.flatMap { Double($0) } ?? 0
  }

  /// Appends the episodes that have ended since the last call, in order of time.
  ///
  /// They share the time since then, so that sorting by time keeps their order.
  func record(_ episodes: [FinishedEpisode]) throws(FileError) {
    guard !episodes.isEmpty else { return }
    let now = max(Date().timeIntervalSince1970 - start, last)
    let step = max((now - last) / Double(episodes.count), 1e-6)
    let rows = episodes.enumerated().map { index, episode in
      let time = ((last + Double(index + 1) * step) * 1e6).rounded() / 1e6
      return "\(episode.episodeReturn),\(episode.length),\(time)"
    }
    last += Double(episodes.count) * step
    try file.append(line: rows.joined(separator: "\n"))
  }

  /// Waits until every row is on the disk.
  func synchronize() throws(FileError) { try file.synchronize() }
}
