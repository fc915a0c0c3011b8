/// The controls that a window shows over a scene: a timeline, help and an announcement.
///
/// Lengths are in points as for ``Overlay``: a picture is 400 points high, more if it is narrow.
public struct ControlPanel: Sendable, Equatable {
  /// The position of a window within an episode.
  public struct Timeline: Sendable, Equatable {
    /// Step that is currently shown.
    public var step: Int
    /// Last step of the episode.
    public var steps: Int
    /// Time from one step to the next, in seconds.
    public var timeStep: Double
    /// Whether the episode is playing, rather than paused.
    public var isPlaying: Bool

    /// Creates a timeline.
    public init(step: Int, steps: Int, timeStep: Double, isPlaying: Bool) {
      self.step = step
      self.steps = steps
      self.timeStep = timeStep
      self.isPlaying = isPlaying
    }
  }

  /// A line of help.
  public struct Line: Sendable, Equatable {
    /// Keys that the line explains.
    public var keys: String
    /// Effect of the keys.
    public var meaning: String

    /// Creates a line of help.
    public init(_ keys: String, _ meaning: String) {
      self.keys = keys
      self.meaning = meaning
    }
  }

  /// A part of the panel that reacts to the mouse.
  public enum Target: Sendable, Equatable {
    /// The button that plays or pauses.
    case playButton
    /// The timeline, at a fraction of its length in 0...1.
    case timeline(Double)
  }

  /// Timeline at the lower edge; nil for none.
  public var timeline: Timeline?
  /// Lines of help in the middle; empty for none.
  public var help: [Line] = []
  /// Headline above the help, or in its place; nil for none.
  public var headline: String?
  /// Footnote below the help or the headline; nil for none.
  public var footnote: String?

  /// Creates an empty panel.
  public init() {}

  /// Returns the part of a timeline under a pixel of a picture of this size; nil if none.
  public static func target(x: Double, y: Double, width: Int, height: Int) -> Target? {
    let layout = TimelineLayout(width: width, height: height)
    let (x, y) = (x / layout.point, y / layout.point)
    guard y >= layout.top - TimelineLayout.reach, y <= layout.bottom + TimelineLayout.reach,
      x >= layout.left, x <= layout.right
    else { return nil }
    guard x > layout.buttonRight else { return .playButton }
    return x <= layout.trackRight + 2 * TimelineLayout.reach ? .timeline(layout.share(x)) : nil
  }

  /// Returns the fraction of the timeline, in 0...1, at a column of pixels, at any height.
  public static func timelineShare(x: Double, width: Int, height: Int) -> Double {
    let layout = TimelineLayout(width: width, height: height)
    return layout.share(x / layout.point)
  }
}

/// The positions of a timeline's parts, in points from the upper left corner.
struct TimelineLayout {
  /// Distance from the parts within which the mouse still hits them, in points.
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
  /// Right end of the track, which leaves room for the time.
  var trackRight: Double { right - 98 }

  func share(_ x: Double) -> Double {
    min(max((x - trackLeft) / (trackRight - trackLeft), 0), 1)
  }
}
