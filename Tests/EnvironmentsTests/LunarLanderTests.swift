import Environments
import Foundation
import Physics
import RLCore
import TestSupport
import Testing

/// One lander episode as recorded from Gymnasium.
struct LunarLanderEpisode: Decodable {
  let seed: UInt64
  let continuous: Bool
  let enable_wind: Bool
  let policy: String
  let obs0: [Float]
  let actions: [[Float]]
  let obs: [[Float]]
  let reward: [Double]
  let terminated: [Bool]
  let leg_contact: [[Bool]]

  private enum CodingKeys: String, CodingKey {
    case seed, continuous, enable_wind, policy, obs0, actions, obs, reward, terminated, leg_contact
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    seed = try values.decode(UInt64.self, forKey: .seed)
    continuous = try values.decode(Bool.self, forKey: .continuous)
    enable_wind = try values.decode(Bool.self, forKey: .enable_wind)
    policy = try values.decode(String.self, forKey: .policy)
    obs0 = try values.decode([Float].self, forKey: .obs0)
    // Choices are plain numbers, throttles are pairs.
    actions =
      continuous
      ? try values.decode([[Float]].self, forKey: .actions)
      : try values.decode([Float].self, forKey: .actions).map { [$0] }
    obs = try values.decode([[Float]].self, forKey: .obs)
    reward = try values.decode([Double].self, forKey: .reward)
    terminated = try values.decode([Bool].self, forKey: .terminated)
    leg_contact = try values.decode([[Int]].self, forKey: .leg_contact).map { $0.map { $0 != 0 } }
  }

  static func all() throws -> [LunarLanderEpisode] { try Fixture.records("lunar_lander.jsonl") }

  var parameters: LunarLanderParameters {
    var parameters = LunarLanderParameters()
    if enable_wind { (parameters.wind, parameters.turbulence) = (15, 1.5) }
    return parameters
  }
}

/// The landers against what Gymnasium recorded.
@Suite struct LunarLanderTests {
  @Test func bodiesAreTheRecordedOnes() throws {
    struct Recorded: Decodable { let lander: [WalkerGoldenTests.RecordedBodies.Part] }
    let recorded = try JSONDecoder().decode(
      Recorded.self, from: Data(contentsOf: Fixture.url("box2d_bodies.json")))
    var values = [Float](repeating: 0, count: 8)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: 0)
    let lander = LunarLander(parameters: .init(), using: &random, observation: &observation)
    #expect(recorded.lander.count == 3)
    for (i, part) in recorded.lander.enumerated() {
      let body = lander.simulation.bodies[i]
      let mass = lander.simulation.world.mass(of: body)
      let pairs = [
        (mass.mass, part.mass), (mass.inertia, part.inertia_about_origin),
        (mass.center.x, part.local_center[0]), (mass.center.y, part.local_center[1]),
      ]
      for (ours, theirs) in pairs {
        #expect(abs(ours - theirs) <= 1e-6 * max(1, abs(theirs)), "\(part.name)")
      }
      #expect(lander.simulation.world.polygon(of: body).map { [$0.x, $0.y] } == part.vertices)
    }
  }

  /// Until a leg touches the ground, the two versions of Box2D differ in the legs' limits alone.
  @Test func freeFlightIsGymnasiums() throws {
    let bounds: [Float] = [3e-3, 1e-3, 1e-2, 1e-3, 5e-3, 1e-2]
    var steps = 0
    for episode in try LunarLanderEpisode.all() {
      let result =
        episode.continuous
        ? replay(LunarLanderContinuous.self, episode) : replay(LunarLander.self, episode)
      let contact = episode.leg_contact.firstIndex { $0.contains(true) }
      // The reward of a crash comes a step early or late; what leads to it does not.
      for t in 0..<min(contact ?? result.count, result.count - 2) {
        for j in 0..<6 {
          let difference = abs(result[t].observation[j] - episode.obs[t][j])
          #expect(difference <= bounds[j], "seed \(episode.seed), step \(t), component \(j)")
        }
        #expect(abs(result[t].reward - episode.reward[t]) <= 0.5)
        steps += 1
      }
    }
    #expect(steps > 2000, "\(steps) steps")
  }

  /// A crash ends the recorded episode and ours within a step of each other.
  @Test func crashesComeInTime() throws {
    var crashes = 0
    for episode in try LunarLanderEpisode.all() where episode.reward.last == -100 {
      let result =
        episode.continuous
        ? replay(LunarLanderContinuous.self, episode) : replay(LunarLander.self, episode)
      // Crashes that follow a touch of the legs are another bounce each time.
      let contact = episode.leg_contact.firstIndex { $0.contains(true) } ?? episode.obs.count
      guard contact > episode.obs.count - 3 else { continue }
      let end = result.firstIndex { $0.end != nil } ?? result.count + 9
      #expect(abs(end - (episode.obs.count - 1)) <= 1, "seed \(episode.seed)")
      crashes += 1
    }
    #expect(crashes >= 2, "\(crashes) crashes")
  }

  private struct Moment {
    var observation: [Float]
    var reward: Double
    var end: TaskEnd?
  }

  private func replay<E: Environment & ~Copyable>(
    _ type: E.Type, _ episode: LunarLanderEpisode
  ) -> [Moment] where E.Parameters == LunarLanderParameters {
    var values = [Float](repeating: 0, count: 8)
    var random = NumPyRandom(seed: episode.seed)
    var first = values.mutableSpan
    var lander = E(parameters: episode.parameters, using: &random, observation: &first)
    return episode.actions.map { action in
      var observation = values.mutableSpan
      let outcome = lander.step(action: action.span, observation: &observation)
      return Moment(observation: values, reward: outcome.reward, end: outcome.end)
    }
  }

  @Test func heuristicsActAsRecorded() throws {
    let episodes = try LunarLanderEpisode.all().filter { $0.policy == "heuristic" }
    #expect(episodes.count == 13)
    for episode in episodes {
      var (discrete, continuous) = (
        LunarLanderController(), LunarLanderContinuousController()
      )
      for t in episode.actions.indices {
        var values = [Float](repeating: 0, count: episode.continuous ? 2 : 1)
        var action = values.mutableSpan
        let seen = t == 0 ? episode.obs0 : episode.obs[t - 1]
        if episode.continuous {
          continuous.act(on: seen.span, action: &action)
        } else {
          discrete.act(on: seen.span, action: &action)
        }
        for j in values.indices { #expect(abs(values[j] - episode.actions[t][j]) < 1e-5) }
      }
    }
  }

  /// Wind wakes no lander that stands, and its draws leave the ground and the push alone.
  @Test func windChangesNeitherGroundNorPush() {
    var (calm, windy) = (NumPyRandom(seed: 3), NumPyRandom(seed: 3))
    let (one, other) = (
      LunarLanderStart(hasWind: false, using: &calm), LunarLanderStart(hasWind: true, using: &windy)
    )
    #expect(one.drawnHeights == other.drawnHeights && one.force == other.force)
    #expect(one.gusts == nil && other.gusts != nil)
    #expect(one.ground[4...6].allSatisfy { abs($0 - 3.3) < 1e-12 })
  }
}
