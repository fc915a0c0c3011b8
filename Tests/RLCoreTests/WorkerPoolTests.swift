import RLCore
import Testing

/// The pool runs what it is given, once.
@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 7])
  func runsEveryTaskOnce(threads: Int) {
    let pool = WorkerPool(threads: threads)
    for count in [0, 1, 2, 5, 64, 1000] {
      // One slot per task, so no two threads write to the same one.
      let runs = UnsafeMutablePointer<Int>.allocate(capacity: max(1, count))
      defer { runs.deallocate() }
      runs.initialize(repeating: 0, count: max(1, count))
      for _ in 0..<20 { pool.run(count) { runs[$0] += 1 } }
      #expect((0..<count).allSatisfy { runs[$0] == 20 }, "\(count) tasks")
    }
  }
}
