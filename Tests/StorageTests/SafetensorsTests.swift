import Foundation
import TestSupport
import Testing
import Storage

@Suite struct SafetensorsTests {
  private var sample: TensorArchive {
    var archive = TensorArchive()
    archive.metadata = ["a": "é\"\\\n", "policy": "{}"]
    archive.set("weights", .floats([1, -2.5, .nan, Float(bitPattern: 7), 4, 5]), shape: [2, 3])
    archive.set("moments", .doubles([.pi, -0.0]))
    archive.set("stream", .words([0, .max, 1 << 63]))
    archive.set("empty", .floats([]))
    return archive
  }

  @Test func roundTripKeepsEveryBit() throws {
    let data = sample.safetensors
    let copy = try TensorArchive(safetensors: data)
    #expect(copy.metadata == sample.metadata)
    #expect(copy.safetensors == data)
    #expect(copy.tensors["weights"]?.shape == [2, 3])
    let weights = try copy.floats("weights", count: 6)
    #expect(weights[2].isNaN && weights[3] == Float(bitPattern: 7))
    #expect(try copy.doubles("moments")[1].sign == .minus)
    #expect(try copy.words("stream") == [0, .max, 1 << 63])
    #expect(try copy.floats("empty") == [])
  }

  @Test func dataIsAlignedForOtherReaders() {
    let data = sample.safetensors
    let header = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    #expect(header % 8 == 0)
  }

  /// Written by the format's own Python package (safetensors 0.5.3): {"b": [1.5, -2]} in F32.
  @Test func readsAFileOfTheReferenceImplementation() throws {
    let header = #"{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let file = Self.file(header: header, body: bytes(hexadecimal: "0000c03f000000c0"))
    let archive = try TensorArchive(safetensors: file)
    #expect(try archive.floats("b") == [1.5, -2])
  }

  @Test func everyTruncationIsRefused() {
    let data = sample.safetensors
    for count in 0..<data.count {
      #expect(throws: ArchiveError.self, "cut to \(count) bytes") {
        _ = try TensorArchive(safetensors: data.prefix(count))
      }
    }
    #expect(throws: ArchiveError.self) { _ = try TensorArchive(safetensors: data + [0]) }
  }

  /// Any single damaged byte is refused or read as something; it never ends the process.
  @Test func everyChangedByteIsSurvived() {
    let data = sample.safetensors
    for index in data.indices {
      for value in [UInt8(0x00), 0x22, 0x39, 0x7D, 0xFF] {
        var damaged = data
        damaged[index] = value
        _ = try? TensorArchive(safetensors: damaged)
      }
    }
  }

  @Test(
    arguments: [
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
      #"{"a":{"dtype":"Q7","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[1e99],"data_offsets":[0,8]}}"#,
      #"{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}x"#,
      #"{"a":{"dtype":"F32","shape":["# + String(repeating: "1,", count: 40)
        + #"2],"data_offsets":[0,8]}}"#,
      #"{"__metadata__":{"a":"1","a":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "{\"a\u{1}\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      #"{"a":{"b":"c"}}"#, #"{"a":7}"#, "[]", "{", "null", "",
      String(repeating: "[", count: 100_000),
    ])
  func hostileHeadersAreRefused(header: String) {
    let file = Self.file(header: header, body: Data(count: 8))
    #expect(throws: ArchiveError.self) { _ = try TensorArchive(safetensors: file) }
  }

  @Test func headersThatAreNotUTF8AreRefused() {
    var file = Data([2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28])
    #expect(throws: ArchiveError.self) { _ = try TensorArchive(safetensors: file) }
    file = Data([UInt8](repeating: 0xFF, count: 64))
    #expect(throws: ArchiveError.self) { _ = try TensorArchive(safetensors: file) }
  }

  /// A text is no file with a header of exabytes, and a long name is not repeated in full.
  @Test func errorsSayWhatIsThere() {
    func message(_ data: Data) -> String {
      do {
        _ = try TensorArchive(safetensors: data)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(
      message(Data("iteration,steps,loss\n1,2,3\n".utf8))
        == "it is not a safetensors file: it begins with the text 'iteration,steps,loss'")
    #expect(
      message(Data([0x89] + Array(repeating: 0xFF, count: 63))) == "it is not a safetensors file")
    #expect(
      message(Self.file(header: String(repeating: " ", count: 1 << 25 + 1), body: Data()))
        == "its header has 33554433 bytes, and at most 33554432 are read")
    let name = String(repeating: "x", count: 1_000_000)
    let header = #"{"\#(name)":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#
    let error = message(Self.file(header: header, body: Data(count: 8)))
    #expect(error.contains("does not fit 8 bytes") && error.utf8.count < 500)
  }

  /// Headers are read in memory that is a small multiple of their size.
  @Test func largeHeadersAreRead() throws {
    let count = 20_000
    let entries = (0..<count).map {
      #""episode.\#($0).actions":{"data_offsets":[\#(4 * $0),\#(4 * $0 + 4)],"dtype":"F32","shape":[1]}"#
    }
    let file = Self.file(
      header: "{\(entries.joined(separator: ","))}", body: Data(count: 4 * count))
    #expect(try TensorArchive(safetensors: file).tensors.count == count)
  }

  private static func file(header: String, body: Data) -> Data {
    let count = header.utf8.count
    return Data((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
      + Data(header.utf8) + body
  }
}
