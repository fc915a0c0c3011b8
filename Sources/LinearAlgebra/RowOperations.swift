internal import CKernels

/// Prefetches numbers that will be read soon, so that the latencies of several rows overlap.
package func prefetch(_ first: UnsafePointer<Float>, count: Int) { ck_prefetch(first, count) }

extension Matrix {
  /// Copies all columns of another matrix's first `rows` rows to the columns from `first` on.
  package func setColumns(from first: Int, to source: Matrix, rows: Int) {
    precondition(
      first >= 0 && first + source.columns <= columns && rows >= 0 && rows <= source.rows
        && rows <= self.rows,
      "\(rows) × \(source.columns) at column \(first) of \(self.rows) × \(columns)")
    let width = source.columns
    for i in 0..<rows {
      (base + i * stride + first).update(from: source.base + i * source.stride, count: width)
    }
  }

  /// Copies all columns of one row of another matrix to a row's columns from `first` on.
  package func setColumns(from first: Int, ofRow i: Int, to source: Matrix, row j: Int) {
    precondition(
      first >= 0 && first + source.columns <= columns && i >= 0 && i < rows && j >= 0
        && j < source.rows,
      "row \(j) of \(source.rows) × \(source.columns) to row \(i), column \(first) of "
        + "\(rows) × \(columns)")
    (base + i * stride + first).update(from: source.base + j * source.stride, count: source.columns)
  }

  /// Writes the mean of each of the first `rows` rows, summed from the first column on.
  package func writeMeans(ofRows rows: Int, to means: Vector) {
    precondition(rows >= 0 && rows <= self.rows && rows <= means.count)
    let share = 1 / Float(columns)
    for i in 0..<rows {
      let row = base + i * stride
      var mean: Float = 0
      for j in 0..<columns { mean += share * row[j] }
      means.base[i] = mean
    }
  }
}
