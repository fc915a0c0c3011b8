internal import CKernels

/// The implementation that multiplies matrices.
public enum KernelBackend: String, Codable, Sendable, CaseIterable {
  /// The suite's own kernels, but OpenBLAS for networks with a layer wider than 512.
  case automatic
  /// The suite's own kernels, whose results depend neither on row position nor on batch size.
  case kernels
  /// OpenBLAS for every product.
  case openBLAS

  /// The backend of all matrix products; set it before any computation starts.
  public static var current: KernelBackend {
    get { selectedBackend }
    set { selectedBackend = newValue }
  }

  /// Greatest layer width at which `automatic` uses the suite's kernels, which lack cache blocking.
  public static let widestKernelLayer = 512

  /// The version of the suite's kernels in use: `v4` (AVX-512), `v3` (AVX2) or `baseline`.
  ///
  /// The environment variable `RLSUITE_KERNELS` selects another; v3 and v4 produce the same bits.
  public static var instructionSet: String { String(cString: ck_instruction_set()) }

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

  /// Returns whether a network whose widest layer has this width runs on OpenBLAS.
  static func usesOpenBLAS(width: Int) -> Bool {
    switch selectedBackend {
    case .automatic: width > widestKernelLayer
    case .kernels: false
    case .openBLAS: true
    }
  }
}

// Written once at start, before any thread that could read it exists.
nonisolated(unsafe) private var selectedBackend = KernelBackend.automatic
