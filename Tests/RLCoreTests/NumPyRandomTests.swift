import RLCore
import TestSupport
import Testing

/// The generator against streams drawn from NumPy.
@Suite struct NumPyRandomTests {
  struct Stream: Decodable {
    let seed: UInt64
    let raw_u64: [String]
    let uniform_m1_p1: [Double]
    let integers_5_10: [Int]
    let mixed: [MixedDraw]
  }

  struct MixedDraw: Decodable {
    let kind: String
    let low: Double
    let high: Double
    let value: Double

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      kind = try row.decode(String.self)
      low = try row.decode(Double.self)
      high = try row.decode(Double.self)
      value = try row.decode(Double.self)
    }
  }

  @Test func streamsEqualNumPys() throws {
    let streams: [Stream] = try Fixture.records("numpy_pcg64.jsonl")
    #expect(streams.count == 6)
    for stream in streams {
      let fresh = NumPyRandom(seed: stream.seed)
      var random = fresh
      #expect(stream.raw_u64.indices.map { _ in String(random.next()) } == stream.raw_u64)
      random = fresh
      #expect(stream.uniform_m1_p1.map { _ in random.uniform(-1, 1) } == stream.uniform_m1_p1)
      random = fresh
      #expect(stream.integers_5_10.map { _ in random.integers(5, 10) } == stream.integers_5_10)
      random = fresh
      for draw in stream.mixed {
        let value =
          switch draw.kind {
          case "i": Double(random.integers(Int(draw.low), Int(draw.high)))
          case "u": random.uniform(draw.low, draw.high)
          default: random.double()
          }
        #expect(value == draw.value)
      }
    }
  }

  @Test func aRangeOfOneDrawsNothing() {
    var random = NumPyRandom(seed: 7)
    let before = random
    #expect(random.integers(4, 5) == 4)
    #expect(random == before)
  }
}
