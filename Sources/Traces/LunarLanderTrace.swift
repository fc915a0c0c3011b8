internal import Environments
internal import Physics
internal import RLCore

/// Lander episodes from a seed, with the draws and the bodies that Gymnasium's have.
enum LunarLanderTrace {
  /// Distance within which two versions of Box2D agree after the first step.
  static let firstStepTolerance = 5e-4

  static func discrete(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    try run(LunarLander.self, line) { Moment($0.simulation) }
  }

  static func continuous(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    try run(LunarLanderContinuous.self, line) { Moment($0.simulation) }
  }

  private static func run<E: Environment & ~Copyable>(
    _ type: E.Type, _ line: TraceLine, moment: (borrowing E) -> Moment
  ) throws(TraceError) -> [TraceField] where E.Parameters == LunarLanderParameters {
    let parameters = try parameters(of: line, for: type)
    let actions = try EpisodeTrace.actions(of: line, for: type)
    var start = EpisodeTrace.Start<E>(parameters: parameters, seed: try line.seed())
    let first = moment(start.environment)
    var moments: [Moment] = []
    let recording = EpisodeTrace.play(&start.environment, actions: actions) {
      moments.append(moment($0))
    }
    return first.drawn + [
      TraceField("dispersion0", first.dispersion, tolerance: 0),
      TraceField("obs0", start.observation, tolerance: firstStepTolerance),
      TraceField("bodies0", rows: first.bodies, tolerance: nil),
    ] + recording.fields(tolerance: nil) + [
      TraceField("dispersion", rows: moments.map(\.dispersion), tolerance: 0),
      TraceField("lander", rows: moments.map { $0.bodies[0] }, tolerance: nil),
      TraceField("awake", moments.map(\.isAwake), tolerance: nil),
    ]
  }

  /// Returns the line's `parameters`, with Gymnasium's own names for weather and gravity.
  private static func parameters<E: Environment & ~Copyable>(
    of line: TraceLine, for type: E.Type
  ) throws(TraceError) -> LunarLanderParameters where E.Parameters == LunarLanderParameters {
    var parameters = try EpisodeTrace.parameters(of: line, for: type)
    let names = [
      ("wind_power", "wind", 15.0, 1.0), ("turbulence_power", "turbulence", 1.5, 1),
      ("gravity", "gravity", -10, -1),
    ]
    let hasWind = try line.flag("enable_wind")
    for (member, name, usual, sign) in names {
      let value = sign * (line.has(member) ? try line.double(member) : usual)
      guard name == "gravity" ? line.has(member) : hasWind else { continue }
      guard let entry = E.parameterTable.first(where: { $0.name == name }), entry.allows(value)
      else {
        throw .unusable(field: member, reason: "lies outside of what \(name) allows")
      }
      entry.store(value, in: &parameters)
    }
    return parameters
  }

  /// What is known of a lander at one time.
  private struct Moment {
    /// Position, angle and velocities of hull, right and left leg.
    var bodies: [[Float]] = []
    var dispersion: [Double]
    var isAwake: Bool
    /// What the seed determined.
    var drawn: [TraceField]

    init(_ simulation: borrowing LunarLanderSimulation) {
      for i in 0..<3 {
        let state = simulation.world.state(of: simulation.bodies[i])
        bodies.append([
          state.x, state.y, state.angle, state.velocityX, state.velocityY, state.angularVelocity,
        ])
      }
      dispersion = [simulation.dispersion.x, simulation.dispersion.y]
      isAwake = simulation.world.isAwake(simulation.bodies[0])
      let start = simulation.start
      drawn = [
        TraceField("heights_raw", start.drawnHeights, tolerance: 0),
        TraceField("edges", Self.edges(start.ground), tolerance: 0),
        TraceField("init_force", [start.force.x, start.force.y], tolerance: 0),
      ]
      if let gusts = start.gusts {
        drawn += [
          TraceField("wind_idx0", .doubles([Double(gusts.force)]), shape: [], tolerance: 0),
          TraceField("torque_idx0", .doubles([Double(gusts.torque)]), shape: [], tolerance: 0),
        ]
      }
    }

    /// The ends of the floor and of each edge of the ground.
    private static func edges(_ heights: [Double]) -> [Float] {
      var ends: [Float] = [0, 0, Float(LunarLanderStart.width), 0]
      for i in 1..<heights.count {
        ends += [Float(2 * (i - 1)), Float(heights[i - 1])]
        ends += [Float(2 * i), Float(heights[i])]
      }
      return ends
    }
  }
}
