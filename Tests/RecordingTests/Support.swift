import Environments
import Foundation
import LinearAlgebra
import RLCore
import Recording
import Storage

/// An environment that can't be missing in these tests.
func environment(_ identifier: String) throws -> RegisteredEnvironment {
  guard let found = EnvironmentRegistry.find(identifier) else {
    throw FileError.missing(path: identifier)
  }
  return found
}

/// What recordings made here have in common.
func makeHeader(
  _ environment: RegisteredEnvironment, agent: String = "test", isDisturbed: Bool = false
) -> RecordingHeader {
  RecordingHeader(
    specification: environment.specification, parameters: environment.parameters,
    disturbances: isDisturbed ? environment.construct(1).disturbanceComponents : [],
    agent: agent, mode: .deterministic,
    policy: .init(fingerprint: RecordingHash.policy(named: agent), steps: 0),
    build: .init(
      version: "test", commit: "unknown", toolchain: "test", box2D: "test", processor: "test",
      operatingSystem: "test"))
}

/// Chooses an action for an observation.
typealias Chooser = (_ step: Int, _ observation: UnsafeBufferPointer<Float>) -> [Float]

/// Actions drawn uniformly from the space.
func randomActions(_ space: Space, seed: UInt64, scale: Double = 1) -> Chooser {
  var random = NumPyRandom(seed: seed)
  return { _, _ in
    switch space {
    case .discrete(let count): [Float(random.integers(0, count))]
    case .box(let low, let high):
      low.indices.map { Float(scale * random.uniform(Double(low[$0]), Double(high[$0]))) }
    }
  }
}

/// Actions of a registered controller.
func actions(of controller: String, width: Int) throws -> Chooser {
  guard var maker = ControllerRegistry.find(controller)?.make() else {
    throw FileError.missing(path: controller)
  }
  let actions = Matrix(rows: 1, columns: width)
  return { _, observation in
    var action = actions.mutableRow(0).mutableSpan
    maker.act(on: observation.span, action: &action)
    return Array(actions.row(0))
  }
}

/// Steps a vector of one to the end of an episode.
///
/// - Parameters:
///   - vector: Reset before.
///   - limit: Steps after which to stop all the same.
///   - disturb: The disturbances.
///   - choose: The actions.
func play(
  _ vector: any BatchedEnvironment, limit: Int = .max, disturb: ((Int) -> [Float])? = nil,
  choose: Chooser
) {
  let actions = Matrix(rows: 1, columns: vector.specification.actionWidth)
  for step in 0..<min(limit, vector.specification.episodeSteps) {
    for (j, value) in choose(step, vector.batch.observations.row(0)).enumerated() {
      actions[0, j] = value
    }
    if let values = disturb?(step) {
      for (j, value) in values.enumerated() { vector.disturbances?[0, j] = value }
    }
    vector.step(actions: actions, in: 0..<1)
    if vector.batch.hasEnded(0) { break }
  }
}

/// Records one whole episode in memory.
func record(
  _ identifier: String, seed: UInt64 = 7, parameters: [String: Double] = [:],
  isDisturbed: Bool = false, scale: Double = 1, by controller: String? = nil
) throws -> Data {
  let environment = try environment(identifier)
  let vector = environment.construct(1)
  for (name, value) in parameters { try vector.setParameter(name, to: value) }
  var random = NumPyRandom(seed: seed + 1)
  let components = vector.disturbanceComponents
  vector.takesDisturbances = isDisturbed
  let recorder = EpisodeRecorder(header: makeHeader(environment, isDisturbed: isDisturbed))
  vector.observe(environment: 0, with: recorder)
  vector.reset(environment: 0, seed: seed)
  let disturb: (Int) -> [Float] = { _ in
    components.map { Float(random.uniform(-0.1, 0.1)) * $0.bound }
  }
  let specification = environment.specification
  let choose =
    try controller.map { try actions(of: $0, width: specification.actionWidth) }
    ?? randomActions(specification.actionSpace, seed: seed + 2, scale: scale)
  play(vector, disturb: isDisturbed ? disturb : nil, choose: choose)
  guard let finished = recorder.takeFinished().first else {
    throw FileError.missing(path: identifier)
  }
  return finished.contents
}

/// Re-simulates contents in a new environment of theirs.
func replay(_ contents: Data) throws -> Replay {
  let reader = try RecordingReader(contents, path: "test.rlrec")
  return try Replay(reader, environment: environment(reader.header.environment).construct(1))
}

/// The reason why contents are refused; nil where they are not.
func damage(
  _ contents: Data, accepting completeness: RecordingReader.Completeness = .finished
) -> String? {
  do throws(FileError) {
    _ = try RecordingReader(contents, path: "test.rlrec", accepting: completeness)
    return nil
  } catch {
    guard case .damaged("test.rlrec", let reason) = error else { return nil }
    return reason
  }
}

/// A recording taken apart, to be changed and put together with sound checksums.
struct EditableRecording {
  var header: RecordingHeader
  var rows: [StepRows] = []

  init(_ contents: Data) throws {
    var header: RecordingHeader?
    for (tag, payload) in chunks(of: contents) {
      if tag == "HEAD" { header = try RecordingHeader(json: payload) }
      guard tag == "STEP", let layout = header?.layout else { continue }
      guard let rows = StepRows(payload: payload.bytes, layout: layout) else {
        throw FileError.damaged(path: "test", reason: "test")
      }
      self.rows.append(rows)
    }
    guard let header else { throw FileError.damaged(path: "test", reason: "test") }
    self.header = header
  }

  var contents: Data {
    var total = 0.0
    for rows in rows {
      for row in 0..<rows.count { total += Double(rows.float(row, rows.layout.rewardColumn)) }
    }
    return assemble(
      header: header.json, steps: rows.map(\.payload), count: rows.map(\.count).reduce(0, +),
      totalReward: total)
  }

  /// Changes the row of a step, which is numbered from 1.
  mutating func edit(step: Int, _ change: (inout StepRows, Int) -> Void) {
    guard let chunk = rows.firstIndex(where: { step < $0.first + $0.count }) else { return }
    change(&rows[chunk], step - rows[chunk].first)
  }

  /// Flips a bit of one of a step's numbers.
  mutating func flip(step: Int, column: Int, bit: Int) {
    edit(step: step) { rows, row in
      rows.words[row * rows.layout.width + column] ^= 1 << UInt32(bit)
    }
  }
}

/// Frames payloads as a file.
func assemble(header: [UInt8], steps: [[UInt8]], count: Int, totalReward: Double) -> Data {
  let steps = steps.map { RecordingFormat.chunk(.step, $0) }
  let chunks = [RecordingFormat.chunk(.head, header)] + steps
  let done = RecordingFormat.done(
    steps: count, chunks: steps.count, totalReward: totalReward,
    chain: RecordingFormat.chain(chunks.map(\.checksum)))
  let bytes = chunks.flatMap(\.bytes) + RecordingFormat.chunk(.done, done).bytes
  return Data(RecordingFormat.prologue + bytes)
}

/// The chunks of a sound file.
func chunks(of contents: Data) -> [(tag: String, payload: Data)] {
  var chunks: [(String, Data)] = []
  var offset = RecordingFormat.prologueBytes
  while offset < contents.count {
    let length = Int(contents.bytes.number(at: offset + 4, as: UInt32.self))
    let payload = offset + RecordingFormat.chunkHeaderBytes
    let tag = String(decoding: contents[offset..<offset + 4], as: UTF8.self)
    chunks.append((tag, Data(contents[payload..<payload + length])))
    offset = payload + length
  }
  return chunks
}
