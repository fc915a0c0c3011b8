import Environments
import Foundation
import Training
import Experiments
import RLCore
import Rendering

/// Shows the progress of a run: a live line on a terminal, plain lines elsewhere, or JSON.
final class ProgressDisplay: TrainingObserver {
  /// Form and amount of the output.
  enum Style {
    /// A live line when standard output is a terminal, otherwise one line per evaluation.
    case automatic
    case quiet
    case json
    /// JSON for the parent of a worker, with the progress in words.
    case worker
  }

  private let style: Style
  private var folder = RunFolder(path: "")
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var lastUpdate = Date.distantPast
  private var hasLiveLine = false
  /// Renderer of the pictures for TensorBoard; nil before the first one.
  private var renderer: SceneRenderer?
  /// The last progress that was reported.
  private var last: TrainingProgress?

  init(style: Style) { self.style = style }

  /// Shows the run that is about to start.
  func begin(_ training: TrainingRun) {
    folder = training.folder
    let (run, steps) = (training.configuration.run, training.resumedStep)
    switch style {
    case .quiet: return
    case .json, .worker:
      emit(
        TrainingEvent(
          event: .start, run: folder.path, environment: run.environment, agent: run.agent,
          seed: run.seed, steps: steps ?? 0, totalSteps: run.steps,
          plannedSteps: training.configuration.stepsTaken))
    case .automatic:
      let start = steps.map { ", from step \(grouped($0))" } ?? ""
      let planned = training.configuration.stepsTaken
      let rounded =
        planned == run.steps
        ? "" : " (\(grouped(run.steps)) rounded up to whole rounds of all environments)"
      writeLine(
        "\(folder.path): \(run.agent) on \(run.environment), \(grouped(planned)) steps\(rounded), "
          + "\(counted(run.environments, "environment")), seed \(run.seed), "
          + "\(counted(training.threads, "thread"))\(start)" + experience(training))
    }
    tellOfRounding(training)
  }

  /// Takes a run whose final evaluation is reported.
  func begin(_ folder: RunFolder) { self.folder = folder }

  /// Says so if the run is longer than it was planned by more than a tenth.
  private func tellOfRounding(_ training: TrainingRun) {
    let (configuration, run) = (training.configuration, training.configuration.run)
    let planned = configuration.stepsTaken
    guard Double(planned) > 1.1 * Double(run.steps) else { return }
    note(
      "\(counted(run.steps, "step")) become \(grouped(planned)): each of "
        + "\(counted(run.environments, "environment")) takes "
        + "\(counted(configuration.settings.stepsAtOnce, "step")) at once")
  }

  /// Returns a remark on the size of the replay buffer; empty if the agent has none.
  private func experience(_ training: TrainingRun) -> String {
    let configuration = training.configuration
    let needs = configuration.settings.memoryNeeds(
      in: training.environment.specification, environments: configuration.run.environments)
    guard let buffer = needs.first(where: { $0.key == "buffer-size" }) else { return "" }
    return ", replay buffer of \(decimals(buffer.bytes / 1e6, 1)) MB"
  }

  func didIterate(_ progress: TrainingProgress) {
    last = progress
    guard Date().timeIntervalSince(lastUpdate) > 0.2 else { return }
    showLive(liveSummary(progress))
  }

  func willEvaluate(episodes: Int, _ progress: TrainingProgress) {
    last = progress
    showEvaluation(0, of: episodes)
  }

  func didEvaluateEpisode(_ finished: Int, of episodes: Int) {
    guard Date().timeIntervalSince(lastUpdate) > 0.2 else { return }
    showEvaluation(finished, of: episodes)
  }

  private func showEvaluation(_ finished: Int, of episodes: Int) {
    guard let last else { return }
    showLive("evaluated \(finished) of \(counted(episodes, "episode")) after \(liveSummary(last))")
  }

  private func showLive(_ text: String) {
    if style == .worker, let last {
      lastUpdate = Date()
      emit(
        TrainingEvent(
          event: .progress, run: folder.path, steps: last.steps, totalSteps: last.totalSteps,
          stepsPerSecond: last.stepsPerSecond, message: text))
    }
    guard style == .automatic, isTerminal else { return }
    lastUpdate = Date()
    hasLiveLine = true
    // A line that wraps could not be overwritten.
    writeOutput("\r\u{1B}[K\(text.prefix(Self.terminalSize.width - 1))")
  }

  private func liveSummary(_ progress: TrainingProgress) -> String {
    style == .worker || Self.terminalSize.width < 150 ? shortSummary(progress) : summary(progress)
  }

  func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress) {
    last = progress
    switch style {
    case .quiet: return
    case .json, .worker:
      let shares = [
        "environment": progress.shares.environment, "policy": progress.shares.policy,
        "update": progress.shares.update,
      ]
      emit(
        TrainingEvent(
          event: .evaluation, run: folder.path, steps: progress.steps,
          totalSteps: progress.totalSteps, mode: result.mode.rawValue, meanReturn: result.mean,
          standardDeviation: result.standardDeviation, bestReturn: progress.bestReturn,
          meanLength: result.meanLength, successRate: result.successRate,
          trainingReturn: progress.metric("episode-return"),
          stepsPerSecond: progress.stepsPerSecond, elapsed: progress.elapsed, shares: shares,
          message: style == .worker ? summary(result, progress) : nil))
    case .automatic:
      finishLine()
      writeLine(summary(result, progress))
    }
  }

  private func summary(_ result: EvaluationResult, _ progress: TrainingProgress) -> String {
    let length = "length \(grouped(Int(result.meanLength.rounded())))"
    let success = result.successRate.map { "success \(decimals(100 * $0, 0)) %" }
    return summary(progress, [length, success].compactMap(\.self))
  }

  func picture(of scene: Scene) -> (png: Data, width: Int, height: Int)? {
    if renderer == nil { renderer = try? SceneRenderer(width: 300, height: 200) }
    guard let picture = renderer?.draw(scene), let png = picture.png else { return nil }
    return (png, picture.width, picture.height)
  }

  func didCollapse(_ sentence: String, _ progress: TrainingProgress) {
    if style == .json || style == .worker {
      emit(
        TrainingEvent(
          event: .alarm, run: folder.path, steps: progress.steps,
          totalSteps: progress.totalSteps, message: sentence))
    } else {
      warn("\(grouped(progress.steps)) steps: \(sentence)")
    }
  }

  /// Shows how the run ended.
  func end(_ outcome: TrainingOutcome, of training: TrainingRun) {
    finishLine()
    let (path, bestReturn) = (folder.path, training.bestReturn)
    switch style {
    case .quiet: return
    case .json, .worker:
      emit(
        TrainingEvent(
          event: .end, run: path, outcome: outcome.rawValue, steps: last?.steps,
          totalSteps: last?.totalSteps, bestReturn: bestReturn))
    case .automatic:
      let best = bestReturn.map { "; best evaluation \(decimals($0, 1))" } ?? ""
      let steps = last.map { grouped($0.steps) } ?? "?"
      let planned = grouped(training.configuration.stepsTaken)
      let ending =
        switch outcome {
        case .finished: "done after \(steps) steps"
        case .reachedReturn:
          "reached the return \(number(training.configuration.run.untilReturn ?? .nan)) after "
            + "\(steps) of \(planned) steps"
        case .interrupted: "interrupted after \(steps) of \(planned) steps"
        }
      let verb = outcome == .interrupted ? "train --resume" : "evaluate"
      writeLine("\(ending)\(best)\nnext: \(Self.commandLine(verb, path))")
    }
  }

  /// Tells the parent of a worker of the final evaluation.
  func report(_ final: StoredEvaluation) {
    emit(
      TrainingEvent(
        event: .final, run: folder.path, steps: final.steps, mode: final.mode.rawValue,
        meanReturn: final.mean, standardDeviation: final.standardDeviation,
        meanLength: final.meanLength, successRate: final.successRate,
        message: "final \(decimals(final.mean, 1)) over \(counted(final.returns.count, "episode"))")
    )
  }

  /// Returns a command line that the user can copy.
  static func commandLine(_ verb: String, _ path: String) -> String {
    let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "/._-+,".contains($0) }
    let quoted = isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
    return "\(CommandLineTool.command) \(verb) \(quoted)"
  }

  /// Shows a remark, unless the display is quiet.
  func note(_ text: String) {
    if style != .quiet, style != .worker { complain(text) }
  }

  /// Shows a warning about the run's results or speed, even if the display is quiet.
  func warn(_ text: String) {
    finishLine()
    complain(text)
  }

  /// Clears the live line, if there is one.
  func finishLine() {
    guard hasLiveLine else { return }
    hasLiveLine = false
    writeOutput("\r\u{1B}[K")
  }

  /// Columns and rows of the terminal.
  static var terminalSize: (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1, size.ws_row > 1
    else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Returns a summary, with further figures before the shares of the time.
  private func summary(_ progress: TrainingProgress, _ more: [String] = []) -> String {
    let percent = decimals(100 * progress.fraction, 0)
    let time =
      progress.steps < progress.totalSteps
      ? "\(duration(progress.remaining)) left" : duration(progress.elapsed)
    var parts = [
      "\(percent) %", "\(grouped(progress.steps)) steps",
      "\(grouped(Int(progress.stepsPerSecond))) steps/s", time,
    ]
    if let value = progress.metric("episode-return") {
      parts.append("training \(decimals(value, 1))")
    }
    if let last = progress.lastReturn { parts.append("evaluation \(decimals(last, 1))") }
    if let best = progress.bestReturn { parts.append("best \(decimals(best, 1))") }
    let shares = [
      ("environments", progress.shares.environment), ("policy", progress.shares.policy),
      ("updates", progress.shares.update),
    ]
    let times = shares.map { "\($0) \(decimals(100 * $1, 0)) %" }
    return "\((parts + more).joined(separator: ", ")), time: \(times.joined(separator: ", "))"
  }

  /// Returns a summary that fits into 80 columns.
  private func shortSummary(_ progress: TrainingProgress) -> String {
    let speed = progress.stepsPerSecond
    let left = Int(min(progress.remaining, 3.5e6).rounded())
    let clock = String(format: "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
    var parts = [
      "\(decimals(100 * progress.fraction, 0)) %",
      (speed < 10_000 ? decimals(speed, 0) : "\(decimals(speed / 1000, 0))k") + " steps/s",
      (clock.hasPrefix("0:") ? String(clock.dropFirst(2)) : clock) + " left",
    ]
    if let last = progress.lastReturn { parts.append("eval \(decimals(last, 1))") }
    if let best = progress.bestReturn { parts.append("best \(decimals(best, 1))") }
    return parts.joined(separator: ", ")
  }

  private func emit(_ event: TrainingEvent) {
    if let line = try? jsonLine(event) { writeLine(line) }
  }
}

/// Returns a whole number as text, with commas between thousands.
func grouped(_ value: Int) -> String {
  var text = ""
  for (index, digit) in String(value.magnitude).reversed().enumerated() {
    if index > 0, index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return (value < 0 ? "-" : "") + String(text.reversed())
}

/// Returns a number with the noun it counts, such as "1 thread" or "2 threads".
func counted(_ count: Int, _ noun: String) -> String {
  "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// Returns a duration in seconds as text, such as `3 min 20 s`.
func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return seconds < 10 ? "\(decimals(seconds, 1)) s" : "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
