/// A palette of up to 255 colours that approximates a picture, and one transparent index.
///
/// Boxes of colours are split in the order of the squared error that a split removes; the means of
/// the boxes are then refined by Lloyd's algorithm.  There is no dithering: its noise would flicker
/// and compress badly.
final class GIFPalette {
  /// Index that leaves a pixel unchanged.
  static let transparent: UInt8 = 255
  private static let size = 255
  /// Mean squared error above which errors are visible in flat areas.
  private static let tolerance = 6.0

  /// Colours as 0xRRGGBB, [256]; the last one is never shown.
  let colors: [UInt32]
  private let entries: [SIMD4<Int32>]
  /// Squared error per pixel of the picture for which the palette was made.
  private var ownError: Double?
  /// Cache of the nearest entries, by colour.
  private var known: [UInt32: (index: UInt8, error: Int32)] = [:]

  fileprivate struct Sample {
    var color: SIMD4<Int32>
    var count: Double
  }

  /// Chooses the colours for a picture.
  init(_ picture: Picture) {
    var counts: [UInt32: Int] = [:]
    for i in 0..<picture.width * picture.height {
      counts[picture.pixels[i] & 0xFF_FFFF, default: 0] += 1
    }
    // Sorted, because the order of a dictionary differs between processes.
    let samples = counts.sorted { $0.key < $1.key }.map {
      Sample(color: Self.components($0.key), count: Double($0.value))
    }
    entries = Self.refine(Self.split(samples), samples)
    let shown = entries.map { UInt32($0.x) << 16 | UInt32($0.y) << 8 | UInt32($0.z) }
    colors = shown + Array(repeating: 0, count: 256 - shown.count)
  }

  /// Writes the index of the nearest colour for each pixel.
  ///
  /// - Returns: Whether the palette fits the picture well enough.
  func index(_ picture: Picture, into indices: inout [UInt8]) -> Bool {
    if known.count > 100_000 { known.removeAll(keepingCapacity: true) }
    var total = 0
    var (lastColor, last) = (UInt32.max, (index: UInt8(0), error: Int32(0)))
    for i in 0..<picture.width * picture.height {
      let color = picture.pixels[i] & 0xFF_FFFF
      if color != lastColor { (lastColor, last) = (color, nearest(color)) }
      indices[i] = last.index
      total += Int(last.error)
    }
    let error = Double(total) / Double(picture.width * picture.height)
    guard let ownError else {
      self.ownError = error
      return true
    }
    return error <= max(2 * ownError, Self.tolerance)
  }

  private func nearest(_ color: UInt32) -> (index: UInt8, error: Int32) {
    if let found = known[color] { return found }
    let found = Self.nearest(Self.components(color), of: entries)
    let result = (index: UInt8(found.index), error: found.error)
    known[color] = result
    return result
  }

  private static func nearest(
    _ color: SIMD4<Int32>, of entries: [SIMD4<Int32>]
  ) -> (index: Int, error: Int32) {
    var best = (index: 0, error: Int32.max)
    for (index, entry) in entries.enumerated() {
      let difference = color &- entry
      let error = (difference &* difference).wrappedSum()
      if error < best.error { best = (index, error) }
    }
    return best
  }

  private static func components(_ color: UInt32) -> SIMD4<Int32> {
    SIMD4(Int32(color >> 16), Int32(color >> 8 & 255), Int32(color & 255), 0)
  }

  // MARK: Choosing colours

  /// A box of neighbouring colours and the gain of its best split.
  private struct Box {
    var samples: ArraySlice<Sample>
    /// Squared error removed by the best split.
    var gain = 0.0
    var axis = 0
    var cut = 0

    init(_ samples: ArraySlice<Sample>) {
      self.samples = samples
      for axis in 0..<3 { findCut(along: axis) }
    }

    private mutating func findCut(along axis: Int) {
      let sorted = samples.sorted { $0.color[axis] < $1.color[axis] }
      let total = sorted.reduce(SIMD4<Double>()) { $0 + $1.weighted }
      var left = SIMD4<Double>()
      for index in sorted.indices.dropLast() {
        left += sorted[index].weighted
        guard sorted[index].color[axis] != sorted[index + 1].color[axis] else { continue }
        // A split removes the sum over both parts of n · mean², minus that of the whole.
        let gain =
          Self.squaredMean(left) + Self.squaredMean(total - left) - Self.squaredMean(total)
        if gain > self.gain { (self.gain, self.axis, cut) = (gain, axis, index + 1) }
      }
    }

    /// Returns n · mean² for a sum of colours whose last lane holds the count n.
    private static func squaredMean(_ sum: SIMD4<Double>) -> Double {
      (sum.x * sum.x + sum.y * sum.y + sum.z * sum.z) / sum.w
    }

    func halves() -> (Box, Box) {
      let sorted = samples.sorted { $0.color[axis] < $1.color[axis] }
      return (Box(sorted[..<cut]), Box(sorted[cut...]))
    }

    var mean: SIMD4<Int32> { Sample.mean(of: samples.reduce(SIMD4()) { $0 + $1.weighted }) }
  }

  private static func split(_ samples: [Sample]) -> [SIMD4<Int32>] {
    var boxes = [Box(samples[...])]
    while boxes.count < size {
      guard let widest = boxes.indices.max(by: { boxes[$0].gain < boxes[$1].gain }),
        boxes[widest].gain > 0
      else { break }
      let (first, second) = boxes[widest].halves()
      boxes[widest] = first
      boxes.append(second)
    }
    return boxes.map(\.mean)
  }

  /// Refines colours by two rounds of Lloyd's algorithm.
  private static func refine(
    _ entries: [SIMD4<Int32>], _ samples: [Sample]
  ) -> [SIMD4<Int32>] {
    var entries = entries
    for _ in 0..<2 {
      var sums = [SIMD4<Double>](repeating: SIMD4(), count: entries.count)
      for sample in samples { sums[nearest(sample.color, of: entries).index] += sample.weighted }
      for (index, sum) in sums.enumerated() where sum.w > 0 {
        entries[index] = Sample.mean(of: sum)
      }
    }
    return entries
  }
}

extension GIFPalette.Sample {
  /// The colour multiplied by its count, with the count in the last lane.
  fileprivate var weighted: SIMD4<Double> {
    var sum = SIMD4<Double>(color) * count
    sum.w = count
    return sum
  }

  fileprivate static func mean(of sum: SIMD4<Double>) -> SIMD4<Int32> {
    var mean = SIMD4<Int32>((sum / sum.w).rounded(.toNearestOrAwayFromZero))
    mean.w = 0
    return mean
  }
}
