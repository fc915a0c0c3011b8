internal import Agents
internal import Storage
internal import Training

extension StoredPolicy {
  /// Has an adversary of a run act against the policy in evaluations and recordings.
  ///
  /// - Parameters:
  ///   - path: The folder of a run with an adversary, whose newest checkpoint is read; with `:i` after
  ///     it, the i-th adversary of a population is meant, else the first.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `FileError` if a file is missing or damaged, `ConfigurationError` if the run has no such
  ///   adversary or it does not fit the environment.
  public mutating func oppose(
    _ path: String, registry: Registry = .standard
  ) throws {
    var (folder, index) = (path, 0)
    if !FileSystem.isFolder(path), let colon = path.lastIndex(of: ":"),
      let number = Int(path[path.index(after: colon)...]), number >= 0
    {
      (folder, index) = (String(path[..<colon]), number)
    }
    let run = try StoredRun(folder, registry: registry)
    let settings = run.configuration.settings
    let (population, target, strength, isBall): (Int, Opponent.Target, Float, Bool)
    switch settings {
    case let rarl as RARLConfiguration:
      (population, target, strength, isBall) = (rarl.population, rarl.target, rarl.strength, false)
    case let hinf as HInfinityConfiguration:
      (population, target, strength, isBall) = (1, .force, hinf.strength, true)
    default:
      throw ConfigurationError(
        "\(folder) is a run of \(run.agent.identifier), which has no adversary; choose one of rarl, "
          + "rap or hinf")
    }
    guard index < population else {
      throw ConfigurationError(
        "\(folder) has \(population) adversar\(population == 1 ? "y" : "ies"), counted from 0, and "
          + "no number \(index)")
    }
    let checkpoint = RunFolder.resolve(try run.folder.latestCheckpoint())
    let name = population == 1 ? "adversary" : "adversary.\(index)"
    let read: any Policy
    do {
      read = try PolicyReader.read(
        try Checkpoint(path: checkpoint).trainer.part(under: name),
        readers: registry.policyReaders)
    } catch let error as ArchiveError {
      throw FileError.damaged(path: checkpoint, reason: error.description)
    }
    let opponent = Opponent(read, acts: target, strength: strength, isBall: isBall)
    if let problem = opponent.problem(in: environment) { throw ConfigurationError(problem) }
    self.opponent = opponent
    opponentPath = path
  }
}
