import ArgumentParser
import Environments
import RLCore
import Recording
import Rendering
import Experiments
import Robustness
import Training

/// The verb `play`: lets a person drive an environment in a window.
struct Play: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play",
    abstract: "Drive an environment yourself, with keys or a game pad.",
    discussion: """
      The window explains the controls. Episodes use the seeds --seed, --seed + 1 and so on. \
      'replay' verifies the recordings like any others.
      """)

  @Option(help: "Environment; see 'list'.") var env: String
  @Option(seedsBelow2To: 63) var seed: UInt64 = 0
  @Option(help: "Close the window after this many complete episodes.") var episodes: Int?
  @Option(help: "Size of the window, for example 900x600.") var size = "600x400"
  @Option(help: "Simulated seconds per second, in 0.1...16.") var speed = 1.0
  @Option(
    name: .long, defaultAsFlag: "",
    help: ArgumentHelp(
      "Record every attempt: FILE.rlrec keeps only the last one, a folder keeps all; without a "
        + "name, a new folder in Recordings.", valueName: "FILE|DIR"))
  var record: String?
  @OptionGroup var parameterOptions: ParameterOptions
  @Option(
    help: ArgumentHelp(
      "Draw physical parameters anew for every episode, as in 'train'.", valueName: "name=spec,…"))
  var randomize: String?
  @Option(
    help: ArgumentHelp(
      "Perturb actions and bodies, as in 'train'.", valueName: "name=value,…"))
  var perturb: String?

  func validate() throws {
    guard episodes ?? 1 >= 1 else { throw ValidationError("--episodes must be at least 1") }
    guard (0.1...16).contains(speed) else { throw ValidationError("--speed must lie in 0.1...16") }
  }

  func run() throws {
    let registered = try Registry.ofTheTool.environment(env)
    guard !registered.manualControls.isEmpty && registered.hasPicture else {
      throw ConfigurationError("\(env) has no picture or no manual controls")
    }
    let size = try Picture.size(from: size)
    let environment = try registered.makeVector(1)
    let values = try parameterOptions.values()
    for (name, value) in values { try environment.setParameter(name, to: value) }
    let conditions = try conditions(in: registered, environment, fixed: values.map(\.name))
    conditions.apply(to: environment)
    let window = try Window(
      title: "\(registered.identifier) - \(CommandLineTool.name) play", width: size.width,
      height: size.height)
    let recorder = try makeRecorder(registered, environment)
    let game = PlayGame(environment, seed: seed, recorder: recorder)
    let isInterrupted: Bool
    do {
      isInterrupted = try drive(game, environment, in: window)
    } catch {
      try? game.finish()
      throw error
    }
    try game.finish()
    for path in Set(recorder?.finished ?? []).sorted() { writeLine("recorded \(path)") }
    if isInterrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }

  /// Returns the conditions that the options name.
  private func conditions(
    in registered: RegisteredEnvironment, _ environment: any BatchedEnvironment, fixed: [String]
  ) throws(ConfigurationError) -> EpisodeConditions {
    let perturbations = try Perturbations(parsing: perturb ?? "", origin: "--perturb")
    guard perturbations.keepsObservations else {
      throw ConfigurationError(
        "--perturb \(perturbations): a person sees the picture, which has no perturbed observation; "
          + "leave out observation-…")
    }
    return try EpisodeConditions(
      Randomization(parsing: randomize ?? "", origin: "--randomize"), perturbations,
      in: registered, parameters: environment.parameterValues, fixed: Set(fixed))
  }

  /// Runs episodes until the window is closed.
  ///
  /// - Returns: Whether a signal closed the window.
  private func drive(
    _ game: PlayGame, _ environment: any BatchedEnvironment, in window: Window
  ) throws -> Bool {
    let stop = StopSignal(notice: "\(CommandLineTool.name): closing the window")
    var screen = try Screen(of: window)
    var model = PlayModel(
      specification: environment.specification, controls: environment.manualControls,
      disturbances: environment.disturbanceComponents, speed: speed)
    var ended = 0
    while !model.isDone, !stop.isRaised {
      let wait = model.waitingTime(at: Clock.now, limit: Clock.longestWait)
      for event in window.events(waiting: wait) {
        switch model.handle(event, at: Clock.now) {
        case .restart: game.restart()
        case .next: game.next()
        case nil: break
        }
      }
      for _ in 0..<model.takeDueSteps(at: Clock.now) where game.result == nil {
        try game.step(action: model.pilot.takeAction(), push: model.pilot.takePush())
        model.stepWasTaken()
        guard let result = game.result else { continue }
        ended += 1
        writeLine(sentence(result, number: ended))
        model.episodeEnded(
          "Return \(decimals(result.episodeReturn, 1)) in \(counted(result.length, "step"))",
          isLast: ended == episodes)
      }
      guard model.needsFrame, !model.isDone else { continue }
      try screen.fit(window)
      var overlay = game.overlay
      overlay.mode = model.mode
      try window.present(screen.draw(game.scene, overlay: overlay, panel: model.panel))
      model.frameWasShown()
    }
    return stop.isRaised
  }

  private func sentence(_ result: PlayGame.Result, number: Int) -> String {
    "episode \(number): return \(decimals(result.episodeReturn, 2)) in "
      + "\(counted(result.length, "step")), \(result.end)"
  }

  // MARK: Recording

  private func makeRecorder(
    _ registered: RegisteredEnvironment, _ environment: any BatchedEnvironment
  ) throws -> FileRecorder? {
    // As a flag without a value it is empty.
    guard let record = try record.map({ $0.isEmpty ? "" : try PathOption.expand($0) }) else {
      return nil
    }
    let header = RecordingHeader(
      specification: registered.specification, parameters: registered.parameters,
      disturbances: environment.disturbanceComponents, agent: "manual", mode: .manual,
      policy: nil, build: .current)
    if record.hasSuffix(".rlrec") {
      return FileRecorder(header: header) { _ in record }
    }
    let folder =
      record.isEmpty
      ? try RunFolder.make(in: "Recordings", environment: env, agent: "manual")
      : try RunFolder.make(at: record)
    var attempt = 0
    return FileRecorder(header: header) { _ in
      defer { attempt += 1 }
      return "\(folder.path)/\(EpisodeRecorder.name(episode: attempt))"
    }
  }
}
