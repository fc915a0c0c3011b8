/// A small matrix of doubles as a value, for the design of controllers and for tests.
///
/// Products are sums in order of the inner index; nothing here is made for speed.
public struct DoubleMatrix: Sendable, Equatable {
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  /// The elements, row by row.
  public private(set) var elements: [Double]

  /// Creates a matrix from its elements, row by row.
  public init(rows: Int, columns: Int, _ elements: [Double]) {
    precondition(elements.count == rows * columns, "\(elements.count) for \(rows) × \(columns)")
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  /// Creates a matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, Array(repeating: 0, count: rows * columns))
  }

  /// Creates a square matrix with the given diagonal and zeros elsewhere.
  public init(diagonal: [Double]) {
    self.init(rows: diagonal.count, columns: diagonal.count)
    for i in diagonal.indices { self[i, i] = diagonal[i] }
  }

  /// Element in a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The matrix with rows and columns exchanged.
  public var transposed: DoubleMatrix {
    var result = DoubleMatrix(rows: columns, columns: rows)
    for i in 0..<rows {
      for j in 0..<columns { result[j, i] = self[i, j] }
    }
    return result
  }

  /// Returns the elementwise sum of two matrices of the same shape.
  public static func + (a: DoubleMatrix, b: DoubleMatrix) -> DoubleMatrix {
    precondition(a.rows == b.rows && a.columns == b.columns, "shapes differ")
    return DoubleMatrix(rows: a.rows, columns: a.columns, zip(a.elements, b.elements).map(+))
  }

  /// Returns the product of two matrices.
  public static func * (a: DoubleMatrix, b: DoubleMatrix) -> DoubleMatrix {
    precondition(a.columns == b.rows, "\(a.columns) columns times \(b.rows) rows")
    var result = DoubleMatrix(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
      for j in 0..<b.columns {
        for k in 0..<a.columns { result[i, j] += a[i, k] * b[k, j] }
      }
    }
    return result
  }
}
