import Foundation
import Storage
import TestSupport
import Testing

/// What a user types, and what the tool makes of it.
@Suite struct TypingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ line: String) throws -> Tool.Result {
    let process = try Tool.start(line.split(separator: " ").map(String.init), in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  // MARK: Signed numbers

  @Test(arguments: [
    ("evaluate pendulum-energy --episodes 2 --min-return -2000", 0),
    ("evaluate pendulum-energy --episodes 2 --min-return -1e-3", 1),
    ("evaluate pendulum-energy --episodes 2 --min-return -.5", 1),
    ("evaluate pendulum-energy --min-return -2000 --episodes 2", 0),
  ])
  func signedNumbersAreValues(line: String, status: Int32) throws {
    let result = try run(line)
    #expect(result.status == status, "\(result.errors)")
  }

  @Test func everyPendulumReturnIsNegative() throws {
    let result = try run(
      "train --env pendulum-v1 --agent ppo --steps 6400 --eval-every 1600 --eval-episodes 1 "
        + "--until-return -5000 --out run")
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    #expect(
      lines.contains { $0.hasPrefix("reached the return -5000 after 1,600 of 6,400 steps; ") })
    #expect(!lines.contains { $0.hasPrefix("done") })
  }

  @Test(arguments: [
    ("evaluate pendulum-energy --seed -1", "seeds are whole numbers from 0 to below 2^40"),
    ("record pendulum-energy --seed -1", "seeds are whole numbers from 0 to below 2^62"),
    ("play --env walker --seed -1", "seeds are whole numbers from 0 to below 2^63"),
    ("train --env walker --agent ppo --seed -1", "seed must be a whole number from 0 up and is -1"),
    ("train --env walker --agent ppo -n -5", "steps must lie in 1...2^50 and is -5"),
    ("train --env walker --agent ppo --threads -1", "--threads must lie in 1...1024"),
    ("evaluate pendulum-energy -n -1", "episodes must lie in 1...10000000 and is -1"),
    ("replay x.rlrec --step -1", "--step must not be negative"),
    ("record pendulum-energy --picture-every -3", "--picture-every must lie in"),
    // A forgotten value is still missed.
    ("train --env walker --agent ppo --out --quiet", "Missing value for '--out <out>'"),
    ("evaluate pendulum-energy --min-return --json", "Missing value for '--min-return"),
  ])
  func mistakesAreNamed(line: String, message: String) throws {
    let result = try run(line)
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(folder.contents == ["stderr", "stdout"], "nothing was begun")
  }

  // MARK: Options of other suites

  @Test(arguments: [
    ("--n-steps 128", "did you mean '--set steps-per-rollout=…'?"),
    ("--gamma 0.9", "did you mean '--set discount=…'?"),
    ("--learning-rate 1e-3", "did you mean '--set learning-rate=…'?"),
    ("--num-envs 4", "did you mean '--envs'?"), ("--total-timesteps 4", "did you mean '--steps'?"),
    ("--stepz 3", "did you mean '--steps'?"), ("--no-such 3", "unknown option '--no-such'. See"),
  ])
  func unknownOptionsLeadToOurs(option: String, message: String) throws {
    let result = try run("train --env cartpole-v1 --agent ppo \(option)")
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  // MARK: Controllers and baselines

  @Test func controllersAndTheirMistakesAreNamed() throws {
    for (line, message) in [
      (
        "evaluate cartpole-liner",
        "neither a file nor a controller; did you mean 'cartpole-linear'?"
      ),
      ("evaluate cartpole-linear --env walker", "cartpole-linear can't control walker, only"),
      ("evaluate random", "random acts in every environment; choose one with --env: cartpole,"),
      ("evaluate zero --env walker --stochastic", "zero has no sampled actions"),
      ("record random --env walkr", "did you mean 'walker'?"),
    ] {
      let result = try run(line)
      #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    }
  }

  /// Random actions come from the episode's seed: threads change nothing, and recordings replay.
  @Test func baselinesActEverywhere() throws {
    let one = try run("evaluate random --env walker --episodes 3 --json --threads 1")
    let two = try run("evaluate random --env walker --episodes 3 --json --threads 2")
    #expect(one.status == 0 && one.output == two.output, "\(one.errors)")
    #expect(one.output.contains("\"mode\":\"stochastic\""))
    #expect(one.output.split(separator: "\n").count == 1)
    for name in ["random", "zero"] {
      for environment in ["cartpole-v1", "quadcopter"] {
        let recorded = try run("record \(name) --env \(environment) --steps 9 --out r")
        #expect(recorded.status == 0, "\(recorded.errors)")
        let file = "r/\(environment)-\(name)-seed0.rlrec"
        #expect(try run("replay --verify \(file)").status == 0)
      }
    }
  }

  // MARK: Steps and minibatches

  @Test func roundedStepsAreTold() throws {
    let result = try run(
      "train --env cartpole-v1 --agent ppo --steps 1000 --envs 16 --set epochs=1 --threads 1 "
        + "--eval-episodes 1 --out run")
    #expect(result.status == 0)
    let first = result.output.prefix { $0 != "\n" }
    #expect(first.contains("2,048 steps (1,000 rounded up to whole rounds of all environments)"))
    #expect(first.contains("16 environments") && first.contains("1 thread"))
    #expect(!first.contains("1 threads"))
    #expect(
      result.remarks
        == "rlsuite: 1,000 steps become 2,048: each of 16 environments takes 128 steps at once\n")
    #expect(result.output.contains("done after 2,048 steps; best"))
    // The command can be typed as it is.
    #expect(result.output.hasSuffix("next: \(Tool.program.path) evaluate run\n"))
  }

  /// Every preset, with a single environment: it trains, or the message holds what to set.
  @Test(arguments: ["cartpole-v1", "walker", "quadcopter", "pendulum-v1"])
  func theRemedyForFewEnvironmentsWorks(environment: String) throws {
    let line =
      "train --env \(environment) --agent ppo --envs 1 --steps 1 --set epochs=1 "
      + "--eval-episodes 1 --quiet --out "
    let refused = try run(line + "run")
    guard refused.status != 0 else { return }
    #expect(refused.errors.contains("and a rollout has only"))
    let remedies = refused.errors.matches(of: /([a-z-]+=[0-9]+)/).map { String($0.1) }
    #expect(remedies.count == 3)
    for (index, remedy) in remedies.enumerated() {
      let result = try run(line + "run\(index) --set \(remedy)")
      // An option overrides --set, as everywhere.
      #expect(result.status == (remedy.hasPrefix("environments") ? 64 : 0), "\(result.errors)")
    }
  }

  // MARK: describe

  @Test func everythingThatIsListedCanBeDescribed() throws {
    struct Entry: Decodable {
      var kind: String
      var id: String
    }
    let list = try run("list --json").output.split(separator: "\n").map {
      try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
    }
    #expect(list.contains { $0.kind == "controller" && $0.id == "random" })
    for kind in Set(list.map(\.kind)) {
      // A last and a first one of every kind; the names are unique.
      for entry in [list.first { $0.kind == kind }, list.last { $0.kind == kind }].compactMap(
        \.self)
      {
        let result = try run("describe \(entry.id)")
        #expect(result.status == 0 && result.output.hasPrefix("\(entry.id): "), "\(result.errors)")
      }
    }
    #expect(Set(list.map(\.id)).count == list.count)
    let redo = try run("describe redo").output
    #expect(redo.contains("arXiv:2302.12902") && redo.contains("threshold"))
    #expect(try run("describe srank").output.contains("train --probes srank[@NETWORK[/LAYER]]"))
    #expect(try run("describe BipedalWalker-v3").errors.contains("did you mean 'walker'?"))
  }

  @Test func settingsThatCanNotTrainAreNotDescribed() throws {
    let result = try run("describe sac --env cartpole")
    #expect(result.status == 64 && result.errors.contains("continuous actions are needed"))
    #expect(result.output.isEmpty)
  }
}
