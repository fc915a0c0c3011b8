internal import CCairo
package import RLCore

/// Draws anti-aliased shapes into a picture, in pixels from its upper left corner, y downwards.
///
/// One Cairo context serves all frames; Cairo itself bounds its caches of glyphs and paths.
/// Coordinates must be finite; those far outside the picture are clamped to Cairo's range.
package final class Canvas {
  /// A position in the picture, in pixels.
  package typealias Pixel = (x: Double, y: Double)

  /// The picture that receives the drawing.
  package let picture: Picture
  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let regular: OpaquePointer
  private let bold: OpaquePointer

  /// Largest coordinate: Cairo stores coordinates with 24 bits before the binary point.
  private static let farthest = 1_000_000.0
  /// Height of a capital letter in Cairo's built-in font, as a fraction of the font size.
  private static let capitalHeight = 0.64

  /// Whether edges are computed only to a quarter of a pixel, which is faster for areas.
  ///
  /// Ignored for translucent lines, where it would be slower.
  package var isCoarse = false

  /// Creates a canvas that draws into a picture.
  package init(_ picture: Picture) {
    self.picture = picture
    let memory = UnsafeMutableRawPointer(picture.pixels).assumingMemoryBound(to: UInt8.self)
    // The built-in font needs no font files: the same letters on every machine.
    let family = "@cairo:"
    let options = cairo_font_options_create()
    guard
      let surface = cairo_image_surface_create_for_data(
        memory, CAIRO_FORMAT_RGB24, Int32(picture.width), Int32(picture.height),
        Int32(picture.stride)),
      let context = cairo_create(surface),
      let regular = cairo_toy_font_face_create(
        family, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL),
      let bold = cairo_toy_font_face_create(
        family, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD)
    else { preconditionFailure("Cairo returned nothing") }
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_set_font_options(context, options)
    cairo_font_options_destroy(options)
    (self.surface, self.context, self.regular, self.bold) = (surface, context, regular, bold)
  }

  deinit {
    cairo_font_face_destroy(regular)
    cairo_font_face_destroy(bold)
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Covers the whole picture with a vertical gradient from the bottom row to the top row.
  package func paint(bottom: Scene.Color, top: Scene.Color) {
    cairo_surface_flush(surface)
    let last = Double(picture.height - 1)
    for row in 0..<picture.height {
      let share = Double(row) / last
      let red = byte(top.red + (bottom.red - top.red) * share)
      let green = byte(top.green + (bottom.green - top.green) * share)
      let blue = byte(top.blue + (bottom.blue - top.blue) * share)
      (picture.pixels + row * picture.width).update(
        repeating: red << 16 | green << 8 | blue, count: picture.width)
    }
    cairo_surface_mark_dirty(surface)
  }

  private func byte(_ component: Double) -> UInt32 {
    component.isFinite ? UInt32((min(max(component, 0), 1) * 255).rounded()) : 0
  }

  /// Ends a frame: writes everything drawn so far to the picture's memory.
  package func finish() {
    cairo_surface_flush(surface)
    let status = cairo_status(context)
    precondition(
      status == CAIRO_STATUS_SUCCESS,
      "Cairo stopped drawing: \(String(cString: cairo_status_to_string(status)))")
  }

  // MARK: Paths

  /// Adds a polyline to the path.
  package func addLines(_ points: some Sequence<Pixel>, isClosed: Bool) {
    var isFirst = true
    for point in points {
      let (x, y) = (near(point.x), near(point.y))
      if isFirst { cairo_move_to(context, x, y) } else { cairo_line_to(context, x, y) }
      isFirst = false
    }
    if isClosed, !isFirst { cairo_close_path(context) }
  }

  /// Adds a circle to the path.
  package func addCircle(_ center: Pixel, radius: Double) {
    cairo_new_sub_path(context)
    cairo_arc(context, near(center.x), near(center.y), near(radius), 0, 2 * .pi)
    cairo_close_path(context)
  }

  /// Adds a rectangle with rounded corners to the path.
  package func addRectangle(
    x: Double, y: Double, width: Double, height: Double, cornerRadius: Double = 0
  ) {
    let radius = min(cornerRadius, width / 2, height / 2)
    guard radius > 0 else {
      cairo_rectangle(context, x, y, width, height)
      return
    }
    let (right, bottom) = (x + width - radius, y + height - radius)
    cairo_new_sub_path(context)
    cairo_arc(context, right, y + radius, radius, -.pi / 2, 0)
    cairo_arc(context, right, bottom, radius, 0, .pi / 2)
    cairo_arc(context, x + radius, bottom, radius, .pi / 2, .pi)
    cairo_arc(context, x + radius, y + radius, radius, .pi, 1.5 * .pi)
    cairo_close_path(context)
  }

  private func near(_ coordinate: Double) -> Double {
    min(max(coordinate, -Self.farthest), Self.farthest)
  }

  // MARK: Drawing the path

  /// Fills the path, and discards it unless it is kept for an outline.
  package func fill(_ color: Scene.Color, keepsPath: Bool = false) {
    setSource(color)
    setQuality(isCoarse: isCoarse)
    if keepsPath { cairo_fill_preserve(context) } else { cairo_fill(context) }
  }

  /// Fills the path with a vertical gradient between two rows, constant beyond them; discards the
  /// path unless it is kept.
  package func fill(
    bottom: Scene.Color, at bottomRow: Double, top: Scene.Color, at topRow: Double,
    keepsPath: Bool = false
  ) {
    // If both rows were equal, the gradient would be empty and its colour up to Cairo.
    let topRow = near(topRow)
    let bottomRow = topRow == near(bottomRow) ? topRow + 0.01 : near(bottomRow)
    let gradient = cairo_pattern_create_linear(0, topRow, 0, bottomRow)
    for (offset, color) in [(0.0, top), (1.0, bottom)] {
      cairo_pattern_add_color_stop_rgba(
        gradient, offset, color.red, color.green, color.blue, color.opacity)
    }
    cairo_set_source(context, gradient)
    cairo_pattern_destroy(gradient)
    setQuality(isCoarse: isCoarse)
    if keepsPath { cairo_fill_preserve(context) } else { cairo_fill(context) }
  }

  /// Strokes the path with round joins and ends, and discards it.
  package func stroke(_ color: Scene.Color, width: Double) {
    // Square ends of lines this thin look the same and take a fraction of the time.
    let isThin = width < 2
    cairo_set_line_cap(context, isThin ? CAIRO_LINE_CAP_SQUARE : CAIRO_LINE_CAP_ROUND)
    cairo_set_line_join(context, isThin ? CAIRO_LINE_JOIN_MITER : CAIRO_LINE_JOIN_ROUND)
    cairo_set_line_width(context, near(width))
    setSource(color)
    setQuality(isCoarse: isCoarse && color.opacity >= 1)
    cairo_stroke(context)
  }

  private func setQuality(isCoarse: Bool) {
    cairo_set_antialias(context, isCoarse ? CAIRO_ANTIALIAS_FAST : CAIRO_ANTIALIAS_DEFAULT)
  }

  /// Discards the path.
  package func dropPath() { cairo_new_path(context) }

  private func setSource(_ color: Scene.Color) {
    cairo_set_source_rgba(context, color.red, color.green, color.blue, color.opacity)
  }

  // MARK: Text

  /// Draws a line of ASCII text.
  ///
  /// - Parameters:
  ///   - text: The text; characters other than printable ASCII become question marks.
  ///   - anchor: Position on the baseline to which `alignment` refers.
  ///   - height: Height of a capital letter, in pixels.
  ///   - color: Colour of the text.
  ///   - alignment: Position of the anchor along the text.
  ///   - isBold: Whether the text is bold.
  package func draw(
    _ text: String, at anchor: Pixel, height: Double, color: Scene.Color,
    alignment: Scene.Alignment = .leading, isBold: Bool = false
  ) {
    let text = Self.printable(text)
    selectFont(height: height, isBold: isBold)
    var x = anchor.x
    switch alignment {
    case .leading: break
    case .center: x -= advance(text) / 2
    case .trailing: x -= advance(text)
    }
    setSource(color)
    cairo_move_to(context, near(x), near(anchor.y))
    cairo_show_text(context, text)
    cairo_new_path(context)
  }

  /// Draws a line of bold ASCII text that reads from bottom to top, centred on a point.
  ///
  /// - Parameters:
  ///   - text: The text; characters other than printable ASCII become question marks.
  ///   - anchor: The middle of the text's baseline, which is its right edge.
  ///   - height: Height of a capital letter, in pixels.
  ///   - color: Colour of the text.
  package func drawUpwards(
    _ text: String, at anchor: Pixel, height: Double, color: Scene.Color
  ) {
    cairo_save(context)
    cairo_translate(context, near(anchor.x), near(anchor.y))
    cairo_rotate(context, -.pi / 2)
    draw(text, at: (0, 0), height: height, color: color, alignment: .center, isBold: true)
    cairo_restore(context)
  }

  /// Returns the width of a line of text, in pixels.
  package func width(of text: String, height: Double, isBold: Bool = false) -> Double {
    selectFont(height: height, isBold: isBold)
    return advance(Self.printable(text))
  }

  private func selectFont(height: Double, isBold: Bool) {
    cairo_set_font_face(context, isBold ? bold : regular)
    // Cairo fails at letters that are too small to tell from points.
    cairo_set_font_size(context, min(max(height / Self.capitalHeight, 0.001), 4096))
  }

  private func advance(_ text: String) -> Double {
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  /// Replaces characters that the built-in font lacks; Cairo also fails at invalid UTF-8.
  private static func printable(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
    return String(
      text.map { character in
        guard let value = character.asciiValue, (0x20..<0x7F).contains(value) else { return "?" }
        return character
      })
  }
}
