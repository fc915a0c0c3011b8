import Experiments
import Foundation
import Storage

/// Shows the progress of several seeds: a line for each on a terminal, plain lines elsewhere, or JSON.
final class SeedDisplay {
  private enum Phase {
    case waiting
    case running(String)
    case ended(String)
  }

  private struct Seed {
    var phase = Phase.waiting
    /// The last event that told of steps.
    var progress: TrainingEvent?
    /// The last remark, the reason if the training fails.
    var remark: String?
  }

  private let style: ProgressDisplay.Style
  private let seeds: [UInt64]
  private var states: [UInt64: Seed]
  private var shownRemarks: Set<String> = []
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  /// Number of lines that are replaced when the display changes.
  private var liveLines = 0
  private var lastUpdate = Date.distantPast

  init(style: ProgressDisplay.Style, seeds: [UInt64]) {
    (self.style, self.seeds) = (style, seeds)
    states = Dictionary(uniqueKeysWithValues: seeds.map { ($0, Seed()) })
  }

  /// Shows what is about to be trained.
  func begin(_ training: SeedTraining) {
    guard style == .automatic else { return }
    let configuration = training.group.configuration
    let threads =
      training.threads.map { ", \(counted($0, "thread")) each" } ?? ", the cores shared"
    writeLine(
      "\(training.group.folder.path): \(configuration.run.agent) on "
        + "\(configuration.run.environment), seeds \(SeedList(training.seeds)), "
        + "\(grouped(configuration.stepsTaken)) steps each, \(counted(training.jobs, "run")) at a "
        + "time\(threads)")
  }

  // MARK: - What happens

  /// Shows that a seed needs no training.
  func skip(_ seed: UInt64, _ outcome: SeedTraining.Outcome) {
    let text = outcome == .finished ? "done before" : "diverged before"
    states[seed]?.phase = .ended(text)
    if outcome != .finished {
      complain("seed \(seed): it diverged before; remove its folder to train it again")
    } else {
      showPlainly("seed \(seed): \(text)")
    }
  }

  /// Shows that the training of a seed begins.
  func start(_ seed: UInt64) { states[seed]?.phase = .running("starts") }

  /// Shows a line of a worker's standard output.
  func show(_ line: String, of seed: UInt64) {
    guard var event = try? JSONDecoder().decode(TrainingEvent.self, from: Data(line.utf8)) else {
      return
    }
    if event.event == .alarm {
      if style != .json {
        remark("\(grouped(event.steps ?? 0)) steps: \(event.message ?? "")", of: seed)
      }
    } else if let message = event.message {
      event.message = nil
      // A line on a terminal has no room for all that is said of an evaluation.
      if event.event != .evaluation { states[seed]?.phase = .running(message) }
      if event.event == .evaluation || event.event == .final {
        showPlainly("seed \(seed): \(message)")
      }
    }
    if event.event == .progress {
      states[seed]?.progress = event
    } else if style == .json, let text = try? jsonLine(event) {
      writeLine(text)
    }
  }

  /// Shows a line of a worker's standard error, unless another seed has said the same.
  func remark(_ line: String, of seed: UInt64) {
    let prefix = "\(CommandLineTool.name): "
    let text = line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : line
    states[seed]?.remark = text
    guard shownRemarks.insert(text).inserted else { return }
    clear()
    complain("seed \(seed): \(text)")
  }

  /// Shows that the training of a seed has ended.
  func end(_ seed: UInt64, _ outcome: SeedTraining.Outcome) {
    let text =
      switch outcome {
      case .finished: "done"
      case .interrupted: "interrupted"
      case .failed(let code): "failed with \(code)"
      }
    if case .failed(let code) = outcome, states[seed]?.remark == nil {
      remark("its process ended with \(code)", of: seed)
    }
    let before = if case .running(let text) = states[seed]?.phase { ", \(text)" } else { "" }
    states[seed]?.phase = .ended(text + (outcome == .finished ? before : ""))
    if outcome != .finished { showPlainly("seed \(seed): \(text)") }
  }

  private func showPlainly(_ line: String) {
    if style == .automatic, !isTerminal { writeLine(line) }
  }

  // MARK: - Live lines

  /// Replaces the lines on a terminal, at most five times a second.
  func refresh() {
    guard style == .automatic, isTerminal, -lastUpdate.timeIntervalSinceNow > 0.2 else { return }
    lastUpdate = .now
    let (width, height) = ProgressDisplay.terminalSize
    let lines = lines(atMost: max(1, height - 2))
    let text = lines.map { "\u{1B}[K\($0.printable(atMost: width - 2))\n" }.joined()
    writeOutput(rewind + text + "\u{1B}[J")
    liveLines = lines.count
  }

  /// Removes the lines.
  func clear() {
    guard liveLines > 0 else { return }
    writeOutput(rewind + "\u{1B}[J")
    liveLines = 0
  }

  private var rewind: String { liveLines > 0 ? "\u{1B}[\(liveLines)A\r" : "" }

  /// A line for each seed, or for each that is trained if there is no room for all, and one for all
  /// together.
  func lines(atMost limit: Int) -> [String] {
    let width = seeds.map { "\($0)".count }.max() ?? 1
    func line(_ seed: UInt64) -> String {
      let text =
        switch states[seed]?.phase {
        case .running(let text), .ended(let text): text
        case .waiting, nil: "waits"
        }
      let padding = String(repeating: " ", count: width - "\(seed)".count)
      return "seed \(padding)\(seed)  \(text)"
    }
    var shown = seeds
    if shown.count >= limit {
      shown = seeds.filter { if case .running = states[$0]?.phase { true } else { false } }
    }
    return shown.prefix(max(0, limit - 1)).map(line) + [total]
  }

  /// Counts of seeds and the time left.
  private var total: String {
    let ended = states.values.count { if case .ended = $0.phase { true } else { false } }
    var text = "\(ended) of \(counted(seeds.count, "seed")) done"
    let known = states.values.compactMap(\.progress)
    guard let steps = known.first?.totalSteps else { return text }
    var (left, speed) = (0.0, 0.0)
    for state in states.values {
      switch state.phase {
      case .waiting: left += Double(steps)
      case .running:
        left += Double(max(0, steps - (state.progress?.steps ?? 0)))
        speed += state.progress?.stepsPerSecond ?? 0
      case .ended: break
      }
    }
    if speed > 0 {
      text += ", \(grouped(Int(speed))) steps/s together, \(duration(left / speed)) left"
    }
    return text
  }
}
