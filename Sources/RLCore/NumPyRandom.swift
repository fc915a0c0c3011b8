/// NumPy's default generator, bit for bit: SeedSequence → PCG64 → Generator.
///
/// `NumPyRandom(seed: k)` draws the same numbers as `numpy.random.default_rng(k)`, which is what
/// Gymnasium's `reset(seed=k)` seeds its environments with.
///
/// - Source: NumPy 2.4 `bit_generator.pyx`, `pcg64.h`, `distributions.c`; O'Neill 2014.
public struct NumPyRandom: Sendable, Equatable {
  private var state: UInt128
  private var increment: UInt128
  private var bufferedHalf: UInt32
  private var hasBufferedHalf: Bool

  private static let multiplier: UInt128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645

  /// Creates a generator seeded through SeedSequence with one non-negative integer.
  public init(seed: UInt64) {
    let words = SeedSequence(entropy: seed).generate()
    let initial = UInt128(words.0) << 64 | UInt128(words.1)
    increment = (UInt128(words.2) << 64 | UInt128(words.3)) << 1 | 1
    state = 0
    bufferedHalf = 0
    hasBufferedHalf = false
    advance()
    state &+= initial
    advance()
  }

  private mutating func advance() { state = state &* Self.multiplier &+ increment }

  /// Returns the next 64 random bits.
  public mutating func next() -> UInt64 {
    advance()
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let rotation = UInt64(truncatingIfNeeded: state >> 122)
    return folded >> rotation | folded << ((64 &- rotation) & 63)
  }

  /// Returns the next 32 random bits: the low half of a draw first, then its buffered high half.
  public mutating func next32() -> UInt32 {
    if hasBufferedHalf {
      hasBufferedHalf = false
      return bufferedHalf
    }
    let word = next()
    hasBufferedHalf = true
    bufferedHalf = UInt32(truncatingIfNeeded: word >> 32)
    return UInt32(truncatingIfNeeded: word)
  }

  /// Returns a number in 0 ..< 1 with 53 random bits, as `Generator.random()` does.
  public mutating func double() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Returns a number between two bounds, as `Generator.uniform(low, high)` does.
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * double()
  }

  /// Returns an integer in low ..< high, as `Generator.integers(low, high)` does, for ranges of
  /// less than 2³² integers; a range of one draws nothing.
  public mutating func integers(_ low: Int, _ high: Int) -> Int {
    precondition(high > low, "integers(\(low), \(high))")
    let count = UInt32(high - low)
    guard count > 1 else { return low }
    var product = UInt64(next32()) * UInt64(count)
    if UInt32(truncatingIfNeeded: product) < count {
      let threshold = (0 &- count) % count
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(next32()) * UInt64(count)
      }
    }
    return low + Int(product >> 32)
  }

  /// Feeds the generator's state to a hasher.
  public func hash(into hasher: inout StateHasher) {
    hasher.combine(UInt64(truncatingIfNeeded: state >> 64))
    hasher.combine(UInt64(truncatingIfNeeded: state))
    hasher.combine(UInt64(truncatingIfNeeded: increment >> 64))
    hasher.combine(UInt64(truncatingIfNeeded: increment))
    hasher.combine(UInt64(hasBufferedHalf ? bufferedHalf : 0))
    hasher.combine(hasBufferedHalf)
  }
}

/// NumPy's seed mixer for one integer of at most 64 bits and four 64-bit words of output.
private struct SeedSequence {
  private var pool: (UInt32, UInt32, UInt32, UInt32)

  init(entropy: UInt64) {
    var constant: UInt32 = 0x43b0_d7e5
    func hash(_ word: UInt32) -> UInt32 {
      var value = word ^ constant
      constant = constant &* 0x931e_8875
      value = value &* constant
      return value ^ value >> 16
    }
    func mix(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let result = 0xca01_f9dd &* x &- 0x4973_f715 &* y
      return result ^ result >> 16
    }
    var words: [4 of UInt32] = [
      UInt32(truncatingIfNeeded: entropy), UInt32(truncatingIfNeeded: entropy >> 32), 0, 0,
    ]
    for i in 0..<4 { words[i] = hash(words[i]) }
    for source in 0..<4 {
      for target in 0..<4 where target != source {
        words[target] = mix(words[target], hash(words[source]))
      }
    }
    pool = (words[0], words[1], words[2], words[3])
  }

  func generate() -> (UInt64, UInt64, UInt64, UInt64) {
    var constant: UInt32 = 0x8b51_f9dd
    func word(_ source: UInt32) -> UInt64 {
      var value = source ^ constant
      constant = constant &* 0x58f3_8ded
      value = value &* constant
      return UInt64(value ^ value >> 16)
    }
    func pair(_ low: UInt32, _ high: UInt32) -> UInt64 {
      let first = word(low)
      return word(high) << 32 | first
    }
    let (a, b, c, d) = pool
    let first = pair(a, b)
    let second = pair(c, d)
    let third = pair(a, b)
    return (first, second, third, pair(c, d))
  }
}
