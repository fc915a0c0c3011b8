internal import Glibc
public import LinearAlgebra
public import Storage

/// The newest transitions, in one flat block of memory.
///
/// A record is `observation [O], next observation [O], action [A], reward, bootstrap discount`.  Next
/// observations are stored outright, so that a time limit does not lose the last one.  The bootstrap
/// discount is what the value of the next observation is multiplied by: γ to the number of rewards in
/// the record, or 0 where the task ended; a time limit leaves it as it is.
///
/// The memory is reserved at once and taken from the system as it fills.
@safe public final class ReplayBuffer {
  /// Most transitions it holds; the oldest make room.
  public let capacity: Int
  /// O.
  public let observationWidth: Int
  /// A.
  public let actionWidth: Int
  /// Transitions it holds.
  public private(set) var count = 0
  /// Transitions added since it was made.
  public private(set) var added = 0
  private let records: UnsafeMutablePointer<Float>
  private let stride: Int
  private var next = 0

  /// Bytes that so many transitions take.
  public static func byteCount(capacity: Int, observationWidth: Int, actionWidth: Int) -> Int {
    capacity * recordWidth(observationWidth, actionWidth) * MemoryLayout<Float>.stride
  }

  private static func recordWidth(_ observationWidth: Int, _ actionWidth: Int) -> Int {
    2 * observationWidth + actionWidth + 2
  }

  /// Reserves memory.
  public init(capacity: Int, observationWidth: Int, actionWidth: Int) {
    precondition(capacity >= 1, "a buffer of \(capacity) transitions")
    self.capacity = capacity
    self.observationWidth = observationWidth
    self.actionWidth = actionWidth
    stride = Self.recordWidth(observationWidth, actionWidth)
    let bytes = Self.byteCount(
      capacity: capacity, observationWidth: observationWidth, actionWidth: actionWidth)
    guard let memory = unsafe calloc(bytes, 1) else {
      preconditionFailure("no memory for a replay buffer of \(bytes) bytes")
    }
    unsafe records = memory.bindMemory(to: Float.self, capacity: capacity * stride)
  }

  deinit { unsafe free(records) }

  /// Adds a transition in place of the oldest.
  public func add(
    observation: Span<Float>, nextObservation: Span<Float>, action: Span<Float>, reward: Float,
    bootstrapDiscount: Float
  ) {
    precondition(
      observation.count == observationWidth && nextObservation.count == observationWidth
        && action.count == actionWidth)
    let record = unsafe records + next * stride
    for j in 0..<observationWidth {
      unsafe record[j] = observation[j]
      unsafe record[observationWidth + j] = nextObservation[j]
    }
    for j in 0..<actionWidth { unsafe record[2 * observationWidth + j] = action[j] }
    unsafe record[stride - 2] = reward
    unsafe record[stride - 1] = bootstrapDiscount
    next = next + 1 == capacity ? 0 : next + 1
    count = min(count + 1, capacity)
    added += 1
  }

  /// Draws a minibatch uniformly, with repetition.
  public func sample(into batch: ReplayBatch, using random: inout RandomStream) {
    precondition(count > 0, "nothing to draw from")
    // All are asked for before the first is copied: memory answers many at once.
    for i in 0..<batch.rows {
      let index = Int(random.integer(below: UInt32(count)))
      batch.indices[i] = index
      unsafe prefetch(records + index * stride, count: stride)
    }
    for i in 0..<batch.rows { copy(batch.indices[i], to: batch, row: i) }
  }

  private func copy(_ index: Int, to batch: ReplayBatch, row: Int) {
    let record = unsafe records + index * stride
    let observation = unsafe batch.observations.base + row * batch.observations.stride
    let nextObservation = unsafe batch.nextObservations.base + row * batch.nextObservations.stride
    let action = unsafe batch.actions.base + row * batch.actions.stride
    unsafe observation.update(from: record, count: observationWidth)
    unsafe nextObservation.update(from: record + observationWidth, count: observationWidth)
    unsafe action.update(from: record + 2 * observationWidth, count: actionWidth)
    batch.rewards[row] = unsafe record[stride - 2]
    batch.bootstrapDiscounts[row] = unsafe record[stride - 1]
  }

  /// Writes the whole content, as exactly resuming a run needs it.
  public func save(to archive: inout TensorArchive) {
    let floats = unsafe UnsafeBufferPointer(start: records, count: count * stride)
    archive.set("replay.records", .floats(unsafe Array(floats)), shape: [count, stride])
    archive.set("replay.position", .words([UInt64(next), UInt64(added)]))
  }

  /// Reads the whole content of a buffer of the same capacity and widths.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let floats = try archive.floats("replay.records")
    let position = try archive.words("replay.position", count: 2)
    let count = floats.count / stride
    guard floats.count == count * stride, count <= capacity, position[1] < 1 << 62,
      position[1] >= UInt64(count), count == capacity || position[1] == UInt64(count),
      position[0] == position[1] % UInt64(capacity), floats.allSatisfy(\.isFinite)
    else { throw .invalid(reason: "its replay buffer does not fit") }
    for (k, value) in floats.enumerated() { unsafe records[k] = value }
    self.count = count
    next = Int(position[0])
    added = Int(position[1])
  }
}

/// A minibatch of transitions.
public final class ReplayBatch {
  /// B.
  public let rows: Int
  /// [B × O].
  public let observations: Matrix
  /// [B × O].
  public let nextObservations: Matrix
  /// [B × A].
  public let actions: Matrix
  /// [B].
  public let rewards: Vector
  /// [B]: see ``ReplayBuffer``.
  public let bootstrapDiscounts: Vector
  /// [B]: where in the buffer they were.
  fileprivate var indices: [Int]

  /// Allocates a minibatch.
  public init(rows: Int, observationWidth: Int, actionWidth: Int) {
    self.rows = rows
    observations = Matrix(rows: rows, columns: observationWidth)
    nextObservations = Matrix(rows: rows, columns: observationWidth)
    actions = Matrix(rows: rows, columns: actionWidth)
    rewards = Vector(count: rows)
    bootstrapDiscounts = Vector(count: rows)
    indices = Array(repeating: 0, count: rows)
  }
}

/// Turns single steps of one environment into transitions of n rewards.
///
/// A transition waits until n rewards are there or the episode ends; at an end all that wait are
/// completed with the rewards there are.
///
/// - Source: Sutton and Barto 2018, section 7.1, off-policy without correction as in Rainbow,
///   arXiv:1710.02298.
public struct MultiStepQueue: Sendable, Equatable {
  private struct Step: Sendable, Equatable {
    var observation: [Float]
    var action: [Float]
    var reward: Float
  }

  private let steps: Int
  private let discount: Float
  private var waiting: [Step] = []

  /// Makes transitions of `steps` rewards with a discount.
  public init(steps: Int, discount: Float) {
    precondition(steps >= 1, "transitions of \(steps) steps")
    self.steps = steps
    self.discount = discount
  }

  /// Takes a step and adds the transitions that are complete with it.
  ///
  /// - Parameters:
  ///   - row: Of the three matrices.
  ///   - observations: [N × O] before the step.
  ///   - actions: [N × A].
  ///   - reward: Of the step.
  ///   - nextObservations: [N × O] after the step, the episode's last where it ended.
  ///   - terminated: Whether the task ended.
  ///   - truncated: Whether the time limit struck.
  ///   - buffer: Receives them.
  public mutating func push(
    row: Int, observations: Matrix, actions: Matrix, reward: Float, nextObservations: Matrix,
    terminated: Bool, truncated: Bool, to buffer: ReplayBuffer
  ) {
    let next = unsafe nextObservations.row(row).span
    guard steps > 1 else {
      unsafe buffer.add(
        observation: observations.row(row).span, nextObservation: next,
        action: actions.row(row).span, reward: reward, bootstrapDiscount: terminated ? 0 : discount)
      return
    }
    waiting.append(
      Step(
        observation: (0..<observations.columns).map { observations[row, $0] },
        action: (0..<actions.columns).map { actions[row, $0] }, reward: reward))
    let hasEnded = terminated || truncated
    while waiting.count == steps || (hasEnded && !waiting.isEmpty) {
      var (sum, factor): (Float, Float) = (0, 1)
      for step in waiting {
        sum += factor * step.reward
        factor *= discount
      }
      let first = waiting.removeFirst()
      buffer.add(
        observation: first.observation.span, nextObservation: next, action: first.action.span,
        reward: sum, bootstrapDiscount: terminated ? 0 : factor)
    }
  }

  /// How many steps wait.
  public var count: Int { waiting.count }

  /// The waiting steps as one row of numbers, for checkpoints.
  public var floats: [Float] { waiting.flatMap { $0.observation + $0.action + [$0.reward] } }

  /// Restores the waiting steps.
  public mutating func restore(
    _ floats: [Float], observationWidth: Int, actionWidth: Int
  ) throws(ArchiveError) {
    let width = observationWidth + actionWidth + 1
    guard floats.count % width == 0, floats.count / width < steps,
      floats.allSatisfy(\.isFinite)
    else {
      throw .invalid(reason: "its waiting transitions do not fit")
    }
    waiting = stride(from: 0, to: floats.count, by: width).map { start in
      Step(
        observation: Array(floats[start..<start + observationWidth]),
        action: Array(floats[start + observationWidth..<start + width - 1]),
        reward: floats[start + width - 1])
    }
  }
}
