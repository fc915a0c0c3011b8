import Environments
import LinearAlgebra
import RLCore
import TestSupport
import Testing

/// Hand-written controllers against what they are known to do.
@Suite struct ControllerTests {
  struct ScriptedEpisode: Decodable {
    let policy: String
    let obs0: [Float]
    let obs: [[Float]]
    let actions: [[Float]]
  }

  @Test(arguments: WalkerEpisode.files)
  func walkerHeuristicActsAsRecorded(file: String) throws {
    let episodes = try Fixture.records(file, as: ScriptedEpisode.self).filter {
      $0.policy == "heuristic"
    }
    #expect(!episodes.isEmpty)
    for episode in episodes {
      var controller = BipedalWalkerController()
      for t in episode.actions.indices {
        var action: [4 of Float] = [0, 0, 0, 0]
        var span = action.mutableSpan
        let seen = t == 0 ? episode.obs0 : episode.obs[t - 1]
        controller.act(on: seen.span, action: &span)
        for j in 0..<4 { #expect(abs(span[j] - episode.actions[t][j]) < 2e-6) }
      }
    }
  }

  @Test func cartPoleControllerBalancesTheBox2DCartPole() {
    let episodes = playEpisodes("cartpole", count: 50, controller: "cartpole-linear")
    #expect(episodes.allSatisfy { $0.length == 500 && $0.totalReward == 500 })
  }

  @Test func cartPoleControllerBalancesWithGentlePushes() {
    let episodes = playEpisodes(
      "cartpole-continuous", count: 50, controller: "cartpole-continuous-linear")
    #expect(episodes.allSatisfy { $0.length == 500 && $0.totalReward == 500 })
  }

  /// The acrobots are solved at -100 and the continuous car at 90; the car with choices needs the
  /// planning that this controller lacks for its -110.
  @Test func classicControllersArrive() {
    for (identifier, controller, least) in [
      ("acrobot-v1", "acrobot-energy", -100.0), ("acrobot", "acrobot-torque-energy", -100),
      ("mountain-car", "mountain-car-push", -140),
      ("mountain-car-continuous", "mountain-car-continuous-push", 95),
    ] {
      let episodes = playEpisodes(identifier, count: 100, controller: controller)
      #expect(episodes.allSatisfy { $0.end == .task(.goalReached) }, "\(identifier)")
      let mean = episodes.map(\.totalReward).reduce(0, +) / 100
      #expect(mean > least, "\(identifier): \(mean)")
    }
    let idle = playEpisodes("mountain-car", count: 20)
    #expect(idle.allSatisfy { $0.length == 200 && $0.totalReward == -200 })
  }

  /// Upright to the end means that it got up and stayed there.
  @Test func cartPoleSwingUpControllerSwingsUpAndBalances() {
    let episodes = playEpisodes(
      "cartpole-swingup", count: 200, controller: "cartpole-swingup-energy")
    #expect(
      episodes.count { $0.totalReward > 400 && $0.length == 500 && $0.finalObservation[2] > 0.99 }
        > 190)
    #expect(playEpisodes("cartpole-swingup", count: 20).allSatisfy { $0.totalReward < 100 })
  }

  @Test func regulatorsHoldWhatTheyAreDesignedFor() throws {
    let quadcopter = try #require(EnvironmentRegistry.find("quadcopter"))
    let hovers = playEpisodes("quadcopter", count: 100, controller: "quadcopter-lqr")
    #expect(
      hovers.count {
        quadcopter.isSuccess($0.end, finalObservation: $0.finalObservation.span) == true
      } >= 95)
    let swings = playEpisodes(
      "cartpole-swingup", count: 100, controller: "cartpole-swingup-lqr")
    #expect(swings.count { $0.totalReward > 400 && $0.finalObservation[2] > 0.99 } >= 95)
  }

  /// The step of Box2D's cart-pole has the derivatives of the equations of motion.
  @Test func linearModelIsThatOfTheEquations() {
    let model = LinearModel(of: CartPoleSwingUp.self, CartPoleParameters())
    let (gravity, halfLength, cart, pole) = (9.8, 0.5, 1.0, 0.1)
    let inertia = halfLength * (4.0 / 3 - pole / (cart + pole))
    // Over 0.02 s: θ'' = fall · θ + turn · F, with F = 10 N times the action.
    let (fall, turn) = (gravity / inertia, -1 / ((cart + pole) * inertia))
    #expect(abs(model.state[3, 2] / (fall * 0.02) - 1) < 0.01)
    #expect(abs(model.action[3, 0] / (10 * turn * 0.02) - 1) < 0.01)
    #expect(abs(model.state[0, 1] / 0.02 - 1) < 0.001)
    #expect(abs(model.state[0, 0] - 1) < 1e-4 && abs(model.state[2, 0]) < 1e-4)
  }

  @Test func quadcopterControllerReachesTheGoal() throws {
    let quadcopter = try #require(EnvironmentRegistry.find("quadcopter"))
    func isSuccess(_ episode: EpisodeSummary) -> Bool {
      quadcopter.isSuccess(episode.end, finalObservation: episode.finalObservation.span) == true
    }
    let episodes = playEpisodes("quadcopter", count: 100, controller: "quadcopter-cascade")
    #expect(episodes.count(where: isSuccess) >= 95)
    let random = playEpisodes("quadcopter", count: 100)
    #expect(random.count(where: isSuccess) <= 5)
  }

  /// It finds the goal on either side, within the time.
  @Test func quadcopterSearchFindsTheHiddenGoal() throws {
    let task = try #require(EnvironmentRegistry.find("quadcopter-hidden-goal"))
    func isSuccess(_ episode: EpisodeSummary) -> Bool {
      task.isSuccess(episode.end, finalObservation: episode.finalObservation.span) == true
    }
    let episodes = playEpisodes(
      "quadcopter-hidden-goal", count: 100, controller: "quadcopter-search")
    let successes = episodes.filter(isSuccess)
    #expect(successes.count >= 95)
    let right = successes.count { $0.finalObservation[0] > 0 }
    #expect(right > 30 && right < successes.count - 30)
    let random = playEpisodes("quadcopter-hidden-goal", count: 100)
    #expect(random.count(where: isSuccess) <= 5)
  }

  @Test func quadcopterLandControllerLands() {
    let episodes = playEpisodes(
      "quadcopter-land", count: 100, controller: "quadcopter-land-cascade")
    #expect(episodes.count { $0.end == .task(.goalReached) } >= 95)
    #expect(
      playEpisodes("quadcopter-land", count: 100).allSatisfy { $0.end != .task(.goalReached) })
  }

  /// The limits of a landing, each of which makes it a fall if it is passed.
  @Test(
    arguments: [
      ([0.1, 0, 0.002, -0.3, 0, 0], true), ([0.25, 0, 0.002, -0.3, 0, 0], false),
      ([0.1, 0, 0.002, -0.6, 0, 0], false), ([0.1, 0.4, 0.002, -0.3, 0, 0], false),
      ([0.1, 0, 0.002, -0.3, 0.3, 0], false),
    ] as [([Double], Bool)]) func landingsHaveLimits(state: [Double], isLanding: Bool)
  {
    var values = [Float](repeating: 0, count: 8)
    var observation = values.mutableSpan
    var land = QuadcopterLand(
      parameters: .init(), state: [6 of Double] { state[$0] }, observation: &observation)
    let hover: [Float] = [0, 0]
    let outcome = land.step(action: hover.span, observation: &observation)
    #expect(outcome.end == (isLanding ? .goalReached : .fell))
    #expect(isLanding ? outcome.reward > 9 : outcome.reward < -9)
  }

  @Test func everyControllerServesRegisteredEnvironments() {
    for controller in ControllerRegistry.all {
      #expect(
        controller.environmentIdentifiers.allSatisfy { EnvironmentRegistry.find($0) != nil })
    }
    #expect(Set(ControllerRegistry.all.map(\.identifier)).count == ControllerRegistry.all.count)
  }
}
