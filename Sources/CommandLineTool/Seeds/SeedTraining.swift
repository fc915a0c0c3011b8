import ArgumentParser
import Experiments
import Foundation
import Storage

/// Trains one run for each of several seeds, some at a time, each in a process of its own.
///
/// A process of its own means that a seed that fails costs no other, and that each run is what
/// `train --seed` makes of it, bit for bit.
struct SeedTraining {
  /// How the training of one seed has ended.
  enum Outcome: Equatable {
    case finished
    case interrupted
    /// It failed, with an exit code.
    case failed(Int32)
  }

  let group: SeedGroup
  /// Seeds to train, of those of the group.
  let seeds: [UInt64]
  /// Number of runs at a time.
  let jobs: Int
  /// Number of threads of each run; nil to share the cores.
  let threads: Int?
  /// Number of episodes of the final evaluation of each run; 0 for none.
  let finalEpisodes: Int

  /// Seconds for which a worker that is about to end may still use its folder.
  private static let patience = 5.0

  /// Trains until all seeds have ended or the signal to stop has come.
  ///
  /// - Returns: The outcomes; seeds that were not begun have none.
  func run(_ display: SeedDisplay, _ stop: StopSignal) throws -> [UInt64: Outcome] {
    var outcomes: [UInt64: Outcome] = [:]
    for seed in seeds {
      guard let outcome = earlierOutcome(seed) else { continue }
      outcomes[seed] = outcome
      display.skip(seed, outcome)
    }
    var waiting = seeds.filter { outcomes[$0] == nil }[...]
    var running: [SeedWorker] = []
    var isStopping = false
    while !running.isEmpty || !(waiting.isEmpty || stop.isRaised) {
      while running.count < jobs, !stop.isRaised, let seed = waiting.popFirst() {
        running.append(try start(seed, unfinished: running.count + 1 + waiting.count))
        display.start(seed)
      }
      if stop.isRaised, !isStopping {
        isStopping = true
        for worker in running { worker.stop() }
      }
      read(running, display)
      for worker in running where worker.isAtEnd {
        let status = worker.wait()
        let outcome: Outcome =
          switch status {
          case 0: .finished
          case ExitStatus.interrupted.rawValue where isStopping: .interrupted
          default: .failed(status)
          }
        outcomes[worker.seed] = outcome
        display.end(worker.seed, outcome)
      }
      running.removeAll(where: \.isAtEnd)
      display.refresh()
    }
    return outcomes
  }

  /// Returns the outcome of a run that needs no more training; nil for others.
  private func earlierOutcome(_ seed: UInt64) -> Outcome? {
    // A run that can't be read is left to the worker, which repairs it or says what is wrong.
    guard group.hasBegun(seed),
      let run = try? RunResults(group.folder.run(seed).path, registry: .ofTheTool)
    else { return nil }
    switch run.state {
    case .finished where finalEpisodes == 0 || run.final?.returns.count == finalEpisodes:
      return .finished
    // It would diverge again, at the same step.
    case .diverged: return .failed(ExitStatus.diverged.rawValue)
    default: return nil
    }
  }

  private func start(_ seed: UInt64, unfinished: Int) throws -> SeedWorker {
    let folder = group.folder.run(seed)
    // Workers of a parent that was killed end a moment after it.
    let end = Date.now.addingTimeInterval(Self.patience)
    while folder.isInUse, Date.now < end { usleep(20_000) }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let threads = threads ?? max(1, cores / min(jobs, unfinished))
    let run =
      group.hasBegun(seed)
      ? ["--resume=\(folder.path)"]
      : ["--config=\(group.folder.settingsFile)", "--seed=\(seed)", "--out=\(folder.path)"]
    return try SeedWorker(
      seed: seed,
      arguments: run + ["--threads=\(threads)", "--final-episodes=\(finalEpisodes)"])
  }

  /// Waits a moment for lines of the workers, and shows them.
  private func read(_ workers: [SeedWorker], _ display: SeedDisplay) {
    var descriptors = workers.flatMap(\.descriptors).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    guard poll(&descriptors, nfds_t(descriptors.count), 100) > 0 else { return }
    let ready = Set(descriptors.filter { $0.revents != 0 }.map(\.fd))
    for worker in workers {
      for descriptor in worker.descriptors where ready.contains(descriptor) {
        let (output, errors) = worker.read(descriptor)
        for line in output { display.show(line, of: worker.seed) }
        for line in errors { display.remark(line, of: worker.seed) }
      }
    }
  }
}
