import LinearAlgebra
import Testing
import Training
import Storage

@Suite struct ReplayBufferTests {
  private func row(_ values: [Float]) -> Matrix {
    let matrix = Matrix(rows: 1, columns: values.count)
    for (j, value) in values.enumerated() { matrix[0, j] = value }
    return matrix
  }

  /// Transition k has the observation k, the next observation k + 0.5 and the action −k.
  private func push(
    _ k: Int, reward: Float = 1, terminated: Bool = false, truncated: Bool = false,
    _ queue: inout MultiStepQueue, _ buffer: ReplayBuffer
  ) {
    queue.push(
      row: 0, observations: row([Float(k), 0]), actions: row([-Float(k)]), reward: reward,
      nextObservations: row([Float(k) + 0.5, 0]), terminated: terminated, truncated: truncated,
      to: buffer)
  }

  /// The contents as (observation, next observation, reward, bootstrap discount).
  private func contents(_ buffer: ReplayBuffer) throws -> [[Float]] {
    var archive = TensorArchive()
    buffer.save(to: &archive)
    let floats = try archive.floats("replay.records")
    return stride(from: 0, to: floats.count, by: 7).map {
      #expect(floats[$0 + 4] == -floats[$0])
      return [floats[$0], floats[$0 + 2], floats[$0 + 5], floats[$0 + 6]]
    }
  }

  @Test func theOldestMakeRoom() throws {
    let buffer = ReplayBuffer(capacity: 3, observationWidth: 2, actionWidth: 1)
    var queue = MultiStepQueue(steps: 1, discount: 0.9)
    for k in 1...5 { push(k, terminated: k == 4, &queue, buffer) }
    #expect(buffer.count == 3 && buffer.added == 5)
    #expect(try contents(buffer) == [[4, 4.5, 1, 0], [5, 5.5, 1, 0.9], [3, 3.5, 1, 0.9]])
  }

  /// Three rewards 1, 2, 4 with γ = 0.5 make 1 + 1 + 1 = 3 and bootstrap with 0.125; the end of an
  /// episode completes what waits with the rewards there are.
  @Test func transitionsOfSeveralSteps() throws {
    let buffer = ReplayBuffer(capacity: 10, observationWidth: 2, actionWidth: 1)
    var queue = MultiStepQueue(steps: 3, discount: 0.5)
    push(1, reward: 1, &queue, buffer)
    push(2, reward: 2, &queue, buffer)
    #expect(buffer.count == 0)
    push(3, reward: 4, truncated: true, &queue, buffer)
    #expect(
      try contents(buffer) == [[1, 3.5, 3, 0.125], [2, 3.5, 4, 0.25], [3, 3.5, 4, 0.5]])
    push(4, reward: 8, &queue, buffer)
    push(5, reward: 16, terminated: true, &queue, buffer)
    #expect(try contents(buffer).suffix(2) == [[4, 5.5, 16, 0], [5, 5.5, 16, 0]])
  }

  @Test func contentsAndQueuesSurvive() throws {
    let buffer = ReplayBuffer(capacity: 4, observationWidth: 2, actionWidth: 1)
    var queue = MultiStepQueue(steps: 2, discount: 0.5)
    for k in 1...6 { push(k, &queue, buffer) }
    var archive = TensorArchive()
    buffer.save(to: &archive)
    let restored = ReplayBuffer(capacity: 4, observationWidth: 2, actionWidth: 1)
    try restored.load(from: archive)
    var restoredQueue = MultiStepQueue(steps: 2, discount: 0.5)
    try restoredQueue.restore(queue.floats, observationWidth: 2, actionWidth: 1)
    push(7, &queue, buffer)
    push(7, &restoredQueue, restored)
    #expect(try contents(buffer) == contents(restored))
    let other = ReplayBuffer(capacity: 3, observationWidth: 2, actionWidth: 1)
    #expect(throws: ArchiveError.self) { try other.load(from: archive) }
  }

  /// A thousand draws from four transitions: each within five deviations of its share.
  @Test func samplesAreUniform() {
    let buffer = ReplayBuffer(capacity: 4, observationWidth: 2, actionWidth: 1)
    var queue = MultiStepQueue(steps: 1, discount: 1)
    for k in 0..<4 { push(k, &queue, buffer) }
    let batch = ReplayBatch(rows: 1000, observationWidth: 2, actionWidth: 1)
    var random = RandomStream(seed: 1, name: "test")
    buffer.sample(into: batch, using: &random)
    for k in 0..<4 {
      let count = (0..<1000).count { batch.observations[$0, 0] == Float(k) }
      #expect(abs(count - 250) < 5 * 14)
    }
    for i in 0..<1000 {
      #expect(batch.nextObservations[i, 0] == batch.observations[i, 0] + 0.5)
      #expect(batch.actions[i, 0] == -batch.observations[i, 0])
    }
  }
}
