internal import Glibc
internal import RLCore

/// The pose of a body, which maps points of its frame to points of the world.
struct Placement {
  var x: Double
  var y: Double
  /// Angle of the body, counter-clockwise, in rad.
  var angle = 0.0

  func callAsFunction(_ x: Double, _ y: Double) -> Scene.Point {
    let (sine, cosine) = (sin(angle), cos(angle))
    return Scene.Point(self.x + cosine * x - sine * y, self.y + sine * x + cosine * y)
  }
}

/// The shapes used in scenes; lengths in world units, angles in rad.
extension Scene {
  /// Adds a box with rounded corners, centred on a point of a body's frame.
  mutating func addBox(
    _ body: Placement, x: Double = 0, y: Double = 0, width: Double, height: Double,
    corner: Double, fill: Fill, outline: Stroke? = nil
  ) {
    let (a, b) = (width / 2 - corner, height / 2 - corner)
    let corners = [(a, b, 0.0), (-a, b, 0.5), (-a, -b, 1), (a, -b, 1.5)]
    let points = corners.flatMap { cornerX, cornerY, turn in
      (0...4).map { step in
        let angle = (turn + Double(step) / 8) * Double.pi
        return body(x + cornerX + corner * cos(angle), y + cornerY + corner * sin(angle))
      }
    }
    elements.append(.polygon(points, fill: fill, outline: outline))
  }

  /// Adds an ellipse, centred on a point of a body's frame.
  mutating func addEllipse(
    _ body: Placement, x: Double = 0, y: Double = 0, width: Double, height: Double, fill: Fill,
    outline: Stroke? = nil
  ) {
    let points = (0..<24).map {
      let angle = Double($0) / 12 * Double.pi
      return body(x + width / 2 * cos(angle), y + height / 2 * sin(angle))
    }
    elements.append(.polygon(points, fill: fill, outline: outline))
  }

  /// Adds a spoked wheel.
  mutating func addWheel(at center: Point, radius: Double, angle: Double) {
    elements.append(.circle(center: center, radius: radius, fill: .color(Palette.ink)))
    elements.append(.circle(center: center, radius: radius * 0.62, fill: .color(Palette.mist)))
    let wheel = Placement(x: center.x, y: center.y, angle: angle)
    for (x, y) in [(0.6, 0.0), (0, 0.6)] {
      let (x, y) = (x * radius, y * radius)
      elements.append(
        .line([wheel(-x, -y), wheel(x, y)], Stroke(Palette.ink, width: radius * 0.16)))
    }
  }

  /// Adds a hinge: a ring with a bright centre.
  mutating func addHinge(at center: Point, radius: Double) {
    elements.append(.circle(center: center, radius: radius, fill: .color(Palette.ink)))
    elements.append(.circle(center: center, radius: radius * 0.5, fill: .color(Palette.paper)))
  }

  /// Adds an arrow, unless it is too short to have a direction.
  mutating func addArrow(from start: Point, x: Double, y: Double, color: Color, width: Double) {
    guard hypot(x, y) > width / 4 else { return }
    elements.append(
      .arrow(from: start, to: Point(start.x + x, start.y + y), Stroke(color, width: width)))
  }

  /// Adds an external push, as an arrow that ends at the point where it acts.
  ///
  /// - Parameters:
  ///   - target: Point at which the push acts.
  ///   - x: Component to the right, as a fraction of the largest push.
  ///   - y: Upward component, as a fraction of the largest push.
  ///   - length: Length of the arrow for the largest push.
  mutating func addPush(at target: Point, x: Double, y: Double, length: Double) {
    let start = Point(target.x - x * length, target.y - y * length)
    addArrow(
      from: start, x: x * length, y: y * length, color: Palette.disturbance, width: length * 0.07)
  }

  /// Adds an arrow along a circle, counter-clockwise if it sweeps a positive angle.
  mutating func addArcArrow(
    center: Point, radius: Double, start: Double, sweep: Double, stroke: Stroke
  ) {
    guard abs(sweep) > 0.01 else { return }
    let steps = 24
    let points = (0...steps).map {
      let angle = start + sweep * Double($0) / Double(steps)
      return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
    }
    elements.append(.line(points, stroke))
    let tip = Placement(
      x: points[steps].x, y: points[steps].y,
      angle: start + sweep + (sweep > 0 ? 0.5 : -0.5) * Double.pi)
    let size = min(2.2 * stroke.width, 0.6 * radius * abs(sweep))
    elements.append(
      .polygon(
        [tip(1.2 * size, 0), tip(-0.2 * size, 0.8 * size), tip(-0.2 * size, -0.8 * size)],
        fill: .color(stroke.color)))
  }

  /// Adds a pennant on a pole.
  mutating func addFlag(at foot: Point, height: Double, color: Color) {
    let pole = addPole(at: foot, height: height)
    elements.append(
      .polygon(
        [pole(0, height), pole(0.5 * height, 0.82 * height), pole(0, 0.64 * height)],
        fill: .color(color)))
  }

  /// Adds a chequered flag on a pole.
  mutating func addFinishFlag(at foot: Point, height: Double) {
    let pole = addPole(at: foot, height: height)
    let side = 0.12 * height
    for row in 0..<3 {
      for column in 0..<5 {
        let x = Double(column) * side
        let y = height - Double(row) * side
        elements.append(
          .polygon(
            [pole(x, y), pole(x + side, y), pole(x + side, y - side), pole(x, y - side)],
            fill: .color((row + column) % 2 == 0 ? Palette.ink : Palette.paper)))
      }
    }
  }

  private mutating func addPole(at foot: Point, height: Double) -> Placement {
    let pole = Placement(x: foot.x, y: foot.y)
    elements.append(.line([foot, pole(0, height)], Stroke(Palette.ink, width: height * 0.035)))
    elements.append(
      .circle(center: pole(0, height), radius: height * 0.035, fill: .color(Palette.amber)))
    return pole
  }
}
