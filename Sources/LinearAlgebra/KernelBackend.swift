internal import CKernels

/// Which implementation multiplies matrices.
public enum KernelBackend: String, Codable, Sendable, CaseIterable {
  /// The suite's own kernels, and OpenBLAS for networks with a layer wider than 512.
  case automatic
  /// The suite's own kernels, whose results depend neither on row position nor on batch size.
  case kernels
  /// OpenBLAS for every product.
  case openBLAS

  /// The backend of all products from now on; set it before anything computes.
  public static var current: KernelBackend {
    get { selectedBackend }
    set { selectedBackend = newValue }
  }

  /// The widest layer that `automatic` gives to the suite's kernels, which do not block for caches.
  public static let widestKernelLayer = 512

  /// The version of the suite's kernels in use: `v4` (AVX-512), `v3` (AVX2) or `baseline`.
  ///
  /// The environment variable `RLSUITE_KERNELS` chooses another; v3 and v4 give the same bits.
  public static var instructionSet: String { String(cString: ck_instruction_set()) }

  /// Runs a body whose kernels, on this thread, are of a certain version; for tests.
  ///
  /// - Parameters:
  ///   - name: `v4`, `v3` or `baseline`.
  ///   - body: What to run.
  /// - Returns: What the body returned, or nil if this CPU lacks that version.
  package static func withInstructionSet<Result>(_ name: String, _ body: () -> Result) -> Result? {
    guard ck_select(name) else { return nil }
    defer { ck_select(nil) }
    return body()
  }

  /// Keeps this core's multiply-add units busy with nothing else to wait for.
  ///
  /// - Returns: The number of floating-point operations done, a multiply-add counting two.
  package static func multiplyAdds(rounds: Int) -> Int {
    var result: Float = 0
    return ck_multiply_adds(rounds, &result)
  }

  /// Whether a network whose widest layer is `width` runs on OpenBLAS.
  static func usesOpenBLAS(width: Int) -> Bool {
    switch selectedBackend {
    case .automatic: width > widestKernelLayer
    case .kernels: false
    case .openBLAS: true
    }
  }
}

// Written once at start, before any thread exists that could read it.
nonisolated(unsafe) private var selectedBackend = KernelBackend.automatic
