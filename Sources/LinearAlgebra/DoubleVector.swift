/// A vector of double-precision numbers in contiguous memory, written many times and four at once.
///
/// It has reference semantics, as ``Vector`` has.
public final class DoubleVector {
  /// Number of elements.
  public let count: Int
  /// Pointer to the first element.
  public let base: UnsafeMutablePointer<Double>

  /// Allocates a vector of zeros.
  public init(count: Int) {
    precondition(count >= 0, "a vector of \(count)")
    self.count = count
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  /// Accesses one element; the bounds are checked in debug builds only.
  @inlinable public subscript(i: Int) -> Double {
    get {
      assert(i >= 0 && i < count)
      return base[i]
    }
    set {
      assert(i >= 0 && i < count)
      base[i] = newValue
    }
  }

  /// Accesses four elements from one on; the bounds are checked in debug builds only.
  @inlinable public subscript(fourFrom i: Int) -> SIMD4<Double> {
    get {
      assert(i >= 0 && i + 4 <= count)
      return UnsafeRawPointer(base + i).loadUnaligned(as: SIMD4<Double>.self)
    }
    set {
      assert(i >= 0 && i + 4 <= count)
      UnsafeMutableRawPointer(base + i).storeBytes(of: newValue, as: SIMD4<Double>.self)
    }
  }
}
