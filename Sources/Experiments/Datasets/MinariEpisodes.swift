internal import Foundation
internal import RLCore
internal import Storage
internal import Training

/// Reads the episodes of a dataset of Minari, as this suite and Minari 0.5 write them.
///
/// Observations and actions must be arrays.  Episodes that end in the middle are refused; one that
/// the task did not end counts as cut off by a limit.
///
/// - Source: the format of Minari 0.5, `minari/dataset`, with HDF5 for the data.
struct MinariEpisodes {
  /// Path of the data.
  let path: String
  private let specification: EnvironmentSpecification
  private let reward: TrainingReward
  private var file: HDF5Reader

  /// Returns the path of a dataset's data; nil if the text is neither their path (`.hdf5`) nor the
  /// dataset's folder or id.
  static func path(_ text: String) -> String? {
    if text.hasSuffix(".hdf5"), FileSystem.exists(text) { return text }
    let places =
      [text] + (MinariDataset.isIdentifier(text) ? ["\(MinariDataset.standardRoot)/\(text)"] : [])
    return places.map { "\($0)/data/main_data.hdf5" }.first(where: FileSystem.exists)
  }

  /// Opens a dataset and checks that it fits a run.
  ///
  /// - Parameters:
  ///   - path: Path of the data.
  ///   - specification: Specification of the environment as the run meets it.
  ///   - wrapping: Wrappers of the run as text; nil if there are none.
  ///   - reward: Change of the rewards that the run learns from.
  /// - Throws: `FileError` if a file can't be read, `ConfigurationError` if the dataset says that it
  ///   is of another environment.
  init(
    path: String, specification: EnvironmentSpecification, wrapping: String?,
    reward: TrainingReward
  ) throws {
    (self.path, self.specification, self.reward) = (path, specification, reward)
    let contents = try FileSystem.read(path)
    do throws(HDF5Error) {
      file = try HDF5Reader(contents)
    } catch {
      throw Self.error(error, path)
    }
    let metadata = FileSystem.sibling(of: path, named: "metadata.json")
    guard FileSystem.exists(metadata),
      let origin = try JSON.read(Metadata.self, from: metadata).origin
    else { return }
    let id = specification.identifier
    guard origin.arguments?.identifier ?? id == id else {
      throw ConfigurationError("\(path) is of \(origin.id), and the run of \(id)")
    }
    guard wrapping == nil else {
      throw ConfigurationError(
        "\(path) is of \(origin.id) without wrappers, and the run is behind \(wrapping ?? "")")
    }
  }

  /// Reads the episodes in the order of their numbers.
  mutating func read() throws(FileError) -> [RecordedEpisodes.Episode] {
    do throws(HDF5Error) {
      let prefix = "episode_"
      let groups = try file.members(of: file.root).compactMap { name, group in
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)).map { ($0, group) } : nil
      }
      guard !groups.isEmpty else { throw .damaged("it has no episodes") }
      var episodes: [RecordedEpisodes.Episode] = []
      for (number, group) in groups.sorted(by: { $0.0 < $1.0 }) {
        let episode = try self.episode(group, "episode \(number)")
        if let problem = episode.problem(in: specification) {
          throw .damaged("of episode \(number), \(problem)")
        }
        episodes.append(episode)
      }
      return episodes
    } catch {
      throw Self.error(error, path)
    }
  }

  private mutating func episode(
    _ group: HDF5Reader.Object, _ name: String
  ) throws(HDF5Error) -> RecordedEpisodes.Episode {
    let members = try file.members(of: group)
    func array(_ member: String) throws(HDF5Error) -> HDF5Numbers {
      guard let object = members[member] else { throw .damaged("\(name) has no \(member)") }
      return try file.numbers(of: object)
    }
    let (rewards, ends) = (try array("rewards"), try array("terminations"))
    let (observations, actions) = (try array("observations"), try array("actions"))
    let count = rewards.values.count
    guard rewards.shape == [count], ends.shape == [count], count > 0 else {
      throw .damaged("\(name) has \(count) rewards and terminations of the shape \(ends.shape)")
    }
    func require(
      _ array: HDF5Numbers, rows: Int, of width: Int, _ what: String
    ) throws(HDF5Error) {
      guard array.shape.first == rows, array.values.count == rows * width else {
        throw .unsupported(
          "\(what) of \(name) have the shape \(array.shape), and \(specification.identifier) needs "
            + "\([rows, width])")
      }
    }
    try require(observations, rows: count + 1, of: specification.observationWidth, "observations")
    try require(actions, rows: count, of: specification.actionWidth, "actions")
    guard ends.values.dropLast().allSatisfy({ $0 == 0 }) else {
      throw .damaged("\(name) goes on after its end")
    }
    var episode = RecordedEpisodes.Episode(observation: observations.values)
    episode.actions = actions.values
    episode.isTerminated = ends.values.last != 0
    episode.rewards = rewards.values.enumerated().map { step, value in
      reward(value, hasEnded: episode.isTerminated && step == count - 1)
    }
    return episode
  }

  private static func error(_ error: HDF5Error, _ path: String) -> FileError {
    switch error {
    case .damaged(let reason): .damaged(path: path, reason: reason)
    case .unsupported(let reason): .unsuitable(path: path, reason: reason)
    }
  }
}

/// What is read of `metadata.json`.
private struct Metadata: Decodable {
  /// The environment as Gymnasium specifies it.
  struct Origin: Decodable {
    struct Arguments: Decodable {
      var identifier: String?
    }

    var id: String
    var arguments: Arguments?

    enum CodingKeys: String, CodingKey {
      case id
      case arguments = "kwargs"
    }
  }

  var environment: String?

  /// The environment; nil if the dataset does not say it.
  var origin: Origin? {
    environment.flatMap { try? JSONDecoder().decode(Origin.self, from: Data($0.utf8)) }
  }

  enum CodingKeys: String, CodingKey {
    case environment = "env_spec"
  }
}
