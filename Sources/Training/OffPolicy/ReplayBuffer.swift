internal import Glibc
public import LinearAlgebra
public import Storage

/// A replay buffer of the newest transitions, in one flat block of memory.
///
/// A record is `observation [O], next observation [O], action [A], reward, bootstrap discount`.
/// Next observations are stored explicitly, so that the last one before a time limit is not lost.
/// The bootstrap discount is the factor on the value of the next observation: γ to the power of the
/// number of rewards in the record, or 0 if the task terminated; a time limit does not change it.
///
/// All memory is reserved at initialisation and taken from the system as the buffer fills.
@safe public final class ReplayBuffer {
  /// Maximum number of transitions; a full buffer overwrites its oldest.
  public let capacity: Int
  /// Number of observation components, O.
  public let observationWidth: Int
  /// Number of action components, A.
  public let actionWidth: Int
  /// Number of transitions in the buffer.
  public private(set) var count = 0
  /// Number of transitions ever added, including those overwritten since.
  public private(set) var added = 0
  private let records: UnsafeMutablePointer<Float>
  private let stride: Int
  private var next = 0

  /// Returns the memory size of a buffer of the given capacity, in bytes.
  public static func byteCount(capacity: Int, observationWidth: Int, actionWidth: Int) -> Int {
    capacity * recordWidth(observationWidth, actionWidth) * MemoryLayout<Float>.stride
  }

  private static func recordWidth(_ observationWidth: Int, _ actionWidth: Int) -> Int {
    2 * observationWidth + actionWidth + 2
  }

  /// Creates an empty buffer and reserves its memory.
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

  /// Adds a transition, which replaces the oldest if the buffer is full.
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

  /// Draws a minibatch uniformly with replacement; the buffer must not be empty.
  public func sample(into batch: ReplayBatch, using random: inout RandomStream) {
    precondition(count > 0, "nothing to draw from")
    // Prefetch every record before copying the first, so that memory accesses overlap.
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

  /// Writes the whole content of the buffer, which resuming a run exactly requires.
  public func save(to archive: inout TensorArchive) {
    let floats = unsafe UnsafeBufferPointer(start: records, count: count * stride)
    archive.set("replay.records", .floats(unsafe Array(floats)), shape: [count, stride])
    archive.set("replay.position", .words([UInt64(next), UInt64(added)]))
  }

  /// Restores the content of a saved buffer of the same capacity and widths.
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
  /// Number of transitions, B.
  public let rows: Int
  /// Observations before the action [B × O].
  public let observations: Matrix
  /// Observations after the transition [B × O].
  public let nextObservations: Matrix
  /// Actions as stored in the buffer [B × A].
  public let actions: Matrix
  /// Rewards, discounted sums for transitions of several steps [B].
  public let rewards: Vector
  /// Factors on the values of the next observations [B]; see ``ReplayBuffer``.
  public let bootstrapDiscounts: Vector
  /// Indices of the drawn transitions in the buffer [B].
  fileprivate var indices: [Int]

  /// Allocates a minibatch of the given shape.
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

/// A queue that combines single steps of one environment into transitions of n rewards.
///
/// A transition waits until it has n rewards or the episode ends; at the end of an episode all
/// waiting transitions are completed with the rewards available.
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

  /// Creates an empty queue for transitions of `steps` rewards, discounted by `discount` per step.
  public init(steps: Int, discount: Float) {
    precondition(steps >= 1, "transitions of \(steps) steps")
    self.steps = steps
    self.discount = discount
  }

  /// Appends a step and adds the transitions that it completes to the buffer.
  ///
  /// - Parameters:
  ///   - row: The environment's row in the three matrices.
  ///   - observations: Observations before the step [N × O].
  ///   - actions: Actions of the step [N × A].
  ///   - reward: Reward of the step.
  ///   - nextObservations: Observations after the step [N × O]; the final one if the episode ended.
  ///   - terminated: Whether the task itself ended the episode.
  ///   - truncated: Whether the time limit ended the episode.
  ///   - buffer: The buffer that receives completed transitions.
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

  /// The number of waiting steps.
  public var count: Int { waiting.count }

  /// The waiting steps as one row of numbers, for checkpoints.
  public var floats: [Float] { waiting.flatMap { $0.observation + $0.action + [$0.reward] } }

  /// Restores the waiting steps from ``floats``.
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
