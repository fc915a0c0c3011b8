public import RLCore

/// Figures drawn on top of a scene, the same for every environment.
public struct Overlay: Sendable, Equatable {
  /// A number with a name and bounds, shown as a bar that grows from zero.
  public struct Gauge: Sendable, Equatable {
    /// What it is.
    public var name: String
    /// Its value; the bar ends at the bounds where it is beyond them.
    public var value: Double
    /// The bar's ends; it starts in its middle where they are infinite or do not hold zero.
    public var bounds: ClosedRange<Double>

    /// Names a number.
    public init(_ name: String, value: Double, bounds: ClosedRange<Double>) {
      self.name = name
      self.value = value
      self.bounds = bounds
    }
  }

  /// An action.
  public enum Action: Sendable, Equatable {
    /// One number for each component.
    case gauges([Gauge])
    /// One of several; an index outside them is none.
    case choice(Int, of: [String])
  }

  /// The first line, for instance the environment's id.
  public var title: String
  /// Steps taken in this episode.
  public var step: Int
  /// Steps of the whole episode, or of its limit; nil where that is unknown.
  public var steps: Int?
  /// Simulated time since the episode began, in seconds.
  public var time: Double
  /// The reward of the last step; nil before the first.
  public var reward: Double?
  /// The undiscounted sum of rewards so far.
  public var episodeReturn: Double
  /// What else is to be said of this step, such as "terminated".
  public var flags: [String]
  /// The last action; nil before the first.
  public var action: Action?
  /// What pushes from outside; shown only where one of them is not zero.
  public var disturbances: [Gauge]
  /// What the player of the pictures is doing, such as "paused"; drawn at the upper right.
  public var mode: String?

  /// Gathers what to show.
  public init(
    title: String, step: Int, steps: Int? = nil, time: Double, reward: Double? = nil,
    episodeReturn: Double = 0, flags: [String] = [], action: Action? = nil,
    disturbances: [Gauge] = [], mode: String? = nil
  ) {
    self.title = title
    self.step = step
    self.steps = steps
    self.time = time
    self.reward = reward
    self.episodeReturn = episodeReturn
    self.flags = flags
    self.action = action
    self.disturbances = disturbances
    self.mode = mode
  }
}

extension Overlay.Action {
  /// Names the components of an action [A] as its environment does.
  public init(_ action: some Sequence<Float>, of specification: EnvironmentSpecification) {
    let names = specification.actionComponents.map(\.name)
    let values = Array(action)
    switch specification.actionSpace {
    case .box(let low, let high):
      precondition(values.count == low.count, "\(values.count) numbers for \(low.count)")
      self = .gauges(
        values.indices.map { i in
          Overlay.Gauge(
            i < names.count ? names[i] : "action \(i)", value: Double(values[i]),
            bounds: Double(low[i])...Double(high[i]))
        })
    case .discrete(let count):
      precondition(values.count == 1, "\(values.count) numbers for a choice")
      self = .choice(
        Int(exactly: values[0].rounded()) ?? -1,
        of: (0..<count).map { $0 < names.count ? names[$0] : "action \($0)" })
    }
  }
}

extension [Overlay.Gauge] {
  /// Names the components of a disturbance [D].
  public init(_ disturbance: some Sequence<Float>, of components: [DisturbanceComponent]) {
    self = zip(components, disturbance).map { component, value in
      let bound = Double(component.bound)
      return Overlay.Gauge(component.name, value: Double(value), bounds: -bound...bound)
    }
  }
}
