import Environments
import Foundation
import RLCore
import Testing

/// The reference that `quadcopter-track` follows, and what is observed of it.
@Suite struct QuadcopterTrackTests {
  @Test func theControllerTracks() throws {
    let task = try #require(EnvironmentRegistry.find("quadcopter-track"))
    func successes(_ episodes: [EpisodeSummary]) -> Int {
      episodes.count { task.isSuccess($0.end, finalObservation: $0.finalObservation.span) == true }
    }
    let flown = playEpisodes(
      "quadcopter-track", count: 100, controller: "quadcopter-track-cascade")
    #expect(successes(flown) >= 95)
    #expect(successes(playEpisodes("quadcopter-track", count: 100)) == 0)
  }

  private func start(
    seed: UInt64, shape: FlightReference.Shape?, size: Double = 1, speed: Double = 1
  ) -> FlightReference {
    var parameters = QuadcopterTrack.Parameters()
    parameters.shape = Double(shape?.rawValue ?? 0)
    (parameters.size, parameters.speed) = (size, speed)
    var values = [Float](repeating: 0, count: 17)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: seed)
    return QuadcopterTrack(parameters: parameters, using: &random, observation: &observation)
      .reference
  }

  /// Each curve has its equation and closes after a period without a jump, whichever way it is flown.
  @Test(arguments: FlightReference.Shape.allCases) func curves(shape: FlightReference.Shape) {
    for seed in 0..<8 as Range<UInt64> {
      let curve = start(seed: seed, shape: shape)
      #expect(curve.shape == shape)
      #expect((0.5...1).contains(curve.size) && (6...8).contains(abs(curve.period)))
      let (first, last) = (curve.point(at: 0), curve.point(at: abs(curve.period)))
      #expect(hypot(first.x - last.x, first.z - last.z) < 1e-9)
      for step in 0..<400 {
        let (x, z) = curve.point(at: 0.02 * Double(step))
        let next = curve.point(at: 0.02 * Double(step + 1))
        #expect(hypot(next.x - x, next.z - z) < 0.05)
        let (u, v) = (x / curve.size, z / curve.size)
        switch shape {
        case .figureEight: #expect(abs(v * v - u * u * (1 - u * u)) < 1e-9)
        case .circle: #expect(abs(hypot(u, v) - 1) < 1e-9)
        case .square: #expect(abs(max(abs(u), abs(v)) - 0.6) < 1e-9)
        case .smooth: #expect(max(abs(u), abs(v)) < 0.95)
        }
      }
    }
  }

  /// Parameters change what they name and leave every other draw alone.
  @Test func parametersSetTheReference() {
    let (plain, changed) = (
      start(seed: 3, shape: nil), start(seed: 3, shape: nil, size: 1.2, speed: 0.5)
    )
    #expect(abs(changed.size - 1.2 * plain.size) < 1e-12)
    #expect(abs(changed.period - 2 * plain.period) < 1e-12)
    #expect(changed.shape == plain.shape && changed.start == plain.start)
    let drawn = Set((0..<40).map { start(seed: $0, shape: nil).shape })
    #expect(drawn.count == FlightReference.Shape.allCases.count)
    #expect(start(seed: 3, shape: .circle).start == start(seed: 3, shape: .smooth).start)
  }

  /// The observation has the RMS of the distances, and the reference's way as it will be.
  @Test func observationsTellDistanceAndWay() {
    var values = [Float](repeating: 0, count: 17)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: 5)
    var track = QuadcopterTrack(parameters: .init(), using: &random, observation: &observation)
    #expect(observation[16] == 0 && abs(observation[0]) <= 0.1 && abs(observation[2]) <= 0.1)
    let hover: [Float] = [0, 0]
    var squares = 0.0
    for step in 1...50 {
      #expect(track.step(action: hover.span, observation: &observation).end == nil)
      let (x, z) = (Double(observation[0]), Double(observation[2]))
      squares += x * x + z * z
      #expect(abs(Double(observation[16]) - (squares / Double(step)).squareRoot()) < 1e-5)
      let now = track.reference.point(at: 0.02 * Double(step))
      for (j, time) in [0.1, 0.2, 0.4, 0.8].enumerated() {
        let later = track.reference.point(at: 0.02 * Double(step) + time)
        #expect(abs(Double(observation[8 + 2 * j]) - (later.x - now.x)) < 1e-6)
        #expect(abs(Double(observation[9 + 2 * j]) - (later.z - now.z)) < 1e-6)
      }
    }
    #expect(observation[16] > 0.05)
  }
}
