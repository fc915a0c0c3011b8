import LinearAlgebra
import RLCore
import TestSupport
import Testing

/// All environments change in the same step, whoever steps them, and nothing of the end is lost.
@Suite struct TaskScheduleTests {
  private static func tasks(every: Int, only: Int? = nil) -> TaskSchedule {
    TaskSchedule(every: every, only: only) {
      [.init(name: "reward", value: $0 % 2 == 0 ? 1 : -0.5)]
    }
  }

  /// What happened to three environments in `steps` steps.
  private struct History: Equatable {
    var observations: [[Float]] = []
    var rewards: [Float] = []
    var ends: [[Bool]] = []
    var returns: [TaskReturns] = []
  }

  private func follow(_ tasks: TaskSchedule) throws -> VectorEnvironment {
    let vector = VectorEnvironment(RandomWalk.self, count: 3)
    try vector.follow(tasks, from: 0)
    vector.reset(seeds: .training(runSeed: 4))
    return vector
  }

  private func action(_ i: Int, _ t: Int) -> Float { Float((i + t * t) % 3) }

  /// Carries each block of environments through all steps before the next.
  private func play(
    _ vector: VectorEnvironment, steps: Range<Int>, blocks: [Range<Int>] = [0..<3]
  ) -> History {
    var history = History()
    let actions = Matrix(rows: 3, columns: 1)
    let batch = vector.batch
    for range in blocks {
      for t in steps {
        for i in range { actions[i, 0] = action(i, t) }
        vector.step(actions: actions, in: range)
        for i in range {
          history.observations.append(Array(batch.observations.row(i)))
          history.rewards.append(batch.rewards[i])
          history.ends.append([batch.hasTerminated(i), batch.hasEnded(i)])
        }
      }
    }
    history.returns = vector.takeTaskReturns()
    return history
  }

  @Test(arguments: [(1, 1), (7, 3), (12, 3), (100, 8), (8, 8)])
  func arithmeticAgreesWithCounting(every: Int, environments: Int) {
    let tasks = Self.tasks(every: every)
    var (task, start) = (0, 0)
    for steps in stride(from: environments, through: 400 * environments, by: environments) {
      guard every >= environments else { return }
      let next = tasks.task(after: steps)
      guard next != task else { continue }
      #expect(next == task + 1 && steps >= next * every && steps - environments < next * every)
      #expect(tasks.start(of: task, environments: environments) == start)
      #expect(tasks.end(of: task, environments: environments) == steps)
      (task, start) = (next, steps)
    }
    #expect(task > 0)
  }

  @Test func everyEpisodeIsCutInTheSameStepAndTheNextHasOtherParameters() throws {
    let vector = try follow(Self.tasks(every: 32))
    let plain = VectorEnvironment(RandomWalk.self, count: 3)
    plain.reset(seeds: .training(runSeed: 4))
    let actions = Matrix(rows: 3, columns: 1)
    for t in 0..<11 {
      for i in 0..<3 { actions[i, 0] = action(i, t) }
      vector.step(actions: actions, in: 0..<3)
      plain.step(actions: actions, in: 0..<3)
      for i in 0..<3 where t < 10 {
        #expect(vector.stateHash(of: i) == plain.stateHash(of: i), "nothing else is touched")
      }
    }
    // 33 steps are the first at or after 32.
    for i in 0..<3 {
      #expect(vector.batch.hasEnded(i))
      let wasRunning = !plain.batch.hasEnded(i)
      #expect(vector.batch.truncated[i] == !vector.batch.hasTerminated(i))
      let last = wasRunning ? plain.batch.observations : plain.batch.finalObservations
      #expect(Array(vector.batch.finalObservations.row(i)) == Array(last.row(i)))
      #expect(vector.batch.observations[i, 1] == 0, "the next episode has begun")
    }
    #expect(vector.parameterValues[0].value == -0.5)
    vector.step(actions: actions, in: 0..<3)
    for i in 0..<3 {
      #expect(vector.batch.rewards[i] == -0.5 * vector.batch.observations[i, 0])
    }
  }

  /// The last task is not like the first, so that one block's parameters would show in the next.
  @Test func blocksSteppedOnTheirOwnSeeTheSame() throws {
    let tasks = Self.tasks(every: 50)
    let together = play(try follow(tasks), steps: 0..<190)
    let apart = play(try follow(tasks), steps: 0..<190, blocks: [2..<3, 0..<2])
    #expect(apart.returns == together.returns)
    let whole = play(try follow(tasks), steps: 0..<190, blocks: [0..<1, 1..<2, 2..<3])
    let singles = (0..<3).flatMap { i in
      stride(from: i, to: 570, by: 3).map { together.observations[$0] }
    }
    #expect(whole.observations == singles && whole.returns == together.returns)
  }

  /// Counted by hand from what each step returned.
  @Test func returnsAreThoseOfEpisodesThatEndedByThemselves() throws {
    let tasks = Self.tasks(every: 200)
    let vector = try follow(tasks)
    var expected: [Int: TaskReturns] = [:]
    var sums = [0.0, 0.0, 0.0]
    var lengths = [0, 0, 0]
    let actions = Matrix(rows: 3, columns: 1)
    for t in 0..<300 {
      for i in 0..<3 { actions[i, 0] = action(i, t) }
      vector.step(actions: actions, in: 0..<3)
      let (before, steps) = (3 * t, 3 * t + 3)
      for i in 0..<3 {
        sums[i] += Double(vector.batch.rewards[i])
        lengths[i] += 1
        guard vector.batch.hasEnded(i) else { continue }
        let task = before / 200
        if vector.batch.hasTerminated(i) || lengths[i] == 20 {
          var returns = expected[task] ?? TaskReturns(task: task)
          returns.episodes += 1
          returns.sum += sums[i]
          if steps > 200 * task + 160 {
            returns.lateEpisodes += 1
            returns.lateSum += sums[i]
          }
          expected[task] = returns
        }
        (sums[i], lengths[i]) = (0, 0)
      }
    }
    let found = vector.takeTaskReturns()
    #expect(found.map(\.task) == [0, 1, 2, 3, 4])
    for returns in found {
      let wanted = try #require(expected[returns.task])
      #expect(returns.episodes == wanted.episodes && returns.lateEpisodes == wanted.lateEpisodes)
      #expect(abs(returns.sum - wanted.sum) < 1e-9)
      #expect(abs(returns.lateSum - wanted.lateSum) < 1e-9)
      let isWhole = returns.task < 4
      #expect((returns.lateEpisodes > 0) == isWhole && returns.lateEpisodes < returns.episodes)
    }
    #expect(vector.takeTaskReturns() == [TaskReturns(task: 4)], "told once")
  }

  /// Half-way through a task, one step before its end, and at its very beginning.
  @Test(arguments: [40, 66, 67, 68]) func restoredEpisodesGoOnTheSame(steps: Int) throws {
    let tasks = Self.tasks(every: 100)
    let original = try follow(tasks)
    _ = play(original, steps: 0..<steps)
    let copy = VectorEnvironment(RandomWalk.self, count: 3)
    try copy.follow(tasks, from: 3 * steps)
    copy.reset(seeds: .training(runSeed: 4))
    for i in 0..<3 { try copy.restore(original.snapshot(of: i), to: i) }
    #expect(play(copy, steps: steps..<200) == play(original, steps: steps..<200))
  }

  @Test func theOnlyTaskNeverEnds() throws {
    let one = play(try follow(Self.tasks(every: 30, only: 5)), steps: 0..<100)
    let constant = VectorEnvironment(RandomWalk.self, count: 3)
    try constant.setParameter("reward", to: -0.5)
    constant.reset(seeds: .training(runSeed: 4))
    var expected = play(constant, steps: 0..<100)
    #expect(expected.returns.isEmpty)
    #expect(one.returns.map(\.task) == [5])
    expected.returns = one.returns
    #expect(one == expected)
  }

  /// An observer that would hear of a cut could not be told it from a time limit.
  @Test func observersSeeNoEndWhereAnEpisodeIsCut() throws {
    final class Observer: EpisodeObserver {
      var starts = 0
      var ends = 0
      func didReset(_ start: EpisodeStart, observation: Span<Float>) { starts += 1 }
      func didStep(
        _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
        observation: Span<Float>
      ) { ends += step.terminated || step.truncated ? 1 : 0 }
    }
    let observer = Observer()
    let vector = VectorEnvironment(RandomWalk.self, count: 3)
    vector.observe(environment: 0, with: observer)
    try vector.follow(Self.tasks(every: 9), from: 0)
    vector.reset(seeds: .training(runSeed: 4))
    _ = play(vector, steps: 0..<30)
    #expect(observer.starts == 11 && observer.ends < 10)
  }
}
