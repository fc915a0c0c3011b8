import Environments
import Foundation
import Training
import Experiments
import RLCore

/// Shows the progress of a run: a live line on a terminal, plain lines elsewhere, or JSON.
final class ProgressDisplay: TrainingObserver {
  /// Form and amount of the output.
  enum Style {
    /// A live line when standard output is a terminal, otherwise one line per evaluation.
    case automatic
    case quiet
    case json
  }

  private let style: Style
  private var folder = RunFolder(path: "")
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var lastUpdate = Date.distantPast
  private var hasLiveLine = false

  init(style: Style) { self.style = style }

  /// Shows the run that is about to start.
  func begin(_ training: TrainingRun) {
    folder = training.folder
    let (run, steps) = (training.configuration.run, training.resumedStep)
    switch style {
    case .quiet: return
    case .json:
      emit(
        Event(
          event: "start", run: folder.path, environment: run.environment, agent: run.agent,
          seed: run.seed, steps: steps ?? 0, totalSteps: run.steps))
    case .automatic:
      let start = steps.map { ", from step \(grouped($0))" } ?? ""
      writeLine(
        "\(folder.path): \(run.agent) on \(run.environment), \(grouped(run.steps)) steps, "
          + "\(run.environments) environments, seed \(run.seed), \(training.threads) threads\(start)"
          + experience(training))
    }
  }

  /// Returns a remark on the size of the replay buffer; empty if the agent has none.
  private func experience(_ training: TrainingRun) -> String {
    let bytes = training.configuration.settings.experienceBytes(
      in: training.environment.specification)
    return bytes == 0 ? "" : ", replay buffer of \(decimals(Double(bytes) / 1e6, 1)) MB"
  }

  func didIterate(_ progress: TrainingProgress) {
    guard style == .automatic, isTerminal, Date().timeIntervalSince(lastUpdate) > 0.2 else {
      return
    }
    lastUpdate = Date()
    hasLiveLine = true
    // A line that wraps could not be overwritten.
    let width = Self.terminalWidth
    let line = (width < 140 ? shortSummary(progress) : summary(progress)).prefix(width - 1)
    writeOutput("\r\u{1B}[K\(line)")
  }

  func didEvaluate(_ result: EvaluationResult, _ progress: TrainingProgress) {
    switch style {
    case .quiet: return
    case .json:
      let shares = [
        "environment": progress.shares.environment, "policy": progress.shares.policy,
        "update": progress.shares.update,
      ]
      emit(
        Event(
          event: "evaluation", run: folder.path, steps: progress.steps,
          totalSteps: progress.totalSteps, mode: result.mode.rawValue, meanReturn: result.mean,
          standardDeviation: result.standardDeviation, bestReturn: progress.bestReturn,
          meanLength: result.meanLength, successRate: result.successRate,
          trainingReturn: progress.metric("episode-return"),
          stepsPerSecond: progress.stepsPerSecond, elapsed: progress.elapsed, shares: shares))
    case .automatic:
      finishLine()
      let success = result.successRate.map { ", success \(decimals(100 * $0, 0)) %" } ?? ""
      writeLine(
        "\(summary(progress)), length \(decimals(result.meanLength, 0))\(success)")
    }
  }

  /// Shows how the run ended.
  func end(_ outcome: TrainingOutcome, bestReturn: Double?) {
    finishLine()
    let path = folder.path
    switch style {
    case .quiet: return
    case .json:
      emit(Event(event: "end", run: path, outcome: outcome.rawValue, bestReturn: bestReturn))
    case .automatic:
      let best = bestReturn.map { "; best evaluation \(decimals($0, 1))" } ?? ""
      switch outcome {
      case .finished, .reachedReturn:
        writeLine("done\(best)\nnext: \(CommandLineTool.name) evaluate \(path)")
      case .interrupted:
        writeLine("interrupted\(best)\nnext: \(CommandLineTool.name) train --resume \(path)")
      }
    }
  }

  /// Shows a remark, unless the display is quiet.
  func note(_ text: String) {
    if style != .quiet { complain(text) }
  }

  /// Shows a warning that the run's results are in doubt, even if the display is quiet.
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

  private static var terminalWidth: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  private func summary(_ progress: TrainingProgress) -> String {
    let shares = progress.shares
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
    let fractions = [shares.environment, shares.policy, shares.update]
    parts.append(
      "env/policy/update " + fractions.map { decimals(100 * $0, 0) }.joined(separator: "/") + " %")
    return parts.joined(separator: ", ")
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
    let shares = progress.shares
    let fractions = [shares.environment, shares.policy, shares.update]
    parts.append(
      "env/pol/upd " + fractions.map { decimals(100 * $0, 0) }.joined(separator: "/") + " %")
    return parts.joined(separator: ", ")
  }

  private func emit(_ event: Event) {
    if let line = try? jsonLine(event) { writeLine(line) }
  }

  /// One line of `--json` output; nil members are left out.
  private struct Event: Encodable {
    var event: String
    var run: String
    var environment: String?
    var agent: String?
    var seed: UInt64?
    var outcome: String?
    var steps: Int?
    var totalSteps: Int?
    var mode: String?
    var meanReturn: Double?
    var standardDeviation: Double?
    var bestReturn: Double?
    var meanLength: Double?
    var successRate: Double?
    var trainingReturn: Double?
    var stepsPerSecond: Double?
    var elapsed: Double?
    var shares: [String: Double]?

    enum CodingKeys: String, CodingKey {
      case event, run, environment, agent, seed, outcome, steps, mode, elapsed, shares
      case totalSteps = "total-steps"
      case meanReturn = "mean-return"
      case standardDeviation = "std-return"
      case bestReturn = "best-return"
      case meanLength = "mean-length"
      case successRate = "success-rate"
      case trainingReturn = "training-return"
      case stepsPerSecond = "steps-per-second"
    }
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

/// Returns a duration in seconds as text, such as `3 min 20 s`.
func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return seconds < 10 ? "\(decimals(seconds, 1)) s" : "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
