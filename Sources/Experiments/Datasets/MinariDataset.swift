internal import Foundation
public import Recording
internal import RLCore
internal import Storage
public import Training

/// Recorded episodes of one environment as a dataset that `minari.load_dataset` opens.
///
/// - Source: the format of Minari 0.5, `minari/dataset`, with HDF5 for the data.
public struct MinariDataset: Sendable {
  /// Version of Minari whose format is written.
  static let format = "0.5.3"

  /// Id of the dataset.
  public let identifier: String
  /// Folder of the dataset.
  public let folder: String
  /// What the dataset is; nil for a sentence about agent and environment.
  public var summary: String?
  /// Who made the dataset.
  public var author = ""
  private let root: String

  /// Chooses a dataset that does not exist yet.
  ///
  /// - Parameters:
  ///   - identifier: Id such as `rlsuite/walker/expert-v0`.
  ///   - root: Folder of all datasets; nil for `MINARI_DATASETS_PATH`, or `.minari/datasets` in the
  ///     home folder.
  /// - Throws: `ConfigurationError` if the id is malformed or taken.
  public init(_ identifier: String, in root: String? = nil) throws(ConfigurationError) {
    guard Self.isIdentifier(identifier) else {
      throw ConfigurationError(
        "'\(identifier.printable)' is no id of a dataset; use one such as "
          + "rlsuite/walker/expert-v0, of letters, digits, dashes and a version at the end")
    }
    (self.identifier, self.root) = (identifier, root ?? Self.standardRoot)
    folder = "\(self.root)/\(identifier)"
    guard !FileSystem.exists(folder) else {
      throw ConfigurationError("\(folder) exists; choose another id for the dataset")
    }
  }

  /// Whether a text has the form of a dataset's id.
  static func isIdentifier(_ text: String) -> Bool {
    text.utf8.count <= 200
      && text.wholeMatch(of: /([A-Za-z0-9_-]+\/)*[A-Za-z0-9_-]+-v[0-9]+/) != nil
  }

  /// Folder of all datasets, as Minari chooses it.
  static var standardRoot: String {
    let variable = ProcessInfo.processInfo.environment["MINARI_DATASETS_PATH"]
    return variable.flatMap { $0.isEmpty ? nil : $0 } ?? "\(NSHomeDirectory())/.minari/datasets"
  }

  /// Writes episodes, of which there must be some, all of one environment behind the same wrappers.
  ///
  /// The dataset appears when it is complete.  An episode that was left unfinished is marked as
  /// truncated with its last step.
  ///
  /// - Parameter recordings: The episodes in their order.
  /// - Throws: `ConfigurationError` if there are no recordings or they are of several environments,
  ///   `FileError` if a file can't be written, or one of the recordings not be read.
  public func write(_ recordings: [RecordingReader]) throws {
    guard let first = recordings.first else {
      throw ConfigurationError("there are no recordings for the dataset \(identifier)")
    }
    for recording in recordings {
      guard recording.header.task == first.header.task else {
        throw ConfigurationError(
          "\(first.path) is of \(first.header.task), and \(recording.path) of "
            + "\(recording.header.task); a dataset has one environment")
      }
    }
    try makeNamespaces()
    let unfinished = FileSystem.temporaryName(beside: folder)
    try FileSystem.remove(unfinished)
    try FileSystem.makeFolder("\(unfinished)/data")
    let file = try HDF5Writer(path: "\(unfinished)/data/main_data.hdf5")
    var episodes: [(name: String, object: HDF5Writer.Object)] = []
    for (index, recording) in recordings.enumerated() {
      episodes.append(("episode_\(index)", try Self.add(recording, index: index, to: file)))
    }
    try file.finish(root: file.addGroup(episodes))
    let metadata = Metadata(
      recordings, header: first.header, dataset: self, megabytes: Double(file.size) / 1e6)
    try FileSystem.write(JSON.encode(metadata), to: "\(unfinished)/data/metadata.json")
    try FileSystem.rename(unfinished, to: folder)
    try FileSystem.syncFolder(of: folder)
  }

  /// Makes the folders of the id's namespaces, each with a file that says so.
  private func makeNamespaces() throws(FileError) {
    var path = root
    try FileSystem.makeFolder(path)
    for name in identifier.split(separator: "/").dropLast() {
      path += "/\(name)"
      try FileSystem.makeFolder(path)
      let file = "\(path)/namespace_metadata.json"
      if !FileSystem.exists(file) { try FileSystem.write(Data("{}\n".utf8), to: file) }
    }
  }

  private static func add(
    _ recording: RecordingReader, index: Int, to file: HDF5Writer
  ) throws(FileError) -> HDF5Writer.Object {
    let (header, count) = (recording.header, recording.stepCount)
    var observations = header.initialObservation
    var (actions, rewards) = ([Float](), [Double]())
    for number in stride(from: 1, through: count, by: 1) {
      let step = try recording.step(number)
      observations += step.observation
      actions += step.action
      rewards.append(Double(step.reward))
    }
    func ends(_ value: Bool) -> HDF5Array {
      HDF5Array(flags: (0..<count).map { value && $0 == count - 1 })
    }
    let taken: HDF5Array =
      switch header.actionSpace {
      case .discrete: HDF5Array(integers: actions.map { Int64($0) })
      case .box: HDF5Array(floats: actions, shape: [count, header.actionSpace.width])
      }
    let arrays: [(String, HDF5Array)] = [
      (
        "observations",
        HDF5Array(floats: observations, shape: [count + 1, header.initialObservation.count])
      ),
      ("actions", taken), ("rewards", HDF5Array(doubles: rewards)),
      ("terminations", ends(recording.isTerminated)),
      ("truncations", ends(!recording.isTerminated)),
    ]
    var members: [(name: String, object: HDF5Writer.Object)] = []
    for (name, array) in arrays { members.append((name, try file.add(array))) }
    // Minari expects it even without contents.
    members.append(("infos", try file.addGroup([])))
    return try file.addGroup(
      members,
      attributes: [
        ("id", .integer(Int64(index))), ("total_steps", .integer(Int64(count))),
        ("seed", .unsigned(header.seed)),
      ])
  }
}

extension RecordingHeader {
  /// Environment, version and wrappers.
  fileprivate var task: String {
    "\(environment), version \(environmentVersion)" + (wrapping.map { ", behind \($0)" } ?? "")
  }
}

/// The contents of `metadata.json`.
private struct Metadata: Encodable {
  var episodes: Int
  var steps: Int
  var dataFormat = "hdf5"
  var observationSpace: String
  var actionSpace: String
  var identifier: String
  var version = MinariDataset.format
  var hasImages = false
  var size: Double
  var algorithm: String
  var author = [""]
  var email = [""]
  var permalink = ""
  var description: String
  var requirements = ["rlsuite==\(suiteVersion)"]
  var meanReturn: Double
  var environment: String?

  enum CodingKeys: String, CodingKey {
    case author, description, requirements
    case episodes = "total_episodes"
    case steps = "total_steps"
    case dataFormat = "data_format"
    case observationSpace = "observation_space"
    case actionSpace = "action_space"
    case identifier = "dataset_id"
    case version = "minari_version"
    case hasImages = "jpeg_encoding"
    case size = "dataset_size"
    case algorithm = "algorithm_name"
    case email = "author_email"
    case permalink = "code_permalink"
    case meanReturn = "num_episodes_average_score"
    case environment = "env_spec"
  }

  init(
    _ recordings: [RecordingReader], header: RecordingHeader, dataset: MinariDataset,
    megabytes: Double
  ) {
    episodes = recordings.count
    steps = recordings.reduce(0) { $0 + $1.stepCount }
    identifier = dataset.identifier
    author = [dataset.author]
    size = megabytes
    algorithm = header.agent
    description = dataset.summary ?? "Episodes of \(header.agent) on \(header.environment)."
    meanReturn = recordings.reduce(0) { $0 + $1.totalReward } / Double(recordings.count)
    let width = header.initialObservation.count
    observationSpace = Self.box(
      low: Array(repeating: -.infinity, count: width),
      high: Array(repeating: .infinity, count: width))
    actionSpace =
      switch header.actionSpace {
      case .box(let low, let high): Self.box(low: low, high: high)
      case .discrete(let count):
        #"{"type": "Discrete", "dtype": "int64", "start": 0, "n": \#(count)}"#
      }
    // Behind wrappers, the environment of that name is another one.
    if header.wrapping == nil { environment = Self.environment(header) }
  }

  /// A box as Minari reads it: JSON in which infinity is a word.
  private static func box(low: [Float], high: [Float]) -> String {
    func list(_ bounds: [Float]) -> String {
      let texts = bounds.map { bound in
        bound.isFinite ? "\(Double(bound))" : bound < 0 ? "-Infinity" : "Infinity"
      }
      return "[\(texts.joined(separator: ", "))]"
    }
    return #"{"type": "Box", "dtype": "float32", "shape": [\#(low.count)], "#
      + #""low": \#(list(low)), "high": \#(list(high))}"#
  }

  /// The environment as Gymnasium specifies it, as the package for Python registers it.
  private static func environment(_ header: RecordingHeader) -> String {
    struct Specification: Encodable {
      var id: String
      var entry = "rlsuite.environment:Env"
      var vectorEntry = "rlsuite.vector:VectorEnv"
      var isRandom = false
      var enforcesOrder = true
      var isUnchecked = false
      var arguments: [String: String]
      var wrappers: [String] = []

      enum CodingKeys: String, CodingKey {
        case id
        case entry = "entry_point"
        case vectorEntry = "vector_entry_point"
        case isRandom = "nondeterministic"
        case enforcesOrder = "order_enforce"
        case isUnchecked = "disable_env_checker"
        case arguments = "kwargs"
        case wrappers = "additional_wrappers"
      }
    }
    let words = header.environment.split(separator: "-").map {
      $0.prefix(1).uppercased() + $0.dropFirst()
    }
    return JSON.text(
      Specification(
        id: "rlsuite/\(words.joined())-v\(header.environmentVersion - 1)",
        arguments: ["identifier": header.environment]))
  }
}
