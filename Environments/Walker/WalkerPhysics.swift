internal import Glibc
internal import LinearAlgebra
internal import Physics
package import RLCore

/// How walkers are simulated; both ways have the same bits.
public enum WalkerPhysics: String, Sendable, CaseIterable {
  /// Many at once, in the lanes of vector registers.
  case lanes
  /// One by one, by Box2D itself: the reference.
  case box2D = "box2d"

  /// The way in use: lanes, unless the environment variable `RLSUITE_PHYSICS` says `box2d`, or this
  /// machine's libraries compute other bits, of which the first use writes a line to standard error.
  public static let current: WalkerPhysics = {
    let wanted = LaneWorlds.environmentVariable("RLSUITE_PHYSICS")
    if let wanted {
      if let physics = WalkerPhysics(rawValue: wanted), physics == .box2D { return physics }
      if wanted != WalkerPhysics.lanes.rawValue {
        LaneWorlds.warn(
          "RLSUITE_PHYSICS=\(wanted) is not one of lanes, box2d; using lanes")
      }
    }
    if let difference {
      LaneWorlds.warn("\(difference); walkers are stepped by Box2D, which is slower")
      return .box2D
    }
    return .lanes
  }()

  /// A way and, for lanes, the instruction set, for logs.
  public static var description: String {
    current == .lanes ? "lanes (\(LaneWorlds.instructionSet))" : current.rawValue
  }

  /// A sentence about the first difference between the lanes and this machine's libraries; nil if a
  /// probe of a few milliseconds finds none.
  package static var difference: String? {
    let angles = (0..<512).map { Float($0 - 256) * 0.061_7 }
    let (sines, cosines) = LaneWorlds.sinesAndCosines(of: angles)
    for (i, angle) in angles.enumerated()
    where sines[i] != sinf(angle) || cosines[i] != cosf(angle) {
      return "this C library's sines and cosines have other bits than the lanes'"
    }
    return stepsAgree ? nil : "this machine's Box2D computes other bits than the lanes"
  }

  /// Whether an episode's first steps, which end in a fall, have the same bits in both ways.
  private static var stepsAgree: Bool {
    let (batch, actions) = (
      StepBatch(count: 1, observationWidth: 24), Matrix(rows: 1, columns: 4)
    )
    let lanes = BipedalWalkerLanes(count: 1, hasObstacles: false)
    let beginning: [1 of EpisodeBeginning] = [EpisodeBeginning(slot: 0, seed: 1)]
    lanes.start(beginning.span, observations: batch.observations)
    var random = NumPyRandom(seed: 1)
    var observation: [24 of Float] = .init(repeating: 0)
    var output = observation.mutableSpan
    var reference = BipedalWalker(parameters: .init(), using: &random, observation: &output)
    for t in 0..<60 {
      for j in 0..<4 { actions[0, j] = sinf(Float(t * (j + 2)) * 0.3) }
      lanes.step(0..<1, actions: actions, disturbances: nil, batch: batch)
      _ = unsafe reference.step(action: actions.row(0).span, observation: &output)
      var (first, second) = (StateHasher(), StateHasher())
      lanes.hashState(of: 0, into: &first)
      reference.hashState(into: &second)
      guard first.value == second.value else { return false }
    }
    return true
  }

  /// Makes a simulator of walkers in the way in use.
  package static func makeSimulator<E: Environment & ~Copyable>(
    _ type: E.Type, count: Int, hasObstacles: Bool
  ) -> any Simulator {
    switch current {
    case .lanes: BipedalWalkerLanes(count: count, hasObstacles: hasObstacles)
    case .box2D: EnvironmentSimulator<E>(count: count)
    }
  }
}
