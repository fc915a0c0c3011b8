import Conformance
import Environments
import LinearAlgebra
import RLCore
import Robustness
import Testing
import Training

/// Wrapped environments against the environments themselves.
@Suite struct WrapperTests {
  private func environment(_ name: String, _ wrap: String = "") throws -> RegisteredEnvironment {
    try Wrappers(parsing: wrap).wrap(#require(EnvironmentRegistry.find(name)))
  }

  /// Plays steps with actions by their number, for all environments of a vector at once.
  private func play(
    _ environment: RegisteredEnvironment, count: Int = 1, steps: Int,
    action: (_ step: Int, _ environment: Int, _ component: Int) -> Float
  ) -> [[Moment]] {
    let vector = environment.construct(count)
    vector.resetsEndedEpisodes = false
    vector.reset(seeds: .consecutive(first: 5, environments: count))
    let actions = Matrix(rows: count, columns: vector.specification.actionWidth)
    var moments = (0..<count).map { [Moment(vector, $0)] }
    for t in 0..<steps {
      for i in 0..<count {
        for j in 0..<actions.columns { actions[i, j] = action(t, i, j) }
      }
      for i in 0..<count where !moments[i][moments[i].count - 1].hasEnded {
        vector.step(actions: actions, in: i..<i + 1)
        moments[i].append(Moment(vector, i))
      }
    }
    return moments
  }

  private struct Moment: Equatable {
    var observation: [Float]
    var reward: Float
    var end: TaskEnd?
    var hasEnded: Bool

    init(_ vector: any BatchedEnvironment, _ i: Int) {
      let batch = vector.batch
      observation = Array(batch.observations.row(i))
      (reward, end) = (batch.rewards[i], batch.ends[i])
      hasEnded = batch.hasEnded(i)
    }
  }

  @Test(arguments: ["cartpole-v1", "pendulum-v1", "walker"])
  func repeatedActionsAreThoseOfThreeSteps(name: String) throws {
    func wave(_ t: Int, _ i: Int, _ j: Int) -> Float {
      let value = Float((7 * t + 5 * i + 3 * j) % 4) / 2 - 1
      return name == "cartpole-v1" ? (value > 0 ? 1 : 0) : value
    }
    let plain = try play(environment(name), count: 5, steps: 240) { wave($0 / 3, $1, $2) }
    let wrapped = try play(
      environment(name, "action-repeat=3"), count: 5, steps: 80, action: wave)
    for (own, thrice) in zip(plain, wrapped) {
      #expect(thrice[0] == own[0] || name == "walker")
      for k in 1..<thrice.count {
        let last = min(3 * k, own.count - 1)
        #expect(thrice[k].observation == own[last].observation)
        #expect((thrice[k].end, thrice[k].hasEnded) == (own[last].end, own[last].hasEnded))
        let sum = own[3 * k - 2...last].reduce(Float(0)) { $0 + $1.reward }
        #expect(abs(thrice[k].reward - sum) <= 1e-4 * max(1, abs(sum)))
      }
      #expect((own.last?.hasEnded, thrice.last?.hasEnded) == (true, true) || name == "walker")
    }
  }

  /// A block of slots of which some end within a repeat equals the slots one by one.
  @Test func blocksOfRepeatsChangeNothing() throws {
    let checks = EnvironmentCheck.all.filter {
      ["blocks change nothing", "threads change nothing"].contains($0.description)
    }
    #expect(checks.count == 2)
    for check in checks {
      #expect(try check.faults(of: environment("cartpole-v1", "action-repeat=7")) == [])
      #expect(try check.faults(of: environment("walker", "action-repeat=40")) == [])
    }
  }

  /// What every environment promises, a wrapped one does too.
  @Test(arguments: [
    ("pendulum-v1", "rescale-actions=0..1,sticky-actions=0.2,history=3,time=true"),
    ("mountain-car-continuous", "action-repeat=2,history=2,time-limit=90"),
  ]) func wrappedEnvironmentsConform(name: String, wrap: String) throws {
    let environment = try environment(name, wrap)
    for check in EnvironmentCheck.all {
      let faults = try check.faults(of: environment)
      #expect(faults == [], "\(check)")
    }
  }

  @Test func limitsCountTheEnvironmentsOwnSteps() throws {
    for (wrap, length, last) in [
      ("time-limit=50", 50, Float(1)), ("time-limit=50,action-repeat=8", 7, 1),
      ("action-repeat=3", 67, 1),
    ] {
      let moments = try play(environment("pendulum-v1", "\(wrap),time=true"), steps: 300) {
        _, _, _ in 0.5
      }[0]
      #expect(moments.count == length + 1, "\(wrap)")
      #expect(moments[0].observation[3] == 0 && moments[length].observation[3] == last)
      #expect(
        zip(moments, moments.dropFirst()).allSatisfy { $0.observation[3] < $1.observation[3] })
    }
    // The last repeat is cut short, so that all 200 steps are rewarded and none beyond.
    func total(_ wrap: String) throws -> Float {
      try play(environment("pendulum-v1", wrap), steps: 300) { _, _, _ in 0.5 }[0]
        .dropFirst().reduce(0) { $0 + $1.reward }
    }
    #expect(try abs(total("action-repeat=3") - total("")) < 0.01)
  }

  @Test func historyHoldsTheLastObservations() throws {
    let plain = try play(environment("pendulum-v1"), steps: 20) { t, _, _ in Float(t % 3) - 1 }[0]
    let wrapped = try play(environment("pendulum-v1", "history=3"), steps: 20) { t, _, _ in
      Float(t % 3) - 1
    }[0]
    for k in 0...20 {
      let expected = [max(0, k - 2), max(0, k - 1), k].flatMap { plain[$0].observation }
      #expect(wrapped[k].observation == expected)
    }
    let specification = try environment("pendulum-v1", "history=3,time=true").specification
    #expect(specification.observationWidth == 10)
    #expect(specification.observationComponents[0].name.hasSuffix(", 2 steps ago"))
  }

  /// The parts of an observation remain the agents' unless the wrapping adds what is no agent's.
  @Test(arguments: [
    ("action-repeat=2,rescale-actions=-1..1", 4), ("history=2", 1), ("time=true", 1),
  ]) func agentsKeepTheirParts(wrap: String, agents: Int) throws {
    #expect(try environment("quadcopter-swarm", wrap).specification.agents == agents)
  }

  @Test func actionsAreMappedOntoTheirBounds() throws {
    let plain = try play(environment("pendulum-v1"), steps: 20) { t, _, _ in Float(t % 5) - 2 }[0]
    let wrapped = try play(environment("pendulum-v1", "rescale-actions=0..1"), steps: 20) {
      t, _, _ in Float(t % 5) / 4
    }[0]
    #expect(plain == wrapped)
    let controls = try environment("pendulum-v1", "rescale-actions=-1..1").manualControls
    #expect(controls.bindings.allSatisfy { abs($0.action[0]) == 1 } && !controls.isEmpty)
    #expect(try environment("pendulum-v1", "rescale-actions=0..1").manualControls.isEmpty)
  }

  /// With certainty almost 1, the first action acts to the end; the draws are those of the seed.
  @Test func stickyActionsActAgain() throws {
    let held = try play(environment("pendulum-v1"), steps: 30) { _, _, _ in 2 }[0]
    let stuck = try play(environment("pendulum-v1", "sticky-actions=0.9999999"), steps: 30) {
      t, _, _ in t == 0 ? 2 : -2
    }[0]
    #expect(held == stuck)
    func half() throws -> [Moment] {
      try play(environment("pendulum-v1", "sticky-actions=0.5"), steps: 100) { t, _, _ in
        t % 2 == 0 ? 2 : -2
      }[0]
    }
    #expect(try half() == half())
  }

  /// Returns and observers never see what an agent learns from.
  @Test func learntRewardsLeaveReturnsAlone() throws {
    let entry = try environment("mountain-car-continuous")
    let plain = entry.construct(1)
    let changed = entry.construct(1)
    changed.trainingReward = try Wrappers(
      parsing: "terminal-reward=7,reward-floor=-0.05,reward-cap=5,reward-scale=2"
    ).reward
    let action = Matrix(rows: 1, columns: 1)
    for vector in [plain, changed] { vector.reset(environment: 0, seed: 3) }
    var steps = 0
    repeat {
      action[0, 0] = plain.batch.observations[0, 1] > 0 ? 1 : -1
      for vector in [plain, changed] { vector.step(actions: action, in: 0..<1) }
      let expected: Float = plain.batch.ends[0] == nil ? -0.1 : 10
      #expect(changed.batch.rewards[0] == expected)
      steps += 1
    } while plain.batch.ends[0] == nil && steps < 500
    #expect(plain.batch.ends[0] == .goalReached)
    #expect(plain.batch.episodeReturns[0] == changed.batch.episodeReturns[0])
  }

  @Test(
    arguments: [
      ("none", "none"), ("", "none"), ("history=1,action-repeat=1,time=false", "none"),
      ("time=true,history=4", "history=4,time=true"),
      (
        "rescale-actions=-1...1, sticky-actions=2.5e-1", "sticky-actions=0.25,rescale-actions=-1..1"
      ),
      ("reward-scale=5,reward-floor=-5,training-repeat=3", nil),
      ("terminal-reward=0,reward-cap=1,time-limit=100,action-repeat=2", nil),
    ] as [(String, String?)]) func textsHaveOneForm(written: String, expected: String?) throws
  {
    let wrappers = try Wrappers(parsing: written)
    #expect(expected == nil || wrappers.description == expected)
    #expect(try Wrappers(parsing: wrappers.description) == wrappers)
    let format = Wrappers.settingFormat
    let yaml = SettingNode.nested(["wrap"], format.write(wrappers)).yaml()
    let node = try #require(SettingNode(yaml: yaml, source: "config.yaml")["wrap"])
    #expect(try format.read(node, "wrap") == wrappers, "\(yaml)")
    #expect(wrappers.ofPolicy.reward.isEmpty && wrappers.ofPolicy.trainingRepeat == nil)
  }

  @Test(arguments: [
    ("walker", "action-repeet=3", "did you mean 'action-repeat'?"),
    ("walker", "history=0", "a whole number in 1...256, and is '0'"),
    ("walker", "action-repeat=1.5", "a whole number in 1...1000"),
    ("walker", "history=2,history=3", "names history twice"),
    ("walker", "action-repeat=2,training-repeat=3", "leave one out"),
    ("walker", "sticky-actions=1", "at least 0 and below 1"),
    ("walker", "rescale-actions=1..1", "two different numbers"),
    ("walker", "time=yes", "true or false"), ("walker", "reward-scale=0", "above 0"),
    ("walker", "reward-floor=nan", "a number"),
    ("walker", "reward-floor=2,reward-cap=1", "must be at most reward-cap"),
    ("diagnostic-memory", "action-repeat=5", "at most the 4 steps of an episode"),
    ("cartpole-v1", "rescale-actions=-1..1", "needs continuous actions"),
    ("walker", "history", "needs NAME=SPEC"),
  ]) func mistakesAreNamed(name: String, wrap: String, words: String) throws {
    #expect {
      try environment(name, wrap)
    } throws: {
      "\($0)".contains(words)
    }
  }
}
