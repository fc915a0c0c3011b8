import Foundation
import LinearAlgebra
import Testing

@Suite struct SineAndCosineTests {
  @Test(arguments: [0.1, 1, 100, 1e8]) func itHasTheBitsOfBoth(range: Double) {
    var random = RandomStream(seed: 1, name: "angles")
    var differing = 0
    for _ in 0..<100_000 {
      let angle = (Double(random.next()) * 0x1p-63 - 1) * range
      let (sine, cosine) = sineAndCosine(angle)
      differing += sine == sin(angle) && cosine == cos(angle) ? 0 : 1
    }
    #expect(differing == 0)
  }
}
