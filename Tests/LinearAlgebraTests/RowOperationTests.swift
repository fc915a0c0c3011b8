import LinearAlgebra
import Testing

@Suite struct RowOperationTests {
  @Test func columnsAreSetBesideEachOther() {
    let (first, second) = (sample(4, 3, "first"), sample(5, 18, "second"))
    let joined = sample(6, 21, "old")
    let last = Array(joined.row(4))
    joined.setColumns(from: 0, to: first, rows: 4)
    joined.setColumns(from: 3, to: second, rows: 4)
    for i in 0..<4 {
      #expect(Array(joined.row(i)) == Array(first.row(i)) + Array(second.row(i)))
    }
    #expect(Array(joined.row(4)) == last && hasCleanPadding(joined))
  }

  @Test func meansOfRows() {
    let values = sample(3, 4, "values")
    let means = sampleVector(3, "old")
    let untouched = means[2]
    values.writeMeans(ofRows: 2, to: means)
    for i in 0..<2 {
      let expected = values.row(i).reduce(0) { $0 + 0.25 * $1 }
      #expect(means[i] == expected)
    }
    #expect(means[2] == untouched)
  }
}
