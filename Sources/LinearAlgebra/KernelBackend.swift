internal import CKernels

/// The suite's kernels, which compute everything that networks do.
///
/// Results depend neither on a row's position nor on the batch size nor on the number of threads.
public enum KernelBackend {
  /// The version of the kernels in use: `v4` (AVX-512), `v3` (AVX2) or `baseline`.
  ///
  /// The environment variable `RLSUITE_KERNELS` selects another; v3 and v4 produce the same bits.
  public static var instructionSet: String { String(cString: ck_instruction_set()) }

  /// Returns whether this CPU can run a version of the kernels.
  package static func isAvailable(_ name: String) -> Bool { withInstructionSet(name) {} != nil }

  /// Calls a closure with a given version of the kernels on this thread; for tests.
  ///
  /// - Parameters:
  ///   - name: Version of the kernels: `v4`, `v3` or `baseline`.
  ///   - body: Closure to call.
  /// - Returns: The closure's result; nil if this CPU lacks that version.
  package static func withInstructionSet<Result>(_ name: String, _ body: () -> Result) -> Result? {
    guard ck_select(name) else { return nil }
    defer { ck_select(nil) }
    return body()
  }

  /// Keeps this core's multiply-add units busy with independent operations, to measure its peak.
  ///
  /// - Returns: The number of floating-point operations done; a multiply-add counts as two.
  package static func multiplyAdds(rounds: Int) -> Int {
    var result: Float = 0
    return ck_multiply_adds(rounds, &result)
  }
}

extension Matrix {
  /// Sets the matrix [m × n] to the product of two others, [m × k] and [k × n], computed by the
  /// kernels.
  package func setToKernelProduct(_ left: Matrix, _ right: Matrix) {
    precondition(
      rows == left.rows && left.columns == right.rows && columns == right.columns,
      "a product of \(left.rows) × \(left.columns) and \(right.rows) × \(right.columns)")
    ck_dense_forward(
      rows, columns, left.columns, left.base, left.stride, right.base, right.stride, nil, 0, nil,
      ActivationKernel.identity.rawValue, base, stride, nil, 0)
  }
}
