public import LinearAlgebra
public import Storage

extension TensorArchive {
  /// Adds the state of a random stream.
  public mutating func set(_ stream: RandomStream, named name: String) {
    set("\(name).stream", .words(stream.words))
  }

  /// Reads a random stream.
  ///
  /// - Throws: `ArchiveError` if the stream is missing or its state is all zeros, from which a
  ///   generator yields only zeros and an unbiased draw never ends.
  public func stream(named name: String) throws(ArchiveError) -> RandomStream {
    let words = try words("\(name).stream", count: 4)
    guard words.contains(where: { $0 != 0 }) else {
      throw .invalid(reason: "\(scope)\(name).stream has a state of zeros")
    }
    return RandomStream(words: words)
  }

  /// Adds random streams, one for each environment: `<name>.0`, `.1` and so on.
  public mutating func set(_ streams: [RandomStream], named name: String) {
    for (i, stream) in streams.enumerated() { set(stream, named: "\(name).\(i)") }
  }

  /// Reads random streams, one for each environment.
  public func streams(named name: String, count: Int) throws(ArchiveError) -> [RandomStream] {
    var streams: [RandomStream] = []
    for i in 0..<count { streams.append(try stream(named: "\(name).\(i)")) }
    return streams
  }

  /// Adds an agent's counts, with its environment steps first.
  public mutating func setProgress(_ counts: [Int]) {
    set("progress", .words(counts.map { UInt64($0) }))
  }

  /// Reads an agent's counts.
  public func progress(count: Int) throws(ArchiveError) -> [Int] {
    let words = try words("progress", count: count)
    guard words.allSatisfy({ $0 < 1 << 62 }) else {
      throw .invalid(reason: "its step count is impossible")
    }
    return words.map { Int($0) }
  }
}
