import CFuzzer
import Foundation
import Storage

/// Reads whatever libFuzzer thinks of as a file of HDF5.
///
/// A reader may refuse it, with one sentence; it may not crash, hang or make numbers from nothing.
private func readHDF5(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let contents = Data(UnsafeBufferPointer(start: start, count: count))
  accept {
    var reader = try HDF5Reader(contents)
    try read(reader.root, in: &reader, contents.count, depth: 0)
  }
  return 0
}

/// Reads an object as an array, and as a group with its members.
private func read(
  _ object: HDF5Reader.Object, in reader: inout HDF5Reader, _ bytes: Int, depth: Int
) throws(HDF5Error) {
  accept {
    let numbers = try reader.numbers(of: object)
    precondition(numbers.shape.reduce(1, *) == numbers.values.count)
    precondition(numbers.values.count <= 1032 * bytes, "more numbers than any compression makes")
  }
  guard depth < 3 else { return }
  for member in try reader.members(of: object).values.prefix(20) {
    try read(member, in: &reader, bytes, depth: depth + 1)
  }
}

/// Runs a body that may be refused.
private func accept(_ body: () throws -> Void) {
  do {
    try body()
  } catch let error as HDF5Error {
    switch error {
    case .damaged(let reason), .unsupported(let reason):
      precondition(!reason.isEmpty && !reason.contains("\n"), "refused by \(error)")
    }
  } catch {
    fatalError("refused by \(error)")
  }
}

// SwiftPM's executables have a main of their own, so libFuzzer's is not used.
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments) { readHDF5($0, $1) })
