internal import Foundation
internal import LinearAlgebra

/// The pushes of N running episodes.
final class Pushes {
  private let pushes: [Push]
  /// Bounds of the disturbance's components, [D].
  private let bounds: [Float]
  private let episodeSteps: Int
  /// Directions of the pushes, or states of the processes, as fractions of the bounds,
  /// [N · pushes × D].
  private let vectors: Matrix
  /// First step of an impulse, from 0, or phase of a sine, [N × pushes].
  private let times: [Times]

  private final class Times {
    var values: [Double]
    var streams: [RandomStream]

    init(count: Int) {
      values = .init(repeating: 0, count: count)
      streams = .init(repeating: RandomStream(seed: 0, name: ""), count: count)
    }
  }

  init(_ pushes: [Push], _ bounds: [Float], episodeSteps: Int, count: Int) {
    (self.pushes, self.bounds, self.episodeSteps) = (pushes, bounds, episodeSteps)
    vectors = Matrix(rows: max(1, count * pushes.count), columns: max(1, bounds.count))
    times = (0..<count).map { _ in Times(count: pushes.count) }
  }

  /// Draws the directions, times and starts of an episode.
  func begin(_ i: Int, seed: UInt64) {
    for (p, push) in pushes.enumerated() {
      let row = i * pushes.count + p
      var stream = RandomStream(seed: seed, name: "perturb.push", index: p)
      switch push {
      case .ornsteinUhlenbeck(let deviation, _):
        for d in bounds.indices { vectors[row, d] = Float(deviation) * stream.firstOfNormalPair() }
      case .impulse(_, let steps, let start):
        drawDirection(row, &stream)
        let last = episodeSteps - steps
        times[i].values[p] = Double(
          start.map { $0 - 1 } ?? Int(stream.integer(below: UInt32(last + 1))))
      case .periodic:
        drawDirection(row, &stream)
        times[i].values[p] = 2 * Double.pi * stream.uniformDouble()
      case .constant: drawDirection(row, &stream)
      }
      times[i].streams[p] = stream
    }
  }

  /// Draws a direction uniformly on the unit sphere.
  private func drawDirection(_ row: Int, _ stream: inout RandomStream) {
    var square: Float = 0
    // The draws can't all be 0 in practice, and a division by 0 must not happen.
    while square == 0 {
      for d in bounds.indices {
        vectors[row, d] = stream.firstOfNormalPair()
        square += vectors[row, d] * vectors[row, d]
      }
    }
    let scale = 1 / square.squareRoot()
    for d in bounds.indices { vectors[row, d] *= scale }
  }

  /// Adds the pushes of a step, counted from 0, and keeps each component within its bound.
  func add(_ i: Int, step: Int, to disturbances: Matrix) {
    for (p, push) in pushes.enumerated() {
      let (row, time) = (i * pushes.count + p, times[i].values[p])
      let size: Double
      switch push {
      case .impulse(let magnitude, let steps, _):
        let isOn = step >= Int(time) && step < Int(time) + steps
        size = isOn ? magnitude : 0
      case .constant(let magnitude): size = magnitude
      case .periodic(let magnitude, let period):
        size = magnitude * sin(2 * Double.pi * Double(step % period) / Double(period) + time)
      case .ornsteinUhlenbeck(let deviation, let constant):
        if step > 0 { advance(i, p, deviation, constant) }
        size = 1
      }
      guard size != 0 else { continue }
      for d in bounds.indices { disturbances[i, d] += Float(size) * vectors[row, d] * bounds[d] }
    }
    for d in bounds.indices {
      disturbances[i, d] = min(max(disturbances[i, d], -bounds[d]), bounds[d])
    }
  }

  private func advance(_ i: Int, _ p: Int, _ deviation: Double, _ constant: Double) {
    let row = i * pushes.count + p
    let kept = exp(-1 / constant)
    let size = Float(deviation * (1 - kept * kept).squareRoot())
    for d in bounds.indices {
      vectors[row, d] =
        Float(kept) * vectors[row, d] + size * times[i].streams[p].firstOfNormalPair()
    }
  }
}
