internal import Glibc

/// A matrix of single-precision numbers in aligned memory, stored by rows.
///
/// It has reference semantics: a matrix is allocated once and written many times.  Rows start at
/// multiples of 16 floats (64 bytes), so `stride >= columns`; the padding is zero and kernels keep
/// it zero.
public final class Matrix {
  /// Number of rows.
  public let rows: Int
  /// Number of columns in use.
  public let columns: Int
  /// Distance between the starts of two rows, in floats: `columns` rounded up to a multiple of 16.
  public let stride: Int
  /// Pointer to the first element, aligned to 64 bytes.
  public let base: UnsafeMutablePointer<Float>
  /// Keeps the memory alive if this matrix is a view of another buffer.
  let owner: AnyObject?

  /// Allocates a matrix of zeros.
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    stride = Matrix.paddedColumns(columns)
    base = allocateFloats(rows * stride)
    owner = nil
  }

  /// Creates a view of `rows` padded rows of a vector, from `offset` on, without copying.
  ///
  /// The offset is a number of floats and must be a multiple of 16.
  public init(viewing vector: Vector, offset: Int, rows: Int, columns: Int) {
    stride = Matrix.paddedColumns(columns)
    precondition(
      offset % 16 == 0 && offset >= 0 && offset + rows * stride <= vector.count,
      "a view of \(rows) × \(columns) at \(offset) in \(vector.count) floats")
    self.rows = rows
    self.columns = columns
    base = vector.base + offset
    owner = vector
  }

  deinit { if owner == nil { free(base) } }

  /// Returns the stride of a matrix with this number of columns.
  public static func paddedColumns(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }

  /// Accesses one element; the bounds are checked in debug builds only.
  @inlinable public subscript(row: Int, column: Int) -> Float {
    get {
      assert(row >= 0 && row < rows && column >= 0 && column < columns)
      return base[row * stride + column]
    }
    set {
      assert(row >= 0 && row < rows && column >= 0 && column < columns)
      base[row * stride + column] = newValue
    }
  }

  /// Returns a row, for reading.
  @inlinable public func row(_ i: Int) -> UnsafeBufferPointer<Float> {
    precondition(i >= 0 && i < rows)
    return UnsafeBufferPointer(start: base + i * stride, count: columns)
  }

  /// Returns a row, for writing.
  @inlinable public func mutableRow(_ i: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(i >= 0 && i < rows)
    return UnsafeMutableBufferPointer(start: base + i * stride, count: columns)
  }

  /// Sets every element to a value; the padding stays zero.
  public func fill(_ value: Float) {
    for i in 0..<rows { mutableRow(i).update(repeating: value) }
  }

  /// Copies one row of another matrix of the same width.
  @inlinable public func copyRow(_ i: Int, from other: Matrix, row j: Int) {
    precondition(columns == other.columns && i >= 0 && i < rows && j >= 0 && j < other.rows)
    (base + i * stride).update(from: other.base + j * other.stride, count: columns)
  }

  /// Copies all elements of a matrix of the same shape.
  public func copy(from other: Matrix) {
    precondition(rows == other.rows && columns == other.columns)
    base.update(from: other.base, count: rows * stride)
  }
}

/// A vector of single-precision numbers in contiguous, aligned memory.
public final class Vector {
  /// Number of elements.
  public let count: Int
  /// Pointer to the first element, aligned to 64 bytes.
  public let base: UnsafeMutablePointer<Float>

  /// Allocates a vector of zeros.
  public init(count: Int) {
    precondition(count >= 0, "a vector of \(count)")
    self.count = count
    base = allocateFloats(count)
  }

  deinit { free(base) }

  /// Accesses one element; the bounds are checked in debug builds only.
  @inlinable public subscript(i: Int) -> Float {
    get {
      assert(i >= 0 && i < count)
      return base[i]
    }
    set {
      assert(i >= 0 && i < count)
      base[i] = newValue
    }
  }

  /// Sets every element to a value.
  public func fill(_ value: Float) { base.update(repeating: value, count: count) }

  /// Copies all elements of a vector of the same length.
  public func copy(from other: Vector) {
    precondition(count == other.count)
    base.update(from: other.base, count: count)
  }

  /// The elements as a new array, for files and tests.
  public var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
