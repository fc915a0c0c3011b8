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
}
