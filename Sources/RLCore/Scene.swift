/// The picture of an environment as data in world units, independent of any renderer.
///
/// Lengths are in the environment's own unit, x to the right and y upwards.  Elements are painted
/// in order, later ones over earlier ones.
public struct Scene: Sendable, Equatable {
  /// A point or an offset, in world units.
  public struct Point: Sendable, Equatable {
    /// Horizontal coordinate, to the right.
    public var x: Double
    /// Vertical coordinate, upwards.
    public var y: Double

    /// Creates a point.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A colour with opacity, in sRGB, each component in 0...1 and not multiplied by the opacity.
  public struct Color: Sendable, Equatable {
    /// Red component.
    public var red: Double
    /// Green component.
    public var green: Double
    /// Blue component.
    public var blue: Double
    /// Opacity, from 0 (invisible) to 1 (opaque).
    public var opacity: Double

    /// Creates a colour from `0xRRGGBB`, as in style sheets.
    public init(_ hex: UInt32, opacity: Double = 1) {
      red = Double(hex >> 16 & 255) / 255
      green = Double(hex >> 8 & 255) / 255
      blue = Double(hex & 255) / 255
      self.opacity = opacity
    }
  }

  /// The fill of an area.
  public enum Fill: Sendable, Equatable {
    /// A single colour.
    case color(Color)
    /// A vertical gradient between two heights in world units, constant beyond them.
    case gradient(bottom: Color, bottomHeight: Double, top: Color, topHeight: Double)
  }

  /// The appearance of a line.
  public struct Stroke: Sendable, Equatable {
    /// Colour of the line.
    public var color: Color
    /// Width of the line, in world units.
    public var width: Double

    /// Creates a stroke.
    public init(_ color: Color, width: Double) {
      self.color = color
      self.width = width
    }
  }

  /// The position of a text's anchor point along its baseline.
  public enum Alignment: Sendable, Equatable {
    /// The text begins at the point.
    case leading
    /// The text is centred on the point.
    case center
    /// The text ends at the point.
    case trailing
  }

  /// One element of a picture.
  public enum Element: Sendable, Equatable {
    /// A closed polygon, filled, outlined or both.
    case polygon([Point], fill: Fill?, outline: Stroke? = nil)
    /// A circle, filled, outlined or both.
    case circle(center: Point, radius: Double, fill: Fill?, outline: Stroke? = nil)
    /// An open line through points, with round joins and ends.
    case line([Point], Stroke)
    /// A straight arrow with a head in proportion to its width; invisible if it has no length.
    case arrow(from: Point, to: Point, Stroke)
    /// A line of upright ASCII text, with the height of its capitals in world units.
    case text(String, at: Point, height: Double, color: Color, alignment: Alignment = .leading)
  }

  /// The part of the world to show.
  public struct Camera: Sendable, Equatable {
    /// Point in the middle of the picture.
    public var center: Point
    /// Width that must be visible, in world units.
    public var width: Double
    /// Height that must be visible, in world units.
    public var height: Double

    /// Creates a camera.
    public init(center: Point, width: Double, height: Double) {
      self.center = center
      self.width = width
      self.height = height
    }
  }

  /// Part of the world to show; pictures with another aspect ratio show more of it, never less.
  public var camera: Camera
  /// Background, a gradient from the bottom to the top edge of the picture.
  public var background: (bottom: Color, top: Color)
  /// Elements of the picture, back to front.
  public var elements: [Element]

  /// Creates a scene.
  public init(camera: Camera, background: (bottom: Color, top: Color), elements: [Element] = []) {
    self.camera = camera
    self.background = background
    self.elements = elements
  }

  /// An empty scene, for environments without a picture.
  public static let empty = Scene(
    camera: .init(center: .init(0, 0), width: 1, height: 1),
    background: (bottom: .init(0xFFFFFF), top: .init(0xFFFFFF)))

  /// Whether there is nothing to draw.
  public var isEmpty: Bool { elements.isEmpty }

  /// Compares everything that is drawn.
  public static func == (first: Scene, second: Scene) -> Bool {
    first.camera == second.camera && first.background == second.background
      && first.elements == second.elements
  }
}
