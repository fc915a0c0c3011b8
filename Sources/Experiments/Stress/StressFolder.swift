internal import Foundation
internal import RLCore
internal import Recording
internal import Robustness
public import Storage
internal import Training

/// The folder of a stress test, in which every finished cell is kept, so that an interrupted test
/// continues.
public final class StressFolder {
  /// Path of the folder.
  public let path: String
  /// Number of cells that an earlier session has finished.
  public var finishedCells: Int { finished.count }
  /// Whether the earlier cells are of another build of the suite.
  public let isOfOtherBuild: Bool
  private let test: StressTest
  private let lock: FileLock
  private let log: LogFile
  private var finished: [Int: StressCell]
  /// Folders that were made for the test, outermost first.
  private let made: [String]

  /// File with a line for each finished cell.
  private var cellsFile: String { "\(path)/cells.jsonl" }
  /// File with the cells as a table.
  public var tableFile: String { "\(path)/cells.csv" }
  /// File with the cells and their summary.
  public var summaryFile: String { "\(path)/summary.json" }
  /// File with the cells as a picture.
  public var heatMapFile: String { "\(path)/heat-map.png" }

  /// All that the cells of a test depend on.
  private struct Description: Codable, Equatable {
    var policy: String
    /// Checksum of the policy's weights; of a controller that of nothing.
    var checksum: UInt32
    var environment: String
    var parameters: [String: Double]
    var layout: String
    var axes: [Axis]
    var episodes: Int
    var firstSeed: UInt64
    var mode: String
    var randomize: String
    var perturb: String
    var adversary: String?

    struct Axis: Codable, Equatable {
      var name: String
      /// The perturbation around the value; nil for a physical parameter.
      var specification: String?
      var values: [Double]
    }

    enum CodingKeys: String, CodingKey {
      case policy, checksum, environment, parameters, layout, axes, episodes, mode, randomize,
        perturb, adversary
      case firstSeed = "first-seed"
    }
  }

  /// The contents of the file that describes the test.
  private struct Stored: Codable {
    var test: Description
    var build: String
  }

  /// A line of the file of cells.
  private struct Line: Codable {
    /// Number of the cell; −1 for the nominal one.
    var cell: Int
    /// Returns in the form in which they are read back bit for bit, also if they are not finite.
    var returns: [String]
    var lengths: [Int]
    var successes: Int?
    var failures: Int
  }

  /// Opens the folder of a test, which is this process's until the object is gone.
  ///
  /// - Parameters:
  ///   - test: The test.
  ///   - path: Path of the folder, which is made unless it exists; nil for one named after the test
  ///     in `stress/`, the same for the same test.
  /// - Throws: `FileError` if the folder holds another test or something else, a file is damaged or
  ///   can't be written, or another process uses the folder.
  public init(_ test: StressTest, at path: String? = nil) throws(FileError) {
    let description = Self.describe(test)
    let path = path ?? "stress/\(Self.name(test, description))"
    (self.test, self.path) = (test, path)
    made = try FileSystem.makeFolder(path)
    lock = try FileLock("\(path)/lock.json", protecting: path)
    let build = Self.build
    let file = "\(path)/test.json"
    if FileSystem.exists(file) {
      let stored = try JSON.read(Stored.self, from: file)
      guard stored.test == description else {
        throw .unwritable(
          path: path,
          reason: "it contains another stress test, or one of a policy that has changed since; "
            + "choose another folder with --out")
      }
      isOfOtherBuild = stored.build != build
    } else {
      guard made.contains(path) || !FileSystem.contents(path).contains(where: { $0 != "lock.json" })
      else {
        throw .unwritable(path: path, reason: "it is not empty and contains no stress test")
      }
      isOfOtherBuild = false
      try FileSystem.write(JSON.encode(Stored(test: description, build: build)), to: file)
    }
    let rows = try LogFile.openRows("\(path)/cells.jsonl", keeping: { _, _ in true })
    log = rows.file
    finished = try Self.read(rows.rows, of: test, path: "\(path)/cells.jsonl")
  }

  private static var build: String {
    let sources = RunManifest.Sources.current()?.0
    return sources.map { $0.isDirty ? "\($0.commit)+" : $0.commit } ?? "unknown"
  }

  private static func describe(_ test: StressTest) -> Description {
    let policy = test.policy
    var archive = TensorArchive()
    policy.policy.save(to: &archive)
    var adversary = TensorArchive()
    policy.opponent?.policy.save(to: &adversary)
    let bytes = archive.safetensors + (policy.opponent == nil ? Data() : adversary.safetensors)
    return Description(
      policy: policy.path, checksum: CRC32C.checksum(bytes),
      environment: policy.environment.identifier,
      parameters: Dictionary(
        policy.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
      layout: test.grid.layout.rawValue,
      axes: test.grid.axes.map {
        Description.Axis(name: $0.name, specification: $0.specification, values: $0.values)
      },
      episodes: test.episodes, firstSeed: test.seed, mode: test.mode.rawValue,
      randomize: "\(test.randomization)", perturb: "\(test.perturbations)",
      adversary: policy.opponentPath)
  }

  /// Returns the name of a test's folder: that of the run, or of environment and agent, and a
  /// checksum.
  private static func name(_ test: StressTest, _ description: Description) -> String {
    let policy = test.policy
    let run = policy.folder.map { FileSystem.split($0.path).name }
    let name =
      run ?? RecordingHeader.pairing(policy.environment.identifier, policy.agent ?? "policy")
    let sum = CRC32C.checksum(JSON.encode(description, isPretty: false))
    let digits = String(sum, radix: 16)
    return "\(name)-\(String(repeating: "0", count: 8 - digits.count))\(digits)"
  }

  // MARK: Cells

  private static func read(
    _ rows: [Substring], of test: StressTest, path: String
  ) throws(FileError) -> [Int: StressCell] {
    var cells: [Int: StressCell] = [:]
    for (index, row) in rows.enumerated() {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(row.utf8)),
        (StressTest.nominal..<test.grid.count).contains(line.cell),
        line.returns.count == test.episodes, line.lengths.count == test.episodes,
        line.lengths.allSatisfy({
          $0 >= 0 && $0 <= test.policy.environment.specification.episodeSteps
        }),
        (0...test.episodes).contains(line.failures),
        (line.successes != nil) == test.policy.environment.definesSuccess
      else {
        throw .damaged(path: path, reason: "line \(index + 1) is no cell of this test")
      }
      let returns = line.returns.compactMap { Double($0) }
      guard returns.count == test.episodes else {
        throw .damaged(path: path, reason: "line \(index + 1) has returns that are no numbers")
      }
      cells[line.cell] = StressCell(
        values: test.values(of: line.cell), returns: returns, lengths: line.lengths,
        successes: line.successes, failures: line.failures)
    }
    return cells
  }

  private static func line(_ number: Int, _ cell: StressCell) -> String {
    let line = Line(
      cell: number, returns: cell.returns.map(\.description), lengths: cell.lengths,
      successes: cell.successes, failures: cell.failures)
    return String(decoding: JSON.encode(line, isPretty: false), as: UTF8.self)
  }

  /// Removes the folder if no cell is finished and it was made for the test.
  public func removeIfEmpty() {
    guard finished.isEmpty, !made.isEmpty else { return }
    for file in ["\(path)/test.json", cellsFile] { try? FileSystem.remove(file) }
    lock.release()
    for folder in made.reversed() { try? FileSystem.removeEmptyFolder(folder) }
  }

  // MARK: Running

  /// Runs the cells that are not finished, and keeps each as soon as it is.
  ///
  /// - Parameters:
  ///   - threads: Number of threads, in 1...1024; nil for one per core. Results don't depend on it.
  ///   - didProgress: Called after each episode, on any thread but one at a time; if it returns
  ///     false, the test stops.
  /// - Throws: `FileError` if a file can't be written, `ConfigurationError` or `ThreadError` if the
  ///   threads are not allowed or refused.
  /// - Returns: The result, the same bits however often the test was interrupted; nil if it was
  ///   stopped.
  public func run(
    threads: Int? = nil, didProgress: (StressProgress) -> Bool = { _ in true }
  ) throws -> StressResult? {
    let result = try test.run(
      finished, threads: threads,
      didFinish: { number, cell in
        finished[number] = cell
        try log.append(line: Self.line(number, cell))
      }, didProgress: didProgress)
    try log.synchronize()
    guard let result else { return nil }
    // Cells finish in an order that depends on threads.
    let lines = finished.sorted { $0.key < $1.key }.map { Self.line($0.key, $0.value) + "\n" }
    try FileSystem.write(Data(lines.joined().utf8), to: cellsFile)
    return result
  }
}
