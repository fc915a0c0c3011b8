// The functions of `rlsuite.h` for policies, documented there.

/// Runs a body with a policy.
private func withPolicy(_ handle: UInt64, _ body: (PolicySession) throws -> Void) -> Int32 {
  Boundary.run { try HandleTable.shared.with(PolicySession.self, handle, body) }
}

/// Implements `rlsuite_policy_load`.
@_cdecl("rlsuite_policy_load") public func policyLoad(
  _ path: UnsafePointer<CChar>?, _ environment: UnsafePointer<CChar>?,
  _ policy: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  Boundary.run {
    let policy = try Boundary.required(policy, "the policy")
    let session = try PolicySession(
      try Boundary.text(path, "the path"),
      environment: environment == nil ? nil : try Boundary.text(environment, "the environment"))
    policy.pointee = HandleTable.shared.add(session)
  }
}

/// Implements `rlsuite_policy_describe`.
@_cdecl("rlsuite_policy_describe") public func policyDescribe(
  _ policy: UInt64, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  withPolicy(policy) { try Boundary.write($0.description, to: buffer, capacity, length) }
}

/// Implements `rlsuite_policy_act`.
@_cdecl("rlsuite_policy_act") public func policyAct(
  _ policy: UInt64, _ observations: UnsafePointer<Float>?, _ observationCount: Int64,
  _ rows: Int64, _ isDeterministic: Int32, _ actions: UnsafeMutablePointer<Float>?,
  _ actionCount: Int64
) -> Int32 {
  withPolicy(policy) {
    try $0.act(
      on: observations, observationCount, rows: rows, isDeterministic: isDeterministic != 0,
      actions: actions, actionCount)
  }
}

/// Implements `rlsuite_policy_begin`.
@_cdecl("rlsuite_policy_begin") public func policyBegin(
  _ policy: UInt64, _ row: Int64, _ seed: UInt64
) -> Int32 {
  withPolicy(policy) { try $0.begin(row: row, seed: seed) }
}
