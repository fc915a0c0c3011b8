internal import Glibc

/// Flies to the height of the next gate in front of it, then through it, and around the balloons that
/// its range finder has seen.
public struct QuadcopterGatesController: Controller {
  public static let environmentIdentifiers = ["quadcopter-gates"]

  /// Angles of the rays from the body's x axis, in rad.
  private static let rayAngles = QuadcopterGates.rayAngles.map { Float($0 / 180 * .pi) }
  /// Height above or below a balloon's middle at which it is passed, in m.
  private static let clearance: Float = 0.34

  /// Middle of the next gate and of the one before it, in m; nil until there is one.
  private var next: (x: Float, z: Float)?
  private var passed: (x: Float, z: Float)?
  /// Middle of the balloon ahead, in m, and whether to fly above it; nil if none was seen.
  private var balloon: (x: Float, z: Float, isBelow: Bool)?

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (x, z) = (observation[0], observation[2])
    look(observation)
    // The height to be at, and the way until it has to be reached.
    var error = observation[9]
    var room = observation[8] - 0.03
    if let balloon {
      error = balloon.z + (balloon.isBelow ? Self.clearance : -Self.clearance) - z
      room = balloon.x - 0.12 - x
    }
    // It leaves a gate at its height.
    if let passed, x < passed.x + 0.1 { error = passed.z - z }
    let isAligned = abs(error) < 0.1 + 0.2 * max(min(room, 1) - 0.1, 0)
    let pace: Float = abs(error) < 0.4 ? 0.46 : 0.16
    let ahead = isAligned ? 0.46 : min(max(room - 0.16, -0.4), pace)
    let attitude = AttitudeLoop(
      pitch: min(max(0.93 * ahead - 0.48 * observation[1], -0.5), 0.5), stiffness: 6.4,
      lift: min(max(1.78 * error - 0.85 * observation[3], -0.4), 0.8))
    attitude.act(on: observation, action: &action)
  }

  /// Notes gates that are passed and balloons that rays of less than 1 m hit, and forgets those behind.
  private mutating func look(_ observation: Span<Float>) {
    let (x, z, pitch) = (observation[0], observation[2], observation[4])
    let gate = (x: x + observation[8], z: z + observation[9])
    if let next, gate.x > next.x + 0.3 { (passed, balloon) = (next, nil) }
    next = gate
    if let seen = balloon, x > seen.x + 0.2 { balloon = nil }
    for j in 0..<5 where observation[12 + j] < 0.5 {
      let angle = Self.rayAngles[j] - pitch
      let range = Float(QuadcopterGates.rayLength) * observation[12 + j]
      let hit = (x: x + range * cos(angle), z: z + range * sin(angle))
      // What stands in the plane of the gate is the gate, and what is low is the ground.
      guard hit.x < gate.x - 0.1, hit.x > x + 0.05, hit.z > 0.1 else { continue }
      let middle = (x: hit.x + 0.1 * cos(angle), z: hit.z + 0.1 * sin(angle))
      if let seen = balloon, abs(seen.x - middle.x) < 0.3 { continue }
      balloon = (middle.x, middle.z, isBelow: middle.z < gate.z)
    }
  }
}
