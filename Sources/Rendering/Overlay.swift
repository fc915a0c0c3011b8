public import RLCore

/// Numbers and text drawn on top of a scene, in the same layout for every environment.
public struct Overlay: Sendable, Equatable {
  /// A number with a name and bounds, shown as a bar that grows from zero.
  public struct Gauge: Sendable, Equatable {
    /// Name of the number.
    public var name: String
    /// Value of the number; the bar ends at the bounds if the value is beyond them.
    public var value: Double
    /// Values at the bar's ends; the bar grows from its middle if they are infinite or exclude 0.
    public var bounds: ClosedRange<Double>

    /// Creates a gauge.
    public init(_ name: String, value: Double, bounds: ClosedRange<Double>) {
      self.name = name
      self.value = value
      self.bounds = bounds
    }
  }

  /// A remark, shown as words on a coloured ground.
  public struct Remark: Sendable, Equatable {
    /// The kind of news that a remark brings, which decides its colour.
    public enum Tone: Sendable, Equatable {
      /// A success, in green.
      case good
      /// Neither good nor bad, in grey.
      case neutral
      /// A failure, in red.
      case bad
    }

    /// Words of the remark.
    public var text: String
    /// Kind of the news.
    public var tone: Tone

    /// Creates a remark.
    public init(_ text: String, _ tone: Tone) {
      self.text = text
      self.tone = tone
    }

    /// Creates a remark on how an episode ended: only a fall or the like is bad.
    public init(_ end: EpisodeEnd) {
      self.init(end.description, .neutral)
      guard case .task(let meaning) = end, let isSuccess = meaning.isSuccess else { return }
      tone = isSuccess ? .good : .bad
    }
  }

  /// An action as shown in the overlay.
  public enum Action: Sendable, Equatable {
    /// A continuous action, with one gauge for each component.
    case gauges([Gauge])
    /// The index of a discrete action among the names of all; none is marked if it is out of range.
    case choice(Int, of: [String])
  }

  /// First line, for example the environment's id.
  public var title: String
  /// Who acts, for example the agent's id, for the second line; nil for no such line.
  public var actor: String?
  /// Seed of the episode, for the second line.
  public var seed: UInt64?
  /// Number of steps taken in this episode.
  public var step: Int
  /// Number of steps of the whole episode, or its limit; nil if unknown.
  public var steps: Int?
  /// Simulated time since the start of the episode, in seconds.
  public var time: Double
  /// Reward of the last step; nil before the first.
  public var reward: Double?
  /// Undiscounted sum of rewards so far.
  public var episodeReturn: Double
  /// Remarks on this step, such as "goal reached".
  public var remarks: [Remark]
  /// The last action; nil before the first.
  public var action: Action?
  /// External disturbances; shown only if at least one of them is not zero.
  public var disturbances: [Gauge]
  /// State of the player, such as "paused"; drawn at the upper right.
  public var mode: String?

  /// Creates an overlay.
  public init(
    title: String, actor: String? = nil, seed: UInt64? = nil, step: Int, steps: Int? = nil,
    time: Double, reward: Double? = nil,
    episodeReturn: Double = 0, remarks: [Remark] = [], action: Action? = nil,
    disturbances: [Gauge] = [], mode: String? = nil
  ) {
    self.title = title
    self.actor = actor
    self.seed = seed
    self.step = step
    self.steps = steps
    self.time = time
    self.reward = reward
    self.episodeReturn = episodeReturn
    self.remarks = remarks
    self.action = action
    self.disturbances = disturbances
    self.mode = mode
  }
}

extension Overlay.Action {
  /// Creates a labelled action from its numbers, [A], with the component names of its environment.
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
  /// Creates labelled gauges for the components of a disturbance, [D].
  public init(_ disturbance: some Sequence<Float>, of components: [DisturbanceComponent]) {
    self = zip(components, disturbance).map { component, value in
      let bound = Double(component.bound)
      return Overlay.Gauge(component.name, value: Double(value), bounds: -bound...bound)
    }
  }
}
