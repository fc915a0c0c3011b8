import Agents
import CAllocationCounter
import Environments
import Foundation
import RLCore
import Storage
import Training

/// Cases that measure PPO end to end, from new networks, without evaluations.
enum TrainingCases {
  static let all = [
    BenchmarkCase(name: "ppo-walker-64") { threads in
      [
        Measurement(
          name: "ppo-walker-64", value: walkerRate(minibatch: 64, threads: threads),
          unit: "steps/s", parameters: ["environments": 32])
      ]
    },
    BenchmarkCase(name: "ppo-walker-512") { threads in
      [
        Measurement(
          name: "ppo-walker-512", value: walkerRate(minibatch: 512, threads: threads),
          unit: "steps/s", parameters: ["environments": 32])
      ]
    },
    BenchmarkCase(name: "ppo-allocations") { _ in [updateAllocations()] },
    BenchmarkCase(name: "walker-memory") { threads in [try walkerMemory(threads: threads)] },
  ]

  /// Measures the steps per second of 12 iterations of 32 × 256 steps, the best of two runs.
  static func walkerRate(minibatch: Int, threads: Int) -> Double {
    let iterations = 12
    let seconds = shortestTime(repeats: 2) {
      let agent = makeAgent(minibatch: minibatch, threads: threads)
      for _ in 0..<iterations { _ = try? agent.iterate() }
    }
    return Double(iterations * 32 * 256) / seconds
  }

  static func makeAgent(
    minibatch: Int, threads: Int, recorder: (any EpisodeObserver)? = nil
  ) -> PPOAgent {
    guard let walker = EnvironmentRegistry.find("walker") else {
      preconditionFailure("no environment walker")
    }
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 256
    configuration.minibatchSize = minibatch
    configuration.normalizeObservations = true
    configuration.normalizeRewards = true
    let environment = walker.construct(32)
    environment.observe(environment: 0, with: recorder)
    environment.reset(seeds: .training(runSeed: 1))
    return PPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: threads), seed: 1,
        totalSteps: 1_000_000))
  }

  /// Measures heap allocations per environment step in whole PPO iterations on `cartpole-v1`.
  private static func updateAllocations() -> Measurement {
    guard let cartPole = EnvironmentRegistry.find("cartpole-v1") else {
      preconditionFailure("no environment cartpole-v1")
    }
    let environment = cartPole.construct(8)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 1024
    configuration.minibatchSize = 256
    let agent = PPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 1_000_000))
    for _ in 0..<4 { _ = try? agent.iterate() }
    let before = cac_allocations()
    for _ in 0..<4 { _ = try? agent.iterate() }
    return Measurement(
      name: "ppo-allocations", value: Double(cac_allocations() - before) / Double(4 * 8 * 1024),
      unit: "allocations/step", parameters: ["environments": 8])
  }

  /// Runs `ppo-walker-512` and prints this process's peak resident memory, in bytes.
  ///
  /// Uses the kernel's high-water mark of this program's memory, because `getrusage` would also
  /// count what ran before in the same process or in its children.
  static func printWalkerMemory(threads: Int) {
    _ = walkerRate(minibatch: 512, threads: threads)
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.lines.first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
      Int($0)
    }
    print((kibibytes ?? 0) * 1024)
  }

  /// Measures the peak resident memory of a separate process that runs `ppo-walker-512`.
  private static func walkerMemory(threads: Int) throws -> Measurement {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments = ["--workload", "--threads", String(threads)]
    let output = Pipe()
    child.standardOutput = output
    try child.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    child.waitUntilExit()
    let bytes = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .nan
    return Measurement(
      name: "walker-memory", value: bytes / 1e6, unit: "MB",
      parameters: ["environments": 32])
  }
}
