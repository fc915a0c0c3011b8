import ArgumentParser
import Experiments
import Foundation
import Storage
import Training

/// The verb `watch`: shows runs in the terminal while they train.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Watch runs in the terminal while they train.",
    discussion: """
      Shown are how far each run is, its evaluations, and metrics as curves from its start to now: the \
      return of training, losses, entropy, divergence and probes, unless --metric names others. \
      Several runs and folders of seeds are shown side by side. The view ends when no run trains any \
      more; without a terminal it is printed once. --window plays episodes of the newest checkpoint \
      as long as the run trains.
      """)

  @Argument(
    help: ArgumentHelp("Run folders, or folders of several runs.", valueName: "run"),
    completion: .directory)
  var runs: [String]
  @Option(
    name: [.long, .customShort("m")],
    help: ArgumentHelp(
      "Metric to show, or the beginning of names before a star, such as 'probes/critic*'. Can be "
        + "repeated.", valueName: "name"))
  var metric: [String] = []
  @Option(help: ArgumentHelp("Seconds between two readings.", valueName: "seconds"))
  var every = 1.0
  @Flag(help: "Print the view once.") var once = false
  @Flag(help: "Play episodes of the run's newest checkpoint in a window.") var window = false

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("name at least one run") }
    guard (0.05...3600).contains(every) else {
      throw ValidationError("--every must lie in 0.05...3600")
    }
    guard !window || runs.count == 1 else {
      throw ValidationError("--window plays one run; name one")
    }
    guard !(window && once) else { throw ValidationError("--window and --once can't be combined") }
  }

  func run() throws {
    let paths = try runs.map(PathOption.expand)
    if window { return try WatchWindow(paths[0]).show() }
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let stop = StopSignal(notice: nil)
    let isLive = isTerminal && !once
    var problems: [FileError]
    var isTraining = false
    repeat {
      (problems, isTraining) = ([], false)
      var panels: [WatchPanel] = []
      for folder in try folders(paths) {
        do {
          let run = try RunResults(folder, registry: .ofTheTool)
          panels.append(try WatchPanel(run, metrics: metric.isEmpty ? nil : metric))
          isTraining = isTraining || run.isRunning
        } catch let error as FileError {
          problems.append(error)
        }
      }
      let (width, height) = isTerminal ? ProgressDisplay.terminalSize : (80, Int.max / 4)
      let lines = WatchPanel.lines(panels, width: width - 1, height: height - 2)
      let text = lines.map { $0 + (isLive ? "\u{1B}[K" : "") + "\n" }.joined()
      writeOutput((isLive ? "\u{1B}[H" : "") + text + (isLive ? "\u{1B}[J" : ""))
      guard isLive, isTraining else { break }
      wait(stop)
    } while !stop.isRaised && !StandardOutput.isClosed
    for problem in problems { complain(problem.description) }
    if !problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  /// Returns the folders of all runs.
  private func folders(_ paths: [String]) throws(FileError) -> [String] {
    var folders: [String] = []
    for path in paths {
      guard FileSystem.exists(path) else { throw .missing(path: path) }
      let found = RunGroup.runFolders(path)
      folders += found.isEmpty ? [path] : found
    }
    return folders
  }

  /// Waits for the next reading, or for a signal.
  private func wait(_ stop: StopSignal) {
    let end = Date.now.addingTimeInterval(every)
    while Date.now < end, !stop.isRaised { usleep(20_000) }
  }
}
