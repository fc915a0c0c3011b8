import Environments
import Foundation
import Physics
import RLCore
import TestSupport
import Testing

/// Recorded walker actions replayed on the stock Box2D 2.4.1.
///
/// Gymnasium runs 2.3.10, so trajectories part; how fast they do was measured for this library
/// beforehand, and a mistake in the walker would part them sooner.
@Suite struct WalkerReplayTests {
  /// For each episode the first step at which the first `channels` components are further than
  /// `tolerance` from the recording; the length of the episode if they never are.
  private func firstDepartures(
    file: String, channels: Int, tolerances: [Float]
  ) throws -> [[Int]] {
    var result = [[Int]](repeating: [], count: tolerances.count)
    for episode in try Fixture.records(file, as: WalkerEpisode.self) {
      var values = [Float](repeating: 0, count: 24)
      var observation = values.mutableSpan
      var walker = BipedalWalker(
        parameters: .init(), on: episode.terrain, observation: &observation)
      var departures = [Int](repeating: episode.actions.count, count: tolerances.count)
      for t in episode.actions.indices {
        let action = episode.actions[t]
        _ = walker.step(action: action.span, observation: &observation)
        let error = (0..<channels).map { abs(observation[$0] - episode.obs[t][$0]) }.max() ?? 0
        for (k, tolerance) in tolerances.enumerated() where error > tolerance {
          departures[k] = min(departures[k], t + 1)
        }
      }
      for k in tolerances.indices { result[k].append(departures[k]) }
    }
    return result
  }

  /// The mean of the two middle values, rounded down.
  private func median(_ values: [Int]) -> Int {
    let sorted = values.sorted()
    return (sorted[(values.count - 1) / 2] + sorted[values.count / 2]) / 2
  }

  /// Equal to the medians measured beforehand; 2 steps are allowed because another processor's
  /// sine may round differently.
  @Test(arguments: [
    ("bipedal_walker_flat.jsonl", [7, 11, 23], [1, 1, 7]),
    ("bipedal_walker_rough.jsonl", [10, 16, 45], [1, 1, 9]),
  ])
  func trajectoriesPartAsMeasured(file: String, hull: [Int], all: [Int]) throws {
    let tolerances: [Float] = [1e-3, 1e-2, 1e-1]
    let hullSteps = try firstDepartures(file: file, channels: 4, tolerances: tolerances)
    let allSteps = try firstDepartures(file: file, channels: 24, tolerances: tolerances)
    for k in tolerances.indices {
      #expect(abs(median(hullSteps[k]) - hull[k]) <= 2, "hull within \(tolerances[k])")
      #expect(abs(median(allSteps[k]) - all[k]) <= 2, "all within \(tolerances[k])")
    }
  }

  /// One step from the recorded state of every step.
  ///
  /// The recordings hold the hull's state and the hinges', from which the legs follow only up to
  /// the solver's slop, and no impulses; so the shares are lower than from full states (which
  /// agree within 0.1 in nine steps of ten) and the contact flags, which remember events, are out.
  @Test func singleStepsAgree() throws {
    var (count, hullClose, hullNear, allNear) = (0.0, 0.0, 0.0, 0.0)
    for file in WalkerEpisode.files {
      for episode in try Fixture.records(file, as: RecordedStates.self) {
        let terrain = BipedalWalkerTerrain(
          heights: episode.terrain_y, obstacles: episode.obstacles, hullForce: 0)
        var values = [Float](repeating: 0, count: 24)
        var observation = values.mutableSpan
        for t in 1..<episode.actions.count {
          var walker = BipedalWalkerSimulation(
            parameters: .init(), on: terrain, poses: episode.poses(afterStep: t - 1))
          let action = episode.actions[t]
          _ = walker.step(action: action.span, observation: &observation)
          let errors = (0..<24).map { j in
            j == 8 || j == 13 ? 0 : abs(observation[j] - episode.obs[t][j])
          }
          let hullError = errors[..<4].max() ?? 0
          count += 1
          if hullError <= 1e-2 { hullClose += 1 }
          if hullError <= 1e-1 { hullNear += 1 }
          if (errors.max() ?? 0) <= 1e-1 { allNear += 1 }
        }
      }
    }
    #expect(count > 5000)
    #expect(hullClose / count > 0.90)
    #expect(hullNear / count > 0.985)
    #expect(allNear / count > 0.84)
  }

  /// What a recording tells about the full state after each step.
  struct RecordedStates: Decodable {
    let terrain_y: [Double]
    let obstacles: [[Float]]
    let actions: [[Float]]
    let obs: [[Float]]
    let hull: [[Float]]
    let joint_angle: [[Float]]

    /// The legs follow from hull and hinges.
    func poses(afterStep t: Int) -> [5 of BodyState] {
      let row = hull[t]
      let body = BodyState(
        x: row[0], y: row[1], angle: row[2], velocityX: row[3], velocityY: row[4],
        angularVelocity: row[5])
      // The recorded velocity is that of the centre of mass, off the origin by this much.
      let center = Frame(body).point(-0.020_036_436, -0.005_646_640_4)
      var poses: [5 of BodyState] = .init(repeating: body)
      for leg in 0..<2 {
        let reference: Float = leg == 0 ? -0.05 : 0.05
        let hip = Frame(body).point(0, -8 / 30)
        let hipVelocity = Motion(body).velocity(at: hip, from: center)
        let upper = segment(
          below: hip, moving: hipVelocity, angle: body.angle + joint_angle[t][2 * leg] + reference,
          rate: body.angularVelocity + 4 * obs[t][5 + 5 * leg])
        let knee = Frame(upper).point(0, -17 / 30)
        let kneeVelocity = Motion(upper).velocity(at: knee, from: (upper.x, upper.y))
        poses[1 + 2 * leg] = upper
        poses[2 + 2 * leg] = segment(
          below: knee, moving: kneeVelocity, angle: upper.angle + joint_angle[t][2 * leg + 1],
          rate: upper.angularVelocity + 6 * obs[t][7 + 5 * leg])
      }
      return poses
    }

    private func segment(
      below joint: (x: Float, y: Float), moving velocity: (x: Float, y: Float), angle: Float,
      rate: Float
    ) -> BodyState {
      var state = BodyState(x: joint.x, y: joint.y, angle: angle, angularVelocity: rate)
      (state.x, state.y) = Frame(state).point(0, -17 / 30)
      (state.velocityX, state.velocityY) = (velocity.x, velocity.y)
      (state.velocityX, state.velocityY) = Motion(state).velocity(
        at: (state.x, state.y), from: joint)
      return state
    }
  }

  /// Turns a body's coordinates into the world's.
  private struct Frame {
    let body: BodyState

    init(_ body: BodyState) { self.body = body }

    func point(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
      let (sine, cosine) = (sin(body.angle), cos(body.angle))
      return (body.x + cosine * x - sine * y, body.y + sine * x + cosine * y)
    }
  }

  /// Velocities of a body's points.
  private struct Motion {
    let body: BodyState

    init(_ body: BodyState) { self.body = body }

    func velocity(
      at point: (x: Float, y: Float), from known: (x: Float, y: Float)
    ) -> (x: Float, y: Float) {
      (
        body.velocityX - body.angularVelocity * (point.y - known.y),
        body.velocityY + body.angularVelocity * (point.x - known.x)
      )
    }
  }
}
