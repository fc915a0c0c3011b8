/// Tells when the next steps are due so that simulated time keeps up with the clock.
///
/// Moments are seconds of any clock that never jumps.  The next moment follows from the last one,
/// not from when somebody asked, so that nothing adds up; after a stall longer than a quarter of a
/// second (a window being moved) the lost time is dropped instead of being caught up with.
package struct Pacer: Sendable {
  /// Simulated seconds per second.
  package var speed: Double {
    didSet { if let due { self.due = due - timeStep / oldValue + interval } }
  }
  private let timeStep: Double
  /// When the next step is due; nil while stopped.
  package private(set) var due: Double?

  private static let longestStall = 0.25

  /// Paces steps of a length in simulated seconds; stopped at first.
  package init(timeStep: Double, speed: Double = 1) {
    precondition(timeStep > 0 && speed > 0, "\(timeStep) s at \(speed)x")
    self.timeStep = timeStep
    self.speed = speed
  }

  private var interval: Double { timeStep / speed }

  /// Whether time runs.
  package var isRunning: Bool { due != nil }

  /// Lets time run; the first step is due one interval from now.
  package mutating func start(at now: Double) { due = now + interval }

  /// Stops time.
  package mutating func stop() { due = nil }

  /// How many steps have become due since this was asked last.
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
