internal import CThreads

/// Persistent threads that share numbered tasks with the calling thread.
///
/// A task may run on any thread and in any order, so tasks must write to disjoint memory and
/// results must not depend on the thread; in this suite each task owns a range of rows or a
/// network.  Idle threads spin for about 10 µs and then sleep.
public final class WorkerPool {
  private let pool: OpaquePointer
  /// Number of threads, including the calling one.
  public let threads: Int

  /// Creates a pool by starting `threads - 1` helper threads.
  public init(threads: Int) {
    precondition(threads >= 1, "a pool of \(threads) threads")
    guard let pool = ct_pool_create(Int32(threads)) else {
      preconditionFailure("the system refused \(threads) threads")
    }
    self.pool = pool
    self.threads = threads
  }

  deinit { ct_pool_destroy(pool) }

  /// Runs tasks 0 ..< count, each exactly once, and returns when all are done.
  ///
  /// Not reentrant: a task must not call this.
  public func run(_ count: Int, _ task: (Int) -> Void) {
    withoutActuallyEscaping(task) { task in
      var box = TaskBox(body: task)
      withUnsafeMutablePointer(to: &box) { pointer in
        ct_pool_run(
          pool, Int32(count),
          { context, index in
            guard let context else { return }
            context.assumingMemoryBound(to: TaskBox.self).pointee.body(Int(index))
          }, UnsafeMutableRawPointer(pointer))
      }
    }
  }

  private struct TaskBox { let body: (Int) -> Void }
}

/// Returns the monotonic clock's time in nanoseconds; for progress and phase times, never for
/// results.
public func monotonicNanoseconds() -> UInt64 { ct_nanoseconds() }
