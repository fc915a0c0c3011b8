import Foundation
import TestSupport
import Testing

/// What runs say about OpenBLAS's choice of kernels.
@Suite struct OpenBLASWarningTests {
  private static let hasAVX2 =
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" avx2 ") == true

  @Test(.enabled(if: hasAVX2), arguments: ["Prescott", "Haswell"])
  func oldKernelsAreSaid(core: String) throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "300", "--envs", "2",
      "--set", "steps-per-rollout=64", "--set", "minibatch-size=64", "--eval-every", "300",
      "--eval-episodes", "1", "--quiet",
      "--out", "run", in: folder, prefix: ["OPENBLAS_CORETYPE=\(core)"])
    #expect(result.status == 0)
    let isOld = core == "Prescott"
    let lines = result.errors.split(separator: "\n").filter { $0.contains("OpenBLAS") }
    #expect(lines.count == (isOld ? 1 : 0))
    #expect(!isOld || lines.first?.hasPrefix("rlsuite: OpenBLAS runs its Prescott kernels") == true)
    #expect(try folder.text("run/manifest.json").contains("openblas-warning") == isOld)
    let inspected = try Tool.run("inspect", "run", in: folder)
    #expect(inspected.output.contains("OpenBLAS runs its Prescott kernels") == isOld)
  }
}
