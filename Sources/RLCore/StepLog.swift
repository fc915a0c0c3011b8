internal import LinearAlgebra

/// What was asked for in the running episodes of N slots: W numbers in each of at most L steps.
///
/// Slots that are stepped together write side by side: a step writes whole cache lines, not one line
/// for each slot.
final class StepLog {
  private let count: Int
  private let capacity: Int
  let width: Int
  /// The numbers, [L × N × W]; the rows of a slot are a ring, as all slots step at the same time and
  /// begin their episodes at different ones.
  private let numbers: UnsafeMutablePointer<Float>
  /// Row of the first step of each slot's episode, [N].
  private let first: UnsafeMutablePointer<Int32>

  init(count: Int, steps: Int, width: Int) {
    (self.count, capacity, self.width) = (count, steps, width)
    numbers = .allocate(capacity: steps * count * width)
    first = .allocate(capacity: count)
    first.initialize(repeating: 0, count: count)
  }

  deinit {
    numbers.deallocate()
    first.deallocate()
  }

  /// Begins an episode in a slot, after one of a given length.
  func begin(_ i: Int, after length: Int) { first[i] = Int32(row(length, of: i)) }

  /// Writes the next step of each slot of a range.
  ///
  /// - Parameters:
  ///   - range: Slots that step.
  ///   - rows: What is asked for, [N × W].
  ///   - lengths: Numbers of steps that the episodes have had, [N], all below L.
  func append(
    _ range: Range<Int>, of rows: Matrix, lengths: UnsafeMutablePointer<Int32>
  ) {
    precondition(rows.rows == count && rows.columns == width)
    let (numbers, first, count, width) = (numbers, first, count, width)
    let (base, stride, capacity) = (rows.base, rows.stride, Int32(capacity))
    // Loops, since a call to copy a few numbers costs 3 ns.
    for j in 0..<width {
      for i in range {
        let row = first[i] &+ lengths[i]
        let wrapped = Int(row < capacity ? row : row &- capacity)
        numbers[(wrapped &* count &+ i) &* width &+ j] = base[i &* stride &+ j]
      }
    }
  }

  /// Returns the first steps of a slot's episode, [steps × W].
  func steps(_ steps: Int, of i: Int) -> [Float] {
    (0..<steps).flatMap {
      UnsafeBufferPointer(start: numbers + (row($0, of: i) * count + i) * width, count: width)
    }
  }

  /// Returns the row of a step of a slot's episode.
  private func row(_ step: Int, of i: Int) -> Int { (Int(first[i]) + step) % capacity }
}
