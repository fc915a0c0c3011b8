extension Scene {
  /// Returns the seven corners of an arrow, whose head is proportional to the width of its shaft.
  ///
  /// - Parameters:
  ///   - start: Where the arrow begins.
  ///   - end: Its point.
  ///   - width: Width of its shaft.
  /// - Returns: The corners of a closed polygon; none if the arrow has no length or width, or a
  ///   number is not finite.
  package static func arrow(from start: Point, to end: Point, width: Double) -> [Point] {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard start.x.isFinite, start.y.isFinite, length > 0, length.isFinite, width > 0,
      width.isFinite
    else { return [] }
    // A short arrow is only a smaller head; its shaft has no length and thus no area.
    let headLength = min(4 * width, length)
    let headSide = headLength / 2
    let (along, across) = ((x: dx / length, y: dy / length), (x: -dy / length, y: dx / length))
    let shaft = length - headLength
    let side = width / 2
    return [
      (0, side), (shaft, side), (shaft, headSide), (length, 0), (shaft, -headSide), (shaft, -side),
      (0, -side),
    ].map { (forward: Double, left: Double) in
      Point(
        start.x + along.x * forward + across.x * left, start.y + along.y * forward + across.y * left
      )
    }
  }
}
