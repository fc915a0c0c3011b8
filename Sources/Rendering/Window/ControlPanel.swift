/// What a window shows over a scene besides figures: a timeline, help, an announcement.
///
/// Lengths are in the points of ``Overlay``: 400 to the height of a picture, larger in narrow ones.
public struct ControlPanel: Sendable, Equatable {
  /// Where in an episode the window is.
  public struct Timeline: Sendable, Equatable {
    /// The step that is shown.
    public var step: Int
    /// The episode's last step.
    public var steps: Int
    /// Seconds from step to step.
    public var timeStep: Double
    /// Whether time runs.
    public var isPlaying: Bool

    /// Describes a timeline.
    public init(step: Int, steps: Int, timeStep: Double, isPlaying: Bool) {
      self.step = step
      self.steps = steps
      self.timeStep = timeStep
      self.isPlaying = isPlaying
    }
  }

  /// A line of help.
  public struct Line: Sendable, Equatable {
    /// The keys.
    public var keys: String
    /// What they do.
    public var meaning: String

    /// Explains keys.
    public init(_ keys: String, _ meaning: String) {
      self.keys = keys
      self.meaning = meaning
    }
  }

  /// What the mouse can meet.
  public enum Target: Sendable, Equatable {
    /// The sign for play or pause.
    case playButton
    /// The timeline, at a share of the way in 0...1.
    case timeline(Double)
  }

  /// At the lower edge.
  public var timeline: Timeline?
  /// In the middle; no panel where empty.
  public var help: [Line] = []
  /// Above the help, or in its place.
  public var headline: String?
  /// Below the help, or below the headline.
  public var footnote: String?

  /// Shows nothing.
  public init() {}

  /// What lies under a pixel of a picture of some size, if a timeline is shown.
  public static func target(x: Double, y: Double, width: Int, height: Int) -> Target? {
    let layout = TimelineLayout(width: width, height: height)
    let (x, y) = (x / layout.point, y / layout.point)
    guard y >= layout.top - TimelineLayout.reach, y <= layout.bottom + TimelineLayout.reach,
      x >= layout.left, x <= layout.right
    else { return nil }
    guard x > layout.buttonRight else { return .playButton }
    return x <= layout.trackRight + 2 * TimelineLayout.reach ? .timeline(layout.share(x)) : nil
  }

  /// The share of the way that a column of pixels stands for, however far up or down.
  public static func timelineShare(x: Double, width: Int, height: Int) -> Double {
    let layout = TimelineLayout(width: width, height: height)
    return layout.share(x / layout.point)
  }
}

/// Where the parts of a timeline lie, in points from the upper left corner.
struct TimelineLayout {
  /// How far beside its parts the mouse still meets them.
  static let reach = 5.0

  /// Pixels per point.
  let point: Double
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double

  init(width: Int, height: Int) {
    point = min(Double(height) / 400, Double(width) / 216)
    left = 10
    right = Double(width) / point - 10
    bottom = Double(height) / point - 10
    top = bottom - 24
  }

  var middle: Double { (top + bottom) / 2 }
  var buttonRight: Double { left + 28 }
  var trackLeft: Double { left + 36 }
  /// Leaves room for the time.
  var trackRight: Double { right - 98 }

  func share(_ x: Double) -> Double {
    min(max((x - trackLeft) / (trackRight - trackLeft), 0), 1)
  }
}
