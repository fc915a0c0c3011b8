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

  /// Creates a pool by starting `threads - 1` helper threads, which the system must not refuse;
  /// ``start(threads:)`` allows for that.
  public convenience init(threads: Int) {
    guard let pool = Self.create(threads) else { preconditionFailure("\(ThreadError(threads))") }
    self.init(pool, threads)
  }

  private init(_ pool: OpaquePointer, _ threads: Int) {
    self.pool = pool
    self.threads = threads
  }

  /// Creates a pool by starting `threads - 1` helper threads.
  ///
  /// - Throws: ``ThreadError`` if the system refuses the threads or their memory.
  public static func start(threads: Int) throws(ThreadError) -> WorkerPool {
    guard let pool = create(threads) else { throw ThreadError(threads) }
    return WorkerPool(pool, threads)
  }

  private static func create(_ threads: Int) -> OpaquePointer? {
    precondition(threads >= 1, "a pool of \(threads) threads")
    return ct_pool_create(Int32(threads))
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

/// An error of a system that refuses to start threads, or has no memory for them.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
  /// Number of threads that were asked for.
  public let threads: Int

  init(_ threads: Int) { self.threads = threads }

  /// The error as one sentence.
  public var description: String {
    "the system refuses to start \(threads) threads; ask for fewer with --threads, or raise its "
      + "limits on processes and memory"
  }
}

/// Returns the monotonic clock's time in nanoseconds; for progress and phase times, never for
/// results.
public func monotonicNanoseconds() -> UInt64 { ct_nanoseconds() }
