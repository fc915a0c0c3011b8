import ArgumentParser
import Experiments
import Foundation
import Training

/// Runs a policy against the opponents that the options name.
struct AttackRun {
  private let policy: StoredPolicy
  private let options: AttackOptions
  private let episodes: Int
  private let seed: UInt64
  private let threads: Int?
  private let shouldStop: () -> Bool

  init(
    _ policy: StoredPolicy, _ options: AttackOptions, episodes: Int, seed: UInt64, threads: Int?,
    shouldStop: @escaping () -> Bool
  ) {
    (self.policy, self.options, self.episodes, self.seed) = (policy, options, episodes, seed)
    (self.threads, self.shouldStop) = (threads, shouldStop)
  }

  /// Runs everything and judges it.
  func report() throws -> AttackReport {
    defer { LiveLine.show("") }
    let nominal = try policy.evaluate(episodes: episodes, seed: seed, threads: threads)
    var report = AttackReport(policy, nominal: nominal, firstSeed: seed)
    for attack in try options.attacks(on: policy) {
      LiveLine.show("attack \(attack)")
      let result = try policy.evaluate(
        under: attack, episodes: episodes, seed: seed, threads: threads)
      report.attacks.append(.init("attack \(attack)", result))
      try goOn()
    }
    try addAdversaries(to: &report)
    if let steps = options.impulse {
      let search = try policy.searchImpulse(
        steps: steps, share: options.survival, episodes: episodes, seed: seed, threads: threads
      ) {
        LiveLine.show("impulse of \(decimals($0.magnitude, 3)) of the bound")
        return !shouldStop()
      }
      try goOn()
      report.impulse = .init(search, steps: steps, share: options.survival)
    }
    if let noise = options.certify, let floor = options.floor {
      LiveLine.show("certificate of \(counted(options.certifyEpisodes, "episode"))")
      let (certificate, result) = try policy.certify(
        noise: noise, floor: floor, episodes: options.certifyEpisodes, seed: seed,
        threads: threads)
      report.certificate = .init(certificate, result)
    }
    report.judge(options)
    return report
  }

  private func addAdversaries(to report: inout AttackReport) throws {
    guard let name = options.adversary else { return }
    guard let steps = options.adversarySteps else {
      var opposed = policy
      try opposed.oppose(name, registry: .ofTheTool)
      let result = try opposed.evaluate(episodes: episodes, seed: seed, threads: threads)
      report.adversaries.append(.init("adversary of \(name)", result))
      return
    }
    for number in 1...options.adversarySeeds {
      let label = "adversary of \(grouped(steps)) steps, seed \(number)"
      let opponent = try policy.trainAdversary(
        steps: steps, seed: UInt64(number), strength: options.adversaryStrength, threads: threads,
        registry: .ofTheTool
      ) {
        LiveLine.show("\(label): step \(grouped($0))")
        return !shouldStop()
      }
      try goOn()
      guard let opponent else { return }
      let result = try policy.evaluate(
        against: opponent, episodes: episodes, seed: seed, threads: threads)
      report.adversaries.append(.init(label, result))
    }
  }

  /// Ends the verb if it was interrupted.
  private func goOn() throws {
    if shouldStop() { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }
}
