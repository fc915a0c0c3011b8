import ArgumentParser
import Experiments
import Foundation
import Storage
import Training

extension Train {
  // MARK: - All seeds

  /// Starts or continues runs with several seeds.
  func train(_ list: SeedList, _ stop: StopSignal) throws {
    guard resume == nil else {
      throw ConfigurationError(
        "--seeds can't be combined with --resume, which continues all seeds of the folder")
    }
    let group = try SeedGroup(
      experiment(), seeds: list.seeds, at: out, registry: .ofTheTool)
    try train(group, list.seeds, stop)
  }

  /// Continues all runs of a group.
  func resumeGroup(_ path: String, _ stop: StopSignal) throws {
    guard seed == nil else {
      throw ConfigurationError("--seed can't be combined with --resume of several seeds")
    }
    try refuseSettings()
    let group = try SeedGroup(continuing: path, registry: .ofTheTool)
    try checkSteps(group.configuration)
    try train(group, group.seeds, stop)
  }

  private func train(_ group: SeedGroup, _ seeds: [UInt64], _ stop: StopSignal) throws {
    let fitting = group.jobsThatFit
    if let jobs, jobs > fitting, seeds.count > fitting {
      throw ConfigurationError(
        "--jobs \(jobs): this machine has the memory for \(counted(fitting, "run")) at a time")
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let training = SeedTraining(
      group: group, seeds: seeds, jobs: min(jobs ?? min(cores, fitting), seeds.count),
      threads: threadOptions.threads, finalEpisodes: finalEpisodes)
    let display = SeedDisplay(style: style, seeds: seeds)
    display.begin(training)
    let outcomes = try training.run(display, stop)
    display.clear()
    try finish(training, outcomes)
  }

  /// Shows the table and turns the outcomes into an exit code.
  private func finish(
    _ training: SeedTraining, _ outcomes: [UInt64: SeedTraining.Outcome]
  ) throws {
    let folder = training.group.folder
    let isInterrupted = training.seeds.contains {
      outcomes[$0] == nil || outcomes[$0] == .interrupted
    }
    let results = try RunGroup(
      training.seeds.filter { training.group.hasBegun($0) }.map { folder.run($0).path },
      name: folder.path, registry: .ofTheTool)
    if !isInterrupted {
      for problem in results.problems { complain(problem.description) }
      if let table = SeedTable(results) {
        if style == .json { writeLine(try jsonLine(table)) }
        if style == .automatic { writeLine(table.text) }
      }
    }
    if style == .automatic {
      let verb = isInterrupted ? "train --resume" : "compare"
      writeLine("next: \(ProgressDisplay.commandLine(verb, folder.path))")
    }
    let codes = training.seeds.compactMap { seed in
      if case .failed(let code) = outcomes[seed] { code } else { nil as Int32? }
    }
    if isInterrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
    if let code = codes.first { throw ExitCode(code) }
    if !results.problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  // MARK: - One of them

  /// Trains one of several seeds, evaluates it and tells the parent of all.
  func runWorker() throws {
    WorkerLink.watch()
    let stop = StopSignal(notice: nil, numbers: [SIGTERM])
    let shouldStop = { WorkerLink.isStopping || stop.isRaised }
    let display = ProgressDisplay(style: .worker)
    let run = try startOrResume(display)
    try train(run, display, until: shouldStop)
    guard finalEpisodes > 0 else { return }
    guard !shouldStop() else { throw ExitCode(ExitStatus.interrupted.rawValue) }
    display.begin(run.folder)
    display.report(
      try SeedGroup.evaluateFinally(
        run.folder, episodes: finalEpisodes, threads: threadOptions.threads,
        registry: .ofTheTool))
  }
}
