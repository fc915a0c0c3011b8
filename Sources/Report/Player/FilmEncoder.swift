package import RLCore
internal import Storage

/// Encodes the scenes of an episode for the page's player.
///
/// A film is a line of JSON, a line feed and streams of numbers, all compressed by zlib.  Coordinates
/// are whole multiples of a unit of 1/2048 of the first picture's height.  Every outline is stored
/// once, as the way from point to point, and an element of a picture is a style, an outline and the
/// place of its first point, each as the difference from the same element of the picture before: a
/// landscape that stands still or moves as a whole costs next to nothing.
package struct FilmEncoder {
  /// The line of JSON.
  private struct Head: Encodable {
    var version = 1
    var frames: Int
    var styles: [FilmStyle]
    var grounds: [[String]]
    /// Length of each stream in bytes, in the order of ``Stream``.
    var streams: [Int]
    var film: Caption
  }

  /// What the player says about a film.
  package struct Caption: Encodable, Sendable {
    /// A component of an action or a disturbance.
    package struct Gauge: Encodable, Sendable {
      var name: String
      var low: Double
      var high: Double
    }

    var environment: String
    var agent: String
    var seed: String
    var end: String
    /// Number of steps of the whole episode.
    var steps: Int
    /// Steps from one picture to the next; the last one shows the end.
    var stride: Int
    /// Seconds of a step.
    var timeStep: Double
    /// Names of a discrete action's choices; empty for others.
    var choices: [String]
    var actions: [Gauge]
    var disturbances: [Gauge]
  }

  private enum Stream: Int, CaseIterable {
    case camera, counts, styles, shapes, x, y, outlines, grounds, actions, disturbances, rewards
    case returns
  }

  private var streams = Stream.allCases.map { _ in VariableNumbers() }
  private var caption: Caption
  private var frames = 0
  private var styles = Dictionary<FilmStyle, Int>()
  private var styleList: [FilmStyle] = []
  private var grounds: [[String]] = []
  private var shapes: [[Int]: Int] = [:]
  private var shapeCount = 0
  private var last: [Placed] = []
  private var lastCamera = [0, 0, 0, 0]
  private var lastNumbers: [Stream: [Int]] = [:]
  private var unit = 0.0

  private struct Placed {
    var style = 0
    var shape = 0
    var x = 0
    var y = 0
  }

  /// Creates a film without pictures.
  package init(_ caption: Caption) { self.caption = caption }

  /// Adds a picture with the numbers of the step that led to it.
  package mutating func add(
    _ scene: Scene, action: [Float], disturbance: [Float], reward: Float, totalReward: Double
  ) {
    if unit == 0 {
      let height = scene.camera.height
      unit = height > 0 && height.isFinite ? height / 2048 : 1
    }
    frames += 1
    addCamera(scene)
    let placed = scene.elements.compactMap { place($0, within: scene.camera) }
    self[.counts].append(placed.count - last.count)
    for (index, element) in placed.enumerated() {
      let before = index < last.count ? last[index] : Placed()
      self[.styles].append(element.style - before.style)
      self[.shapes].append(element.shape - before.shape)
      self[.x].append(element.x - before.x)
      self[.y].append(element.y - before.y)
    }
    last = placed
    addNumbers(action.map { Double($0) * 1e4 }, to: .actions)
    addNumbers(disturbance.map { Double($0) * 1e4 }, to: .disturbances)
    addNumbers([Double(reward) * 1e4], to: .rewards)
    addNumbers([totalReward * 100], to: .returns)
  }

  /// The film, compressed.
  func compressed() -> [UInt8] { Zlib.compress(contents) }

  /// The film: a line of JSON, a line feed and the streams.
  package var contents: [UInt8] {
    let head = Head(
      frames: frames, styles: styleList, grounds: grounds, streams: streams.map(\.bytes.count),
      film: caption)
    var bytes = Array(JSON.encode(head, isPretty: false)) + [0x0A]
    for stream in streams { bytes += stream.bytes }
    return bytes
  }

  private subscript(_ stream: Stream) -> VariableNumbers {
    get { streams[stream.rawValue] }
    _modify { yield &streams[stream.rawValue] }
  }

  private mutating func addNumbers(_ numbers: [Double], to stream: Stream) {
    let rounded = numbers.map { Self.round($0) }
    let before = lastNumbers[stream] ?? rounded.map { _ in 0 }
    for (number, last) in zip(rounded, before) { self[stream].append(number - last) }
    lastNumbers[stream] = rounded
  }

  private mutating func addCamera(_ scene: Scene) {
    let camera = scene.camera
    let numbers = [camera.center.x, camera.center.y, camera.width, camera.height].map { units($0) }
    for (number, before) in zip(numbers, lastCamera) { self[.camera].append(number - before) }
    lastCamera = numbers
    let ground = [scene.background.bottom.css, scene.background.top.css]
    let index = grounds.firstIndex(of: ground) ?? grounds.count
    if index == grounds.count { grounds.append(ground) }
    self[.grounds].append(index)
  }

  // MARK: Elements

  /// Returns an element's style, outline and place; nil if it can't be drawn or is not in sight.
  private mutating func place(_ element: Scene.Element, within camera: Scene.Camera) -> Placed? {
    let style: FilmStyle
    let points: [Scene.Point]
    var reach = 0.0
    switch element {
    case .polygon(let corners, let fill, let outline):
      guard corners.count >= 3 else { return nil }
      style = FilmStyle(
        kind: "polygon", fill: paint(fill), line: outline?.color.css, width: width(outline))
      (points, reach) = (corners, outline?.width ?? 0)
    case .circle(let center, let radius, let fill, let outline):
      guard radius > 0, radius.isFinite else { return nil }
      style = FilmStyle(
        kind: "circle", fill: paint(fill), line: outline?.color.css, width: width(outline),
        size: tenths(radius))
      (points, reach) = ([center], radius + (outline?.width ?? 0))
    case .line(let corners, let stroke):
      guard corners.count >= 2 else { return nil }
      style = FilmStyle(kind: "line", line: stroke.color.css, width: width(stroke))
      (points, reach) = (corners, stroke.width)
    case .arrow(let start, let end, let stroke):
      style = FilmStyle(kind: "arrow", line: stroke.color.css, width: width(stroke))
      (points, reach) = ([start, end], 4 * stroke.width)
    case .text(let text, let anchor, let height, let color, let alignment):
      guard height > 0, height.isFinite else { return nil }
      style = FilmStyle(
        kind: "text", line: color.css, size: tenths(height), text: text.printable,
        align: alignment.css)
      (points, reach) = ([anchor], height * Double(text.count))
    }
    guard points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
      isInSight(points, reach: reach.isFinite ? reach : 0, camera)
    else { return nil }
    return Placed(
      style: index(of: style), shape: shape(of: points), x: units(points[0].x),
      y: units(points[0].y))
  }

  private func isInSight(
    _ points: [Scene.Point], reach: Double, _ camera: Scene.Camera
  ) -> Bool {
    var (left, right, low, high) = (points[0].x, points[0].x, points[0].y, points[0].y)
    for point in points {
      (left, right) = (min(left, point.x), max(right, point.x))
      (low, high) = (min(low, point.y), max(high, point.y))
    }
    let (width, height) = (camera.width * 0.55 + reach, camera.height * 0.55 + reach)
    return right >= camera.center.x - width && left <= camera.center.x + width
      && high >= camera.center.y - height && low <= camera.center.y + height
  }

  private mutating func index(of style: FilmStyle) -> Int {
    if let index = styles[style] { return index }
    styles[style] = styleList.count
    styleList.append(style)
    return styleList.count - 1
  }

  /// Returns the number of an outline, whose points may be off by two units.
  ///
  /// What stands still has the same rounded points in every picture, and what moves as a whole has
  /// the same distances to its first point; both find the outline that was stored first.
  private mutating func shape(of points: [Scene.Point]) -> Int {
    var steps: [Int] = []
    var offsets: [Int] = []
    for (point, before) in zip(points.dropFirst(), points) {
      steps += [units(point.x) - units(before.x), units(point.y) - units(before.y)]
      offsets += [units(point.x - points[0].x), units(point.y - points[0].y)]
    }
    // The two kinds of keys differ in their first number.
    let (fixed, moving) = ([0] + steps, [1] + offsets)
    if let known = shapes[fixed] ?? shapes[moving] { return known }
    (shapes[fixed], shapes[moving]) = (shapeCount, shapeCount)
    self[.outlines].append(points.count)
    for step in steps { self[.outlines].append(step) }
    shapeCount += 1
    return shapeCount - 1
  }

  private func paint(_ fill: Scene.Fill?) -> FilmStyle.Paint? {
    switch fill {
    case .color(let color): FilmStyle.Paint(color: color.css)
    case .gradient(let bottom, let bottomHeight, let top, let topHeight):
      bottomHeight.isFinite && topHeight.isFinite
        ? FilmStyle.Paint(
          color: bottom.css, height: units(bottomHeight), top: top.css, topHeight: units(topHeight))
        : nil
    case nil: nil
    }
  }

  private func width(_ stroke: Scene.Stroke?) -> Int { tenths(stroke?.width ?? 0) }

  private func units(_ value: Double) -> Int { Self.round(value / unit) }

  /// Returns a length in tenths of a unit.
  private func tenths(_ length: Double) -> Int { max(Self.round(length / unit * 10), 0) }

  /// Returns a number rounded, within what the player's numbers hold exactly; 0 for NaN.
  private static func round(_ value: Double) -> Int {
    value.isNaN ? 0 : Int(min(max(value, -1e12), 1e12).rounded())
  }
}

/// The look of a film's element.
struct FilmStyle: Hashable, Encodable {
  /// The inside of an area: a colour, or a gradient between two heights.
  struct Paint: Hashable, Encodable {
    var color: String
    var height: Int?
    var top: String?
    var topHeight: Int?
  }

  var kind: String
  var fill: Paint?
  /// Colour of the line or text.
  var line: String?
  /// Width of the line, in tenths of a unit.
  var width: Int?
  /// Radius or height of capitals, in tenths of a unit.
  var size: Int?
  var text: String?
  var align: String?
}

/// Whole numbers in few bytes: seven bits per byte, the lowest first, with the sign in the last bit.
struct VariableNumbers {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: Int) {
    var rest = UInt64(bitPattern: Int64(number << 1 ^ number >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension Scene.Color {
  /// The colour as in style sheets.
  var css: String {
    func byte(_ component: Double) -> UInt32 {
      UInt32((component.isFinite ? min(max(component, 0), 1) : 0) * 255 + 0.5)
    }
    let digits = [red, green, blue, opacity].map { component in
      let text = String(byte(component), radix: 16)
      return text.count < 2 ? "0\(text)" : text
    }
    return "#" + digits.dropLast(opacity >= 1 ? 1 : 0).joined()
  }
}

extension Scene.Alignment {
  fileprivate var css: String {
    switch self {
    case .leading: "left"
    case .center: "center"
    case .trailing: "right"
    }
  }
}
