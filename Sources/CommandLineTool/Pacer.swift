/// A schedule of steps that keeps simulated time in pace with the clock.
///
/// Times are in seconds of any monotonic clock.  Each due time follows from the previous one, not
/// from the time of the call, so that delays don't accumulate; after a stall longer than a quarter
/// of a second (such as a window being moved) the lost time is dropped, not caught up with.
package struct Pacer: Sendable {
  /// Speed, in simulated seconds per second.
  package var speed: Double {
    didSet { if let due { self.due = due - timeStep / oldValue + interval } }
  }
  private let timeStep: Double
  /// Time at which the next step is due, in seconds; nil while stopped.
  package private(set) var due: Double?

  private static let longestStall = 0.25

  /// Creates a stopped schedule for steps of this length, in simulated seconds.
  package init(timeStep: Double, speed: Double = 1) {
    precondition(timeStep > 0 && speed > 0, "\(timeStep) s at \(speed)x")
    self.timeStep = timeStep
    self.speed = speed
  }

  private var interval: Double { timeStep / speed }

  /// Whether time is running.
  package var isRunning: Bool { due != nil }

  /// Starts time; the first step is due one interval from now.
  package mutating func start(at now: Double) { due = now + interval }

  /// Stops time.
  package mutating func stop() { due = nil }

  /// Returns the number of steps that have become due since the last call.
  package mutating func takeDue(at now: Double) -> Int {
    guard let due, now >= due else { return 0 }
    if now - due > Self.longestStall {
      self.due = now + interval
      return 1
    }
    let count = Int((now - due) / interval) + 1
    self.due = due + Double(count) * interval
    return count
  }
}
