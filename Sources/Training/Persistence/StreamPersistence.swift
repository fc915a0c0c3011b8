public import LinearAlgebra
public import Storage

extension TensorArchive {
  /// Adds the state of a random stream.
  public mutating func set(_ stream: RandomStream, named name: String) {
    set("\(name).stream", .words(stream.words))
  }

  /// Reads a random stream.
  ///
  /// - Throws: ``ArchiveError`` also for a state of zeros: nothing but zero would ever come from it,
  ///   and a draw without bias would wait for something else for ever.
  public func stream(named name: String) throws(ArchiveError) -> RandomStream {
    let words = try words("\(name).stream", count: 4)
    guard words.contains(where: { $0 != 0 }) else {
      throw .invalid(reason: "\(name).stream has a state of zeros")
    }
    return RandomStream(words: words)
  }

  /// Adds what an agent has counted, its environment steps first.
  public mutating func setProgress(_ counts: [Int]) {
    set("progress", .words(counts.map { UInt64($0) }))
  }

  /// Reads what an agent has counted.
  public func progress(count: Int) throws(ArchiveError) -> [Int] {
    let words = try words("progress", count: count)
    guard words.allSatisfy({ $0 < 1 << 62 }) else {
      throw .invalid(reason: "its step count is impossible")
    }
    return words.map { Int($0) }
  }
}
