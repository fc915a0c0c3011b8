import Environments
import Foundation
import RLCore
import Recording
import TestSupport
import Testing

/// Whatever is wrong with a file, it is refused with a sentence that says what.
@Suite struct DamageTests {
  /// Few enough bytes to try something with each.
  static let small = Result { try record("cartpole-v1", seed: 2) }

  /// A sound walker's file of at least three chunks, taken apart.
  private func walker() throws -> EditableRecording {
    try EditableRecording(VerificationTests.walker.get())
  }

  @Test func everyChangedByteIsNoticed() throws {
    let contents = try Self.small.get()
    #expect(damage(contents) == nil && contents.count < 6000)
    for i in contents.indices {
      var changed = contents
      changed[i] ^= UInt8(1 << (i % 8))
      #expect(damage(changed) != nil, "byte \(i)")
      changed[i] = ~contents[i]
      #expect(damage(changed) != nil, "byte \(i)")
    }
  }

  @Test func everyEndThatIsMissingIsNoticed() throws {
    let contents = try Self.small.get()
    for count in 0..<contents.count {
      #expect(damage(contents.prefix(count)) != nil, "\(count) bytes")
      // A header is needed in any case.
      let isRead = damage(contents.prefix(count), accepting: .toLastWholeChunk) == nil
      let head = 24 + (chunks(of: contents).first?.payload.count ?? 0)
      #expect(isRead == (count >= head), "\(count) bytes")
    }
  }

  @Test func whatWasWrittenBeforeACrashIsRead() throws {
    let contents = try VerificationTests.walker.get()
    let sizes = chunks(of: contents).map { 12 + $0.payload.count }
    let cut = 12 + sizes[0..<4].reduce(0, +) + 100
    let cutOff = contents.prefix(cut)
    #expect(
      damage(cutOff)?.hasPrefix("chunk 4 at byte \(cut - 100), after step 768, is cut off") == true)
    let reader = try RecordingReader(cutOff, path: "x", accepting: .toLastWholeChunk)
    #expect(reader.stepCount == 768 && reader.missingEnd?.contains("step 768") == true)
    #expect(!reader.isTruncated && !reader.isTerminated)
    let whole = try RecordingReader(contents, path: "x")
    #expect(whole.missingEnd == nil)
    for number in [1, 256, 257, 512, 768] {
      #expect(try reader.step(number) == whole.step(number))
    }
    let walker = try environment("walker").construct(1)
    #expect(try Replay(reader, environment: walker).verify() == nil)
    // Between two chunks there is nothing to be cut off.
    #expect(
      damage(contents.prefix(cut - 100))
        == "it was not finished: it ends after step 768 without its last chunk")
  }

  @Test func foreignFilesAndOtherVersionsAreToldApart() throws {
    var contents = try Self.small.get()
    #expect(damage(Data()) == "it ends after 0 bytes")
    #expect(damage(Data("%PDF-1.7".utf8)) == "it is not a recording: its first bytes differ")
    #expect(
      damage(Data("{\"version\": 1}".utf8)) == "it is not a recording: its first bytes differ")
    contents[8] = 2
    #expect(damage(contents)?.contains("later version of the suite") == true)
    contents[8] = 0
    #expect(damage(contents) == "its format is 0, but only 1 can be read")
  }

  @Test func chunksAreCountedAndInOrder() throws {
    let recording = try walker()
    var changed = recording
    changed.rows.swapAt(1, 2)
    #expect(damage(changed.contents)?.contains("begins with step 513, but 257 is next") == true)
    changed = recording
    changed.rows.insert(recording.rows[1], at: 1)
    #expect(damage(changed.contents)?.contains("begins with step 257, but 513 is next") == true)
    changed = recording
    changed.rows.remove(at: 1)
    #expect(damage(changed.contents)?.contains("begins with step 513, but 257 is next") == true)
    changed = recording
    changed.rows[1].hashes.removeLast()
    changed.rows[1].flags.removeLast()
    changed.rows[1].words.removeLast(recording.header.layout.width)
    for i in 2..<changed.rows.count { changed.rows[i].first -= 1 }
    #expect(damage(changed.contents)?.contains("follows one of fewer than 256 steps") == true)
    let contents = recording.contents
    #expect(damage(contents + [0])?.hasPrefix("1 bytes follow its last chunk") == true)
    #expect(damage(contents + contents)?.contains("follow its last chunk") == true)
    // Sound chunks of another file.
    let parts = chunks(of: contents)
    let head = RecordingFormat.chunk(.head, Array(parts[0].payload)).bytes
    let prologue = RecordingFormat.prologue
    #expect(damage(Data(prologue + head + head))?.contains("is a second header") == true)
    let step = RecordingFormat.chunk(.step, Array(parts[1].payload)).bytes
    #expect(damage(Data(prologue + step)) == "its first chunk is not a header")
    let done = RecordingFormat.chunk(.done, Array(parts[7].payload + parts[8].payload)).bytes
    #expect(damage(Data(prologue + head + done)) != nil)
    var other = recording
    other.header.seed += 1
    let stolen = Data(prologue) + RecordingFormat.chunk(.head, other.header.json).bytes
    let rest = contents.suffix(contents.count - prologue.count - head.count)
    #expect(damage(stolen + rest)?.contains("its last chunk states 1600 steps") == true)
  }

  @Test func impossibleCountsAllocateNothing() throws {
    let recording = try EditableRecording(Self.small.get())
    let payload = recording.rows[0].payload
    func altered(_ change: (inout [UInt8]) -> Void) -> String? {
      var payload = payload
      change(&payload)
      let count = Int(payload[min(4, payload.count - 1)])
      return damage(
        assemble(header: recording.header.json, steps: [payload], count: count, totalReward: 0))
    }
    for count: UInt8 in [0, 255] {
      #expect(altered { $0[4] = count }?.contains("can't hold") == true)
    }
    #expect(altered { $0[7] = 0xFF }?.contains("can't hold") == true)
    #expect(altered { $0[0] = 2 }?.contains("begins with step 2, but 1 is next") == true)
    #expect(altered { $0[3] = 0xFF }?.contains("begins with step") == true)
    #expect(altered { $0[4] -= 1 }?.contains("does not inflate") == true)
    #expect(altered { $0.append(0) }?.contains("does not inflate") == true)
    #expect(altered { $0.removeLast() }?.contains("does not inflate") == true)
    #expect(altered { $0.removeLast($0.count - 3) }?.contains("has 3 bytes") == true)
    // Lengths beyond the file.
    var contents = try Self.small.get()
    for i in 16..<20 { contents[i] = 0xFF }
    #expect(damage(contents)?.contains("is cut off: it has 4294967295 bytes") == true)
    // A header that promises four thousand numbers for every step.
    var wide = recording
    wide.header.observationComponents = .init(
      repeating: wide.header.observationComponents[0], count: 4096)
    wide.header.initialObservation = .init(repeating: 0, count: 4096)
    let file = assemble(
      header: wide.header.json, steps: [payload], count: recording.rows[0].count, totalReward: 9)
    #expect(damage(file)?.contains("numbers") == true)
  }

  @Test func impossibleStepsAreNamed() throws {
    let recording = try EditableRecording(Self.small.get())
    let layout = recording.header.layout
    func reason(_ change: (inout EditableRecording) -> Void) -> String? {
      var changed = recording
      change(&changed)
      return damage(changed.contents)
    }
    for (action, text) in [(Float.nan, "nan"), (2, "2.0"), (0.5, "0.5"), (-1, "-1.0")] {
      let found = reason { recording in
        recording.edit(step: 3) { rows, row in
          rows.words[row * layout.width] = action.bitPattern
        }
      }
      #expect(found == "the action of step 3 is \(text), which is not a choice")
    }
    for flags: UInt8 in [3, 4, 255] {
      let found = reason { $0.edit(step: 4) { rows, row in rows.flags[row] = flags } }
      #expect(found == "step 4 has the impossible flags \(flags)")
    }
    let found = reason { $0.edit(step: 5) { rows, row in rows.flags[row] = 1 } }
    #expect(found == "step 6 comes after the episode's end")
    #expect(reason { $0.header.episodeSteps = 5 }?.contains("beyond the limit of 5") == true)
    // The sum of rewards is checked by itself.
    var total = recording.contents
    let done = RecordingFormat.done(
      steps: recording.rows[0].count, chunks: 1, totalReward: 1e9,
      chain: total.bytes.number(at: total.count - 4, as: UInt32.self))
    total = total.dropLast(32) + RecordingFormat.chunk(.done, done).bytes
    #expect(damage(Data(total))?.contains("its last chunk says 1000000000.0") == true)
  }

  @Test func impossibleHeadersAreRefused() throws {
    var recording = try EditableRecording(Self.small.get())
    // The files made here have no steps.
    recording.header.end = nil
    let header = recording.header
    func reason(_ text: String, _ replacement: String) -> String? {
      let json = String(decoding: header.json, as: UTF8.self)
      guard json.contains(text) else { return "\(text) is not in \(json)" }
      let changed = json.replacingOccurrences(of: text, with: replacement)
      return damage(
        assemble(header: Array(changed.utf8), steps: [], count: 0, totalReward: 0))
    }
    let start = "its header is not valid: "
    let isNoJSON = "\(start)it is not the JSON that was expected"
    #expect(reason("\"mode\"", "\"mode\"") == nil)
    #expect(reason("9.8", "NaN") == isNoJSON)
    #expect(reason("9.8", "1e999") == isNoJSON)
    #expect(reason("9.8", "\"nan\"") == "\(start)its parameters can't be right")
    #expect(reason("9.8", "\"inf\"") == "\(start)its parameters can't be right")
    #expect(reason("}", "") == isNoJSON)
    #expect(reason("\"mode\":\"deterministic\"", "\"mode\":\"psychic\"") == isNoJSON)
    #expect(reason("\"seed\":\"2\"", "\"seed\":\"-2\"")?.contains("seed is not an") == true)
    #expect(reason("\"seed\":\"2\"", "\"seed\":2") == isNoJSON)
    #expect(
      reason("\"episode-steps\":500", "\"episode-steps\":10000001")
        == "\(start)its step limit can't be right")
    #expect(
      reason("\"time-step\":0.02", "\"time-step\":-1") == "\(start)its time step can't be right")
    #expect(
      reason("\"count\":2", "\"low\":[0]")
        == "\(start)its action space is neither discrete nor a box")
    #expect(reason("\"count\":2", "\"count\":0") == "\(start)its number of actions can't be right")
    #expect(
      reason("\"initial-hash\":\"", "\"initial-hash\":\"x")
        == "\(start)its initial hash is not a 64-bit hexadecimal number")
    for text in ["\\u001b[2J", "\\n", "\\u0085"] {
      #expect(
        reason("\"id\":\"cartpole-v1", "\"id\":\"\(text)") == "\(start)its text can't be right")
      #expect(
        reason("\"name\":\"gravity", "\"name\":\"\(text)") == "\(start)its text can't be right")
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(
      damage(assemble(header: Array(deep.utf8), steps: [], count: 0, totalReward: 0)) == isNoJSON)
    var wide = header
    wide.actionSpace = .box(
      low: .init(repeating: 0, count: 4097), high: .init(repeating: 1, count: 4097))
    #expect(
      damage(assemble(header: wide.json, steps: [], count: 0, totalReward: 0))
        == "\(start)its number of actions can't be right")
  }
}
