internal import Glibc

/// Allocates zeroed memory for `count` floats, aligned to 64 bytes and a multiple of 64 bytes long.
func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
  var memory: UnsafeMutableRawPointer?
  guard posix_memalign(&memory, 64, bytes) == 0, let memory else {
    // Unlike a precondition's, this message is written by release builds too.
    fatalError("failed to allocate \(bytes) bytes of memory")
  }
  memset(memory, 0, bytes)
  return memory.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
}
