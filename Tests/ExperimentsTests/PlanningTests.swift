import Experiments
import RLCore
import Recording
import Robustness
import TestSupport
import Testing
import Training

/// Planners as policies: what they achieve, know and refuse.
@Suite struct PlanningTests {
  private func returns(
    _ planner: String, in environment: String, episodes: Int, seed: UInt64 = 0, threads: Int = 2,
    _ change: (inout StoredPolicy) throws -> Void = { _ in }
  ) throws -> [Double] {
    var policy = try StoredPolicy(planner, environment: environment)
    try change(&policy)
    return try policy.evaluate(episodes: episodes, seed: seed, threads: threads).returns
  }

  /// The best return of a pendulum that hangs is about -240, and it stands within a few swings.
  @Test(arguments: ["cem", "mppi"])
  func plannersSwingThePendulumUp(planner: String) throws {
    let values = try returns("\(planner):samples=32,iterations=3", in: "pendulum-v1", episodes: 4)
    #expect(values.allSatisfy { $0 > -400 }, "\(values)")
  }

  /// Neither other episodes nor threads change an episode; its seed does.
  @Test(arguments: ["cem", "mppi"])
  func episodesDependOnTheirSeedAlone(planner: String) throws {
    let settings = "\(planner):samples=16,iterations=2,horizon=0.5"
    let together = try returns(settings, in: "pendulum-v1", episodes: 3, threads: 2)
    let alone = try returns(settings, in: "pendulum-v1", episodes: 1, seed: 2, threads: 1)
    #expect(together[2] == alone[0])
    #expect(Set(together).count == 3)
  }

  /// What acts on observations, or trains in episodes of its own, is no test of a planner.
  @Test func testsThatWouldSayNothingAreRefused() throws {
    let policy = try StoredPolicy("cem", environment: "pendulum-v1")
    #expect(throws: ConfigurationError.self) {
      try policy.evaluate(under: ObservationAttack(parsing: "random:0.1"), episodes: 1)
    }
    #expect(throws: ConfigurationError.self) {
      try policy.certify(noise: 0.1, floor: -4000, episodes: 20)
    }
    #expect(throws: ConfigurationError.self) { try policy.trainAdversary(steps: 100, seed: 1) }
  }

  /// Side by side in a stress test, each plans from its own state, and only while its episode runs.
  @Test func manyPlanSideBySide() throws {
    let settings = "mppi:samples=16,iterations=2,horizon=0.5"
    let policy = try StoredPolicy(settings, environment: "acrobot-v1")
    let test = try StressTest(
      policy, over: ConditionGrid(parsing: ["lower-mass=1..1.5:2"], in: policy.environment),
      episodes: 3)
    let result = try #require(try test.run(threads: 1))
    for (cell, mass) in zip(result.cells, [1, 1.5]) {
      let alone = try returns(settings, in: "acrobot-v1", episodes: 3) {
        try $0.setParameter("lower-mass", to: mass)
      }
      #expect(cell.mean == alone.reduce(0, +) / 3)
    }
  }

  /// A reversed motor is no riddle for a planner that knows the episode's constants.
  @Test func knownConstantsHelp() throws {
    let settings = "cem:samples=32,horizon=0.75"
    let reversed = { (policy: inout StoredPolicy) throws in
      try policy.setParameter("motor-strength", to: -1)
    }
    let nominal = try returns(settings, in: "pendulum-v1", episodes: 2, reversed)
    let known = try returns(
      settings + ",parameters=episode", in: "pendulum-v1", episodes: 2, reversed)
    #expect(known.allSatisfy { $0 > -400 } && nominal.allSatisfy { $0 < -800 })
  }

  /// Planners see the state itself: what distorts observations changes nothing.
  @Test func observationsAreIgnored() throws {
    let settings = "mppi:samples=16,horizon=0.25"
    let clean = try returns(settings, in: "quadcopter", episodes: 1)
    let noisy = try returns(settings, in: "quadcopter", episodes: 1) {
      try $0.perturb(try Perturbations(parsing: "observation-noise=0.5", origin: "test"))
    }
    #expect(clean == noisy)
  }

  @Test(arguments: [
    ("mppi", "walker", "mppi plans on copies of the state, and that of walker can't be copied"),
    ("cem:horizn=2", "quadcopter", "unknown setting of cem 'horizn'; did you mean 'horizon'?"),
    ("cem:samples=2", "quadcopter", "samples must lie in 8...65536 and is 2"),
    ("cem:samples", "quadcopter", "cem needs NAME=VALUE after its colon"),
    ("cem:parameters=true", "quadcopter", "unknown value of parameters 'true'"),
  ])
  func mistakesAreNamed(planner: String, environment: String, message: String) {
    #expect {
      _ = try StoredPolicy(planner, environment: environment)
    } throws: { "\($0)".contains(message) }
  }

  @Test func anEnvironmentMustBeChosen() {
    #expect {
      _ = try StoredPolicy("mppi")
    } throws: { "\($0)".contains("choose one with --env: cartpole, cartpole-v1") }
  }

  /// A recording is verified by re-simulation when it is made.
  @Test func plannedEpisodesAreRecorded() throws {
    let folder = try TemporaryFolder()
    let policy = try StoredPolicy("cem:samples=8,horizon=0.2", environment: "cartpole-swingup")
    let plan = try RecordingPlan(policy, seed: 3, stepLimit: 20, to: folder.path)
    let recordings = try plan.run()
    #expect(recordings.count == 1 && recordings[0].stepCount == 20)
    #expect(recordings[0].path.hasSuffix("cartpole-swingup-cem-seed3.rlrec"))
  }
}
