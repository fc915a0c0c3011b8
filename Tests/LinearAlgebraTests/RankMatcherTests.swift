import LinearAlgebra
import Testing

@Suite struct RankMatcherTests {
  /// By a sort of the standard library, whose ties are broken by the place; the same bits.
  @Test(arguments: [(1, 1), (1, 5), (3, 20), (40, 100), (64, 65), (130, 77)])
  func differencesAreThoseOfTheRanks(rows: Int, columns: Int) {
    let values = sample(rows, columns, "values")
    // Ties, zeros of both signs, the largest and the least numbers.
    let least = Float.leastNonzeroMagnitude
    let special: [Float] = [0, -0.0, least, -least, 3e38, -3e38, 0.5, 0.5, -0.0]
    for (k, number) in special.enumerated() where rows * columns > 4 * special.count {
      values[3 * k % rows, 7 * k % columns] = number
    }
    let initial = sampleVector(rows * columns, "initial").array
    let matcher = RankMatcher(initial)
    // A second time from other values: nothing is left over.
    for factor in [Float(0.3), -2] {
      let result = sample(rows, columns, "result")
      let expected = sample(rows, columns, "result")
      let numbers = (0..<rows).flatMap { i in (0..<columns).map { values[i, $0] } }
      let order = numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
      for (place, target) in zip(order, initial.sorted()) {
        expected[place / columns, place % columns] += factor * (numbers[place] - target)
      }
      matcher.addDifferences(of: values, times: factor, to: result)
      #expect(bits(result) == bits(expected))
      for i in 0..<rows { for j in 0..<columns { values[i, j] *= i % 2 == 0 ? -0.7 : 1.1 } }
    }
  }
}
