import Foundation
import Storage
import TestSupport
import Testing

/// The verb `export`, and what it refuses.
@Suite struct ExportCommandTests {
  @Test func aRunIsExported() throws {
    let folder = try TemporaryFolder()
    let trained = try Tool.run(
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "2000", "--eval-every", "2000",
      "--eval-episodes", "2", "--out", "run", "--quiet", in: folder)
    #expect(trained.status == 0, "\(trained.errors)")
    let result = try Tool.run("export", "run", "-n", "3", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output.hasPrefix("run/export/policy.onnx\nrun/export/policy.h\nrun/export/policy.py\n")
    )
    #expect(result.output.hasSuffix("over 10000 observations: 0.0 of half the action's range\n"))
    let again = try Tool.run("export", "run", in: folder)
    #expect(again.status == 64)
    #expect(again.remarks.contains("run/export exists"))
    let chosen = try Tool.run(
      "export", "run", "--format", "c", "--out", "other", "-n", "3", "--json", in: folder)
    #expect(chosen.status == 0, "\(chosen.errors)")
    #expect(chosen.output.contains(#""files":["other/policy.h","other/README.md"]"#))
  }

  @Test func whatCanNotBeExportedIsRefused() throws {
    let folder = try TemporaryFolder()
    let controller = try Tool.run("export", "walker-heuristic", in: folder)
    #expect(controller.status == 64)
    #expect(controller.remarks.contains("this one is a controller or planner"))
    let format = try Tool.run("export", "walker-heuristic", "--format", "onx", in: folder)
    #expect(format.status == 64)
    #expect(format.remarks.contains("did you mean 'onnx'?"))
    let missing = try Tool.run("export", "nowhere/policy.safetensors", in: folder)
    #expect(missing.status == 66)
    #expect(folder.contents == ["stderr", "stdout"])
  }
}
