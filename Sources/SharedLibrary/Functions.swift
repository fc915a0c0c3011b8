internal import CRLSuite
internal import Experiments
internal import Foundation
internal import RLCore
internal import Storage

// The functions of `rlsuite.h`, which documents them.

/// Implements `rlsuite_abi_version`.
@_cdecl("rlsuite_abi_version") public func abiVersion() -> UInt32 { UInt32(RLSUITE_ABI_VERSION) }

/// Implements `rlsuite_last_error`.
@_cdecl("rlsuite_last_error") public func lastError(
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  Boundary.run { try Boundary.write(LastError.text, to: buffer, capacity, length) }
}

/// Implements `rlsuite_version`.
@_cdecl("rlsuite_version") public func version(
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  Boundary.run { try Boundary.write(suiteVersion, to: buffer, capacity, length) }
}

/// An environment in a list.
private struct ListEntry: Encodable {
  var id: String
  var summary: String
}

/// Implements `rlsuite_list`.
@_cdecl("rlsuite_list") public func list(
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  Boundary.run {
    let entries = Registry.standard.environments.map {
      ListEntry(id: $0.identifier, summary: $0.specification.summary)
    }
    try Boundary.write(JSON.text(entries), to: buffer, capacity, length)
  }
}

/// Implements `rlsuite_describe`.
@_cdecl("rlsuite_describe") public func describe(
  _ id: UnsafePointer<CChar>?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  Boundary.run {
    let environment = try Registry.standard.environment(try Boundary.text(id, "the id"))
    try Boundary.write(
      JSON.text(EnvironmentDescription(environment)), to: buffer, capacity, length)
  }
}

/// Implements `rlsuite_destroy`.
@_cdecl("rlsuite_destroy") public func destroy(_ handle: UInt64) -> Int32 {
  Boundary.run { try HandleTable.shared.remove(handle) }
}
