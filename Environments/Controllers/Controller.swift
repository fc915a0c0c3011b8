/// A hand-written policy: a baseline that needs no training.
public protocol Controller {
  /// The environments it serves.
  static var environmentIdentifiers: [String] { get }

  /// Makes a controller at the start of an episode.
  init()

  /// Chooses an action [A] for an observation [O]; called once per step.
  mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>)
}

/// A controller that can be asked for by name.
public struct RegisteredController: Sendable {
  /// The registered id.
  public let identifier: String
  /// One sentence.
  public let summary: String
  /// The environments it serves.
  public let environmentIdentifiers: [String]
  /// Makes a controller at the start of an episode.
  public let make: @Sendable () -> any Controller

  /// Registers a controller.
  ///
  /// - Parameters:
  ///   - type: The controller.
  ///   - identifier: Its id.
  ///   - summary: One sentence.
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
  /// Every controller, one line each.
  public static let all: [RegisteredController] = [
    .init(CartPoleController.self, "cartpole-linear", "Pushes by the sign of a weighted state."),
    .init(
      CartPoleSwingUpController.self, "cartpole-swingup-energy", "Pumps energy, then balances."),
    .init(PendulumController.self, "pendulum-energy", "Pumps energy, then balances."),
    .init(BipedalWalkerController.self, "walker-heuristic", "Steps by a three-state machine."),
    .init(QuadcopterController.self, "quadcopter-cascade", "Nested position and pitch loops."),
  ]

  /// The controller of an id, if there is one.
  public static func find(_ identifier: String) -> RegisteredController? {
    all.first { $0.identifier == identifier }
  }
}
