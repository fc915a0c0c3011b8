/// A hand-written policy: a baseline that needs no training.
public protocol Controller {
  /// Ids of the environments that the controller can control.
  static var environmentIdentifiers: [String] { get }

  /// Creates a controller at the start of an episode.
  init()

  /// Writes the action, [A], for an observation, [O]; called once per step.
  mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>)
}

/// A controller that can be found by its id.
public struct RegisteredController: Sendable {
  /// Registered id of the controller.
  public let identifier: String
  /// Summary of the method in one sentence.
  public let summary: String
  /// Ids of the environments that the controller can control.
  public let environmentIdentifiers: [String]
  /// Makes a controller at the start of an episode.
  public let make: @Sendable () -> any Controller

  /// Registers a controller.
  ///
  /// - Parameters:
  ///   - type: Type of the controller.
  ///   - identifier: Id of the controller.
  ///   - summary: Summary of the method in one sentence.
  public init<C: Controller & SendableMetatype>(
    _ type: C.Type, _ identifier: String, _ summary: String
  ) {
    self.identifier = identifier
    self.summary = summary
    environmentIdentifiers = C.environmentIdentifiers
    make = { C() }
  }
}

/// All controllers of the suite.
public enum ControllerRegistry {
  /// All controllers of the suite.
  public static let all: [RegisteredController] = [
    .init(CartPoleController.self, "cartpole-linear", "Pushes by the sign of a weighted sum."),
    .init(
      CartPoleContinuousController.self, "cartpole-continuous-linear",
      "Pushes in proportion to a weighted sum."),
    .init(
      CartPoleSwingUpController.self, "cartpole-swingup-energy", "Pumps energy, then balances."),
    .init(
      CartPoleSwingUpRegulator.self, "cartpole-swingup-lqr",
      "Pumps energy, then balances by a linear-quadratic regulator."),
    .init(PendulumController.self, "pendulum-energy", "Pumps energy, then balances."),
    .init(AcrobotController.self, "acrobot-energy", "Bends against the swing of the upper link."),
    .init(
      AcrobotTorqueController.self, "acrobot-torque-energy",
      "Bends against the swing of the upper link."),
    .init(MountainCarController.self, "mountain-car-push", "Pushes the way the car moves."),
    .init(
      MountainCarContinuousController.self, "mountain-car-continuous-push",
      "Pushes gently the way the car moves."),
    .init(LunarLanderController.self, "lander-heuristic", "Fires the engine that is needed most."),
    .init(
      LunarLanderContinuousController.self, "lander-continuous-heuristic",
      "Leans against the drift and brakes the fall."),
    .init(BipedalWalkerController.self, "walker-heuristic", "Walks by a three-state machine."),
    .init(QuadcopterController.self, "quadcopter-cascade", "Nested position and pitch loops."),
    .init(
      QuadcopterRegulator.self, "quadcopter-lqr", "A linear-quadratic regulator around hovering."),
    .init(
      QuadcopterSearchController.self, "quadcopter-search", "Looks at one place, then the other."),
    .init(
      QuadcopterLandController.self, "quadcopter-land-cascade", "Hovers over the pad and sinks."),
    .init(
      QuadcopterTrackController.self, "quadcopter-track-cascade",
      "Nested loops with the reference's way fed forward."),
    .init(
      QuadcopterSwarmController.self, "quadcopter-swarm-layers",
      "Spreads to heights of their own, crosses there and settles."),
    .init(
      QuadcopterGatesController.self, "quadcopter-gates-cascade",
      "Rises or sinks before a gate, flies through it, and dodges balloons."),
    .init(TwoGoalsController.self, "two-goals-nearest", "Walks to the nearer goal, or up."),
    .init(MemoryController.self, "memory-signal", "Remembers the signal and chooses its side."),
  ]

  /// Returns the controller with an id; nil if there is none.
  public static func find(_ identifier: String) -> RegisteredController? {
    all.first { $0.identifier == identifier }
  }
}
