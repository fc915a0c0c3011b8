import CAllocationCounter
import Environments
import LinearAlgebra
import RLCore
import Robustness

/// Cases that measure environment steps, with random actions drawn in the loop and automatic reset.
enum EnvironmentCases {
  static let all = [
    BenchmarkCase(name: "walker-steps") { threads in
      [1, 16, 64, 128].flatMap { environments in
        let lanes = rate(
          "walker-steps", "walker", environments: environments,
          steps: environments < 16 ? 30_000 : 150_000, threads)
        let reference = rate(
          "walker-steps-box2d", VectorEnvironment(reference: environments), steps: 30_000, threads)
        return [lanes, reference]
      }
    },
    BenchmarkCase(name: "walker-hardcore-steps") { threads in
      [
        rate(
          "walker-hardcore-steps", "walker-hardcore", environments: 64, steps: 150_000, threads)
      ]
    },
    BenchmarkCase(name: "lander-steps") { threads in
      [1, 16, 64].map {
        rate("lander-steps", "lander-continuous", environments: $0, steps: 100_000, threads)
      }
    },
    BenchmarkCase(name: "cartpole-v1-steps") { threads in
      [64, 1024, 8192].map {
        rate("cartpole-v1-steps", "cartpole-v1", environments: $0, steps: 20_000_000, threads)
      }
    },
    BenchmarkCase(name: "quadcopter-steps") { threads in
      [rate("quadcopter-steps", "quadcopter", environments: 64, steps: 500_000, threads)]
    },
    BenchmarkCase(name: "quadcopter-swarm-steps") { threads in
      ["quadcopter-swarm-2", "quadcopter-swarm", "quadcopter-swarm-8"].map {
        rate("\($0)-steps", $0, environments: 64, steps: 100_000, threads)
      }
    },
    BenchmarkCase(name: "quadcopter-gates-steps") { threads in
      [
        rate(
          "quadcopter-gates-steps", "quadcopter-gates", environments: 64, steps: 300_000, threads)
      ]
    },
    BenchmarkCase(name: "perturbed-steps") { threads in
      [("walker", 30_000), ("quadcopter", 500_000)].map { identifier, steps in
        rate(
          "perturbed-steps", identifier, environments: 64, steps: steps, threads,
          perturbations: everything)
      }
    },
    BenchmarkCase(name: "allocations") { _ in
      [
        allocations("cartpole-v1", steps: 1_000_000),
        allocations("pendulum-v1", steps: 1_000_000),
        allocations("pendulum-v1", steps: 1_000_000, perturbations: everything),
        allocations("walker", steps: 20_000),
        allocations("lander", steps: 20_000),
        allocations("quadcopter", steps: 100_000),
        allocations("quadcopter-swarm", steps: 100_000),
        allocations("quadcopter-gates", steps: 100_000),
      ]
    },
  ]

  /// Every kind of perturbation.
  private static let everything =
    "action-delay=1,action-dropout=0.05,action-noise=0.1,push=impulse:0.5:10,push=ou:0.2:20,"
    + "observation-bias=0.05,observation-noise=0.05,observation-delay=1"

  private static func rate(
    _ name: String, _ identifier: String, environments: Int, steps: Int, _ threads: Int,
    perturbations: String = ""
  ) -> Measurement {
    rate(
      name, RandomRunner.environment(identifier, environments, perturbations), steps: steps,
      threads)
  }

  private static func rate(
    _ name: String, _ environment: any BatchedEnvironment, steps: Int, _ threads: Int
  ) -> Measurement {
    let runner = RandomRunner(environment, threads: threads)
    runner.run(steps: steps / 4)
    let seconds = shortestTime(repeats: 3) { runner.run(steps: steps) }
    return Measurement(
      name: name, value: Double(runner.stepsTaken(of: steps)) / seconds, unit: "steps/s",
      parameters: ["environments": environment.count])
  }

  /// Measures heap allocations per step, including Box2D's, after a warm-up past the first falls.
  private static func allocations(
    _ identifier: String, steps: Int, perturbations: String = ""
  ) -> Measurement {
    let runner = RandomRunner(
      RandomRunner.environment(identifier, 16, perturbations), threads: 1)
    runner.run(steps: steps)
    let before = cac_allocations()
    runner.run(steps: steps)
    let count = cac_allocations() - before
    let kind = perturbations.isEmpty ? identifier : "\(identifier) perturbed"
    return Measurement(
      name: "allocations", value: Double(count) / Double(runner.stepsTaken(of: steps)),
      unit: "allocations/step (\(kind), including resets and Box2D)",
      parameters: ["environments": 16])
  }
}

/// Drives a batch of environments with uniform random actions, block by block.
private final class RandomRunner {
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let actions: Matrix
  private let blocks: [Block]

  private final class Block {
    let range: Range<Int>
    var stream: RandomStream
    init(_ range: Range<Int>) {
      self.range = range
      stream = RandomStream(seed: 1, name: "benchmark", index: range.lowerBound)
    }
  }

  /// Makes registered environments, perturbed or not.
  static func environment(
    _ identifier: String, _ count: Int, _ perturbations: String
  ) -> any BatchedEnvironment {
    guard let registered = EnvironmentRegistry.find(identifier) else {
      preconditionFailure("no environment \(identifier)")
    }
    let environment = registered.construct(count)
    do {
      let perturbations = try Perturbations(parsing: perturbations)
      try EpisodeConditions(Randomization(), perturbations, in: registered).apply(to: environment)
    } catch {
      preconditionFailure("\(error)")
    }
    return environment
  }

  init(_ environment: any BatchedEnvironment, threads: Int) {
    self.environment = environment
    let environments = environment.count
    environment.reset(seeds: .training(runSeed: 1))
    pool = WorkerPool(threads: threads)
    actions = Matrix(rows: environments, columns: environment.specification.actionWidth)
    let share = (environments + threads - 1) / threads
    let size = max(1, environments / (threads * 4), min(share, environment.blockSize))
    blocks = stride(from: 0, to: environments, by: size).map {
      Block($0..<min($0 + size, environments))
    }
  }

  /// Rounds a number of steps down to a multiple of the number of environments.
  func stepsTaken(of steps: Int) -> Int {
    max(1, steps / environment.count) * environment.count
  }

  func run(steps: Int) {
    let repeats = max(1, steps / environment.count)
    guard pool.threads > 1 else {
      for block in blocks { advance(block, repeats) }
      return
    }
    pool.run(blocks.count) { advance(blocks[$0], repeats) }
  }

  private func advance(_ block: Block, _ repeats: Int) {
    switch environment.specification.actionSpace {
    case .box(let low, let high):
      for _ in 0..<repeats {
        for i in block.range {
          for j in low.indices {
            actions[i, j] = block.stream.uniform(from: low[j], to: high[j])
          }
        }
        environment.step(actions: actions, in: block.range)
      }
    case .discrete(let count):
      for _ in 0..<repeats {
        for i in block.range {
          actions[i, 0] = Float(block.stream.integer(below: UInt32(count)))
        }
        environment.step(actions: actions, in: block.range)
      }
    }
  }
}

extension VectorEnvironment {
  /// Walkers that Box2D steps one by one: the reference.
  fileprivate convenience init(reference count: Int) {
    self.init(
      BipedalWalker.self, count: count,
      simulator: EnvironmentSimulator<BipedalWalker>(count: count))
  }
}
