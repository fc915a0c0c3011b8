public import CRLSuite
internal import Foundation
internal import LinearAlgebra
internal import RLCore

// The functions of `rlsuite.h` for vectors of environments, documented there.

/// Runs a body with a vector.
private func withVector(_ handle: UInt64, _ body: (VectorSession) throws -> Void) -> Int32 {
  Boundary.run { try HandleTable.shared.with(VectorSession.self, handle, body) }
}

/// Implements `rlsuite_create`.
@_cdecl("rlsuite_create") public func create(
  _ configuration: UnsafePointer<CChar>?, _ vector: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  Boundary.run {
    let vector = try Boundary.required(vector, "the vector")
    let text = try Boundary.text(configuration, "the configuration")
    let session = try VectorSession(VectorConfiguration.read(text))
    vector.pointee = HandleTable.shared.add(session)
  }
}

/// Implements `rlsuite_get_sizes`.
@_cdecl("rlsuite_get_sizes") public func getSizes(
  _ vector: UInt64, _ sizes: UnsafeMutablePointer<rlsuite_sizes>?
) -> Int32 {
  withVector(vector) { session in
    let choices =
      switch session.environment.specification.actionSpace {
      case .box: 0
      case .discrete(let count): count
      }
    try Boundary.required(sizes, "sizes").pointee = rlsuite_sizes(
      environments: Int64(session.count), observation_width: Int64(session.observationWidth),
      action_width: Int64(session.actionWidth), choices: Int64(choices),
      disturbance_width: Int64(session.environment.disturbances?.columns ?? 0),
      parameters: Int64(session.registered.parameters.count))
  }
}

/// Implements `rlsuite_bind`.
@_cdecl("rlsuite_bind") public func bind(
  _ vector: UInt64, _ buffers: UnsafePointer<rlsuite_buffers>?, _ size: Int64
) -> Int32 {
  withVector(vector) { session in
    guard size == Int64(MemoryLayout<rlsuite_buffers>.size) else {
      throw Boundary.Misuse(
        "the buffers' structure has \(size) bytes instead of \(MemoryLayout<rlsuite_buffers>.size)")
    }
    try session.bind(try Boundary.required(buffers, "the buffers' structure").pointee)
  }
}

/// Implements `rlsuite_reset`.
@_cdecl("rlsuite_reset") public func reset(
  _ vector: UInt64, _ seeds: UnsafePointer<UInt64>?, _ seedCount: Int64,
  _ mask: UnsafePointer<UInt8>?, _ maskCount: Int64
) -> Int32 {
  withVector(vector) { session in
    try Boundary.check(seedCount, is: seeds == nil ? 0 : session.count, "seeds")
    try Boundary.check(maskCount, is: mask == nil ? 0 : session.count, "the mask")
    try session.reset(seeds: seeds, mask: mask)
  }
}

/// Implements `rlsuite_step`.
@_cdecl("rlsuite_step") public func step(_ vector: UInt64) -> Int32 {
  withVector(vector) { try $0.step() }
}

/// Implements `rlsuite_set_parameter`.
@_cdecl("rlsuite_set_parameter") public func setParameter(
  _ vector: UInt64, _ environment: Int64, _ name: UnsafePointer<CChar>?, _ value: Double
) -> Int32 {
  withVector(vector) { session in
    let name = try Boundary.text(name, "the name")
    let index = environment == -1 ? nil : try session.index(environment)
    try session.environment.setParameter(name, to: value, of: index)
  }
}

/// Implements `rlsuite_get_parameters`.
@_cdecl("rlsuite_get_parameters") public func getParameters(
  _ vector: UInt64, _ environment: Int64, _ values: UnsafeMutablePointer<Double>?, _ count: Int64
) -> Int32 {
  withVector(vector) { session in
    let parameters = session.environment.parameterValues(of: try session.index(environment))
    try Boundary.check(count, is: parameters.count, "values")
    guard !parameters.isEmpty else { return }
    let values = try Boundary.required(values, "values")
    for (j, parameter) in parameters.enumerated() { values[j] = parameter.value }
  }
}

/// Implements `rlsuite_render`.
@_cdecl("rlsuite_render") public func render(
  _ vector: UInt64, _ environment: Int64, _ width: Int64, _ height: Int64,
  _ pixels: UnsafeMutablePointer<UInt8>?, _ count: Int64
) -> Int32 {
  withVector(vector) { session in
    let index = try session.index(environment)
    guard session.episodes[index] >= 0 else {
      throw Boundary.Misuse("environment \(index) must be reset before it is drawn")
    }
    guard (64...4096).contains(width), (64...4096).contains(height) else {
      throw Boundary.Misuse("width and height must lie in 64...4096 and are \(width) and \(height)")
    }
    let pixels = try Boundary.buffer(pixels, count, of: Int(3 * width * height), "pixels")
    try session.render(index, width: Int(width), height: Int(height), to: pixels)
  }
}

/// Implements `rlsuite_snapshot`.
@_cdecl("rlsuite_snapshot") public func snapshot(
  _ vector: UInt64, _ environment: Int64, _ buffer: UnsafeMutablePointer<UInt8>?,
  _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  withVector(vector) { session in
    let bytes = try session.snapshot(of: try session.index(environment))
    try Boundary.write(bytes, isText: false, to: buffer, capacity, length)
  }
}

/// Implements `rlsuite_restore`.
@_cdecl("rlsuite_restore") public func restore(
  _ vector: UInt64, _ environment: Int64, _ bytes: UnsafePointer<UInt8>?, _ count: Int64
) -> Int32 {
  withVector(vector) { session in
    let index = try session.index(environment)
    guard (1...Int64(1 << 30)).contains(count) else {
      throw Boundary.Misuse("a snapshot of \(count) bytes is impossible")
    }
    let bytes = try Boundary.required(bytes, "the snapshot")
    try session.restore(Data(bytes: bytes, count: Int(count)), to: index)
  }
}

/// Implements `rlsuite_state_hash`.
@_cdecl("rlsuite_state_hash") public func stateHash(
  _ vector: UInt64, _ environment: Int64, _ hash: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  withVector(vector) { session in
    let index = try session.index(environment)
    guard session.episodes[index] >= 0 else {
      throw Boundary.Misuse("environment \(index) must be reset before its state is hashed")
    }
    try Boundary.required(hash, "the hash").pointee = session.environment.stateHash(of: index)
  }
}
