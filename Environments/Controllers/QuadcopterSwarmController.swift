/// Takes every quadcopter of a swarm to a height of its own, across to its goal, and down or up to it.
///
/// All begin each of these three phases together, when the last one has done the one before: nobody
/// climbs or sinks through the way of another.  The layers are as far apart as the space allows, up to
/// 0.7 m, because the air below a quadcopter pushes down those below it; who starts and ends high
/// crosses high.
public struct QuadcopterSwarmController: Controller {
  public static let environmentIdentifiers = [
    "quadcopter-swarm", "quadcopter-swarm-2", "quadcopter-swarm-8",
  ]

  private enum Phase { case start, spread, cross, settle }

  private var phase = Phase.start
  /// Heights in which they cross, in m.
  private var layers = [8 of Float](repeating: 0)

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let count = action.count / 2
    let width = observation.count / count
    if phase == .start {
      chooseLayers(observation, count: count)
      phase = .spread
    }
    var (areInLayers, areAcross) = (true, true)
    for i in 0..<count {
      let first = i * width
      areInLayers = areInLayers && abs(layers[i] - observation[first + 2]) < 0.15
      areAcross = areAcross && abs(observation[first + 8]) < 0.15
    }
    if phase == .spread && areInLayers { phase = .cross }
    if phase == .cross && areAcross { phase = .settle }
    for i in 0..<count {
      let first = i * width
      let x = phase == .spread ? 0 : min(max(observation[first + 8], -0.9), 0.9)
      // Motors brake a climb with less than half a weight, so it must not become fast.
      let height = phase == .settle ? observation[first + 9] : layers[i] - observation[first + 2]
      let z = min(max(height, -1.2), 1.2)
      let (vx, vz) = (observation[first + 1], observation[first + 3])
      let attitude = AttitudeLoop(
        pitch: min(max(0.93 * x - 0.55 * vx, -0.5), 0.5), stiffness: 6.4,
        lift: min(max(1.37 * z - 0.8 * vz, -0.4), 0.9))
      attitude.act(on: observation, at: first, action: &action, at: 2 * i)
    }
  }

  /// Shares out the layers by the mean of the heights of start and goal.
  private mutating func chooseLayers(_ observation: Span<Float>, count: Int) {
    let width = observation.count / count
    let middle = 0.375 * Float(max(count, 4))
    let gap = min(0.7, (2 * middle - 1) / Float(count - 1))
    for i in 0..<count {
      let height = observation[i * width + 2] + observation[i * width + 9] / 2
      var rank = 0
      for j in 0..<count {
        let other = observation[j * width + 2] + observation[j * width + 9] / 2
        if other < height || other == height && j < i { rank += 1 }
      }
      layers[i] = middle + gap * (Float(rank) - Float(count - 1) / 2)
    }
  }
}
