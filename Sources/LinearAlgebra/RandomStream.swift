internal import Glibc

/// A named stream of random numbers: xoshiro256++, seeded through SplitMix64.
///
/// Every kind of random draw in learning (action noise, minibatch order, initial weights) has a
/// separate stream, named after its purpose and the index of its environment, so results depend
/// neither on the number of workers nor on the order of use.  Environments draw from `NumPyRandom`
/// instead, for parity with Gymnasium.
///
/// - Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
@frozen public struct RandomStream: RandomNumberGenerator, Sendable, Equatable {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64

  /// Creates the stream for a purpose.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - name: Purpose of the stream; streams with different names are unrelated.
  ///   - index: Index of the environment, for purposes with one stream per environment.
  public init(seed: UInt64, name: String, index: Int = 0) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var mixer = SplitMix64(state: seed)
    mixer.state = mixer.next() ^ hash
    mixer.state = mixer.next() ^ UInt64(truncatingIfNeeded: index)
    self.init(words: [mixer.next(), mixer.next(), mixer.next(), mixer.next()])
  }

  /// Restores a stream from its four state words.
  public init(words: [UInt64]) {
    precondition(words.count == 4, "a stream has 4 state words, not \(words.count)")
    (s0, s1, s2, s3) = (words[0], words[1], words[2], words[3])
  }

  /// The four state words, for checkpoints.
  public var words: [UInt64] { [s0, s1, s2, s3] }

  /// Returns the next 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = ((sum << 23) | (sum >> 41)) &+ s0
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// Returns a uniform number in 0 ..< 1 with 24 random bits.
  @inlinable public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Returns a uniform number in the half-open interval from `low` to `high`.
  @inlinable public mutating func uniform(from low: Float, to high: Float) -> Float {
    low + (high - low) * uniform()
  }

  /// Returns an unbiased integer in 0 ..< bound, by multiplication and rejection (Lemire 2019).
  @inlinable public mutating func integer(below bound: UInt32) -> UInt32 {
    precondition(bound > 0)
    var product = (next() >> 32) &* UInt64(bound)
    if UInt32(truncatingIfNeeded: product) < bound {
      let threshold = (0 &- bound) % bound
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = (next() >> 32) &* UInt64(bound)
      }
    }
    return UInt32(truncatingIfNeeded: product >> 32)
  }

  /// Draws two independent standard normal numbers (Box and Muller 1958) in double precision.
  public mutating func normalPair() -> (Float, Float) {
    let (radius, angle) = polar()
    return (Float(radius * cos(angle)), Float(radius * sin(angle)))
  }

  /// Draws like ``normalPair()`` but computes only the first number.
  public mutating func firstOfNormalPair() -> Float {
    let (radius, angle) = polar()
    return Float(radius * cos(angle))
  }

  private mutating func polar() -> (radius: Double, angle: Double) {
    let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
    return (radius, 2 * Double.pi * (Double(next() >> 11) * 0x1p-53))
  }

  /// Fills a buffer with standard normal numbers; one number is discarded if the count is odd.
  public mutating func fillNormal(_ buffer: UnsafeMutableBufferPointer<Float>) {
    var i = 0
    while i < buffer.count {
      let (first, second) = normalPair()
      buffer[i] = first
      if i + 1 < buffer.count { buffer[i + 1] = second }
      i += 2
    }
  }

  /// Fills a matrix with a dropout mask: 0 with probability p, below 1, and 1 / (1 − p) otherwise,
  /// so that the mean is 1.
  ///
  /// One draw serves two columns of a row; the probability is accurate to 2⁻³².
  package mutating func fillDropout(_ matrix: Matrix, probability: Float) {
    let threshold = UInt32(Double(probability) * 0x1p32)
    let kept = 1 / (1 - probability)
    for i in 0..<matrix.rows {
      let row = matrix.base + i * matrix.stride
      var j = 0
      while j < matrix.columns {
        let bits = next()
        row[j] = UInt32(truncatingIfNeeded: bits) < threshold ? 0 : kept
        if j + 1 < matrix.columns {
          row[j + 1] = UInt32(truncatingIfNeeded: bits >> 32) < threshold ? 0 : kept
        }
        j += 2
      }
    }
  }

  /// Shuffles indices into random order (Fisher and Yates).
  public mutating func shuffle(_ indices: inout [Int32]) {
    var i = indices.count - 1
    while i > 0 {
      indices.swapAt(i, Int(integer(below: UInt32(i + 1))))
      i -= 1
    }
  }
}

/// A random number generator with one 64-bit word of state, used to seed all others.
///
/// - Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
@frozen public struct SplitMix64: RandomNumberGenerator, Sendable {
  /// The word of state.
  public var state: UInt64

  /// Creates a generator from a seed.
  @inlinable public init(state: UInt64) { self.state = state }

  /// Returns the next 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
