/// What to draw of an environment, as data in world units; no renderer knows an environment.
///
/// Lengths are in the environment's own unit, x to the right and y upwards.  Elements are painted
/// in order, later ones over earlier ones.
public struct Scene: Sendable, Equatable {
  /// A point or an offset, in world units.
  public struct Point: Sendable, Equatable {
    /// Rightwards.
    public var x: Double
    /// Upwards.
    public var y: Double

    /// Names the coordinates.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A colour with opacity, in sRGB, each component in 0...1 and not multiplied by the opacity.
  public struct Color: Sendable, Equatable {
    /// Red.
    public var red: Double
    /// Green.
    public var green: Double
    /// Blue.
    public var blue: Double
    /// 1 is opaque, 0 invisible.
    public var opacity: Double

    /// Reads a colour as it is written in style sheets: `0xRRGGBB`.
    public init(_ hex: UInt32, opacity: Double = 1) {
      red = Double(hex >> 16 & 255) / 255
      green = Double(hex >> 8 & 255) / 255
      blue = Double(hex & 255) / 255
      self.opacity = opacity
    }
  }

  /// What an area is filled with.
  public enum Fill: Sendable, Equatable {
    /// One colour.
    case color(Color)
    /// A vertical gradient between two heights in world units, constant beyond them.
    case gradient(bottom: Color, bottomHeight: Double, top: Color, topHeight: Double)
  }

  /// A line's looks.
  public struct Stroke: Sendable, Equatable {
    /// Its colour.
    public var color: Color
    /// Its width, in world units.
    public var width: Double

    /// Describes a line.
    public init(_ color: Color, width: Double) {
      self.color = color
      self.width = width
    }
  }

  /// Where a text's anchor point lies on its baseline.
  public enum Alignment: Sendable, Equatable {
    /// The text begins at the point.
    case leading
    /// The text is centred on the point.
    case center
    /// The text ends at the point.
    case trailing
  }

  /// One thing to draw.
  public enum Element: Sendable, Equatable {
    /// A closed polygon, filled, outlined or both.
    case polygon([Point], fill: Fill?, outline: Stroke? = nil)
    /// A circle, filled, outlined or both.
    case circle(center: Point, radius: Double, fill: Fill?, outline: Stroke? = nil)
    /// An open line through points, with round joins and ends.
    case line([Point], Stroke)
    /// A straight arrow with a head in proportion to its width; nothing if it has no length.
    case arrow(from: Point, to: Point, Stroke)
    /// A line of ASCII text, upright, of a given height of capitals in world units.
    case text(String, at: Point, height: Double, color: Color, alignment: Alignment = .leading)
  }

  /// The part of the world to show.
  public struct Camera: Sendable, Equatable {
    /// What is in the middle of the picture.
    public var center: Point
    /// Width that must be visible, in world units.
    public var width: Double
    /// Height that must be visible, in world units.
    public var height: Double

    /// Points the camera.
    public init(center: Point, width: Double, height: Double) {
      self.center = center
      self.width = width
      self.height = height
    }
  }

  /// The part of the world to show; pictures of another shape show more of it, never less.
  public var camera: Camera
  /// What is behind everything, a gradient from the picture's lower to its upper edge.
  public var background: (bottom: Color, top: Color)
  /// What to draw, back to front.
  public var elements: [Element]

  /// Starts a scene.
  public init(camera: Camera, background: (bottom: Color, top: Color), elements: [Element] = []) {
    self.camera = camera
    self.background = background
    self.elements = elements
  }

  /// No picture: what an environment shows that draws nothing.
  public static let empty = Scene(
    camera: .init(center: .init(0, 0), width: 1, height: 1),
    background: (bottom: .init(0xFFFFFF), top: .init(0xFFFFFF)))

  /// Whether there is nothing to draw.
  public var isEmpty: Bool { elements.isEmpty }

  /// Compares all that is drawn.
  public static func == (first: Scene, second: Scene) -> Bool {
    first.camera == second.camera && first.background == second.background
      && first.elements == second.elements
  }
}
