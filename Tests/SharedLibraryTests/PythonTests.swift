import Foundation
import TestSupport
import Testing

/// The Python package's own tests, with the library as it was built beside these.
@Suite struct PythonTests {
  @Test func thePackageStepsReadsAndComplains() throws {
    guard Python.has("numpy") else {
      print("skipped: python3 has no NumPy")
      return
    }
    let build = (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath().deletingLastPathComponent()
    let program = """
      import os, sys, unittest
      os.environ["RLSUITE_LIBRARY"] = sys.argv[1]
      sys.stderr = sys.stdout
      # Those of Stable-Baselines3 train, which takes too long.
      unittest.main(module=None, argv=["python3", "discover", "-s", ".", "-p", "test_*[a-z].py"])
      """
    let tests = Fixture.url("").deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Python/tests").path
    let library = build.appending(path: "librlsuite-shared.so").path
    let result = try Python.run(["-B", "-c", program, library], in: tests)
    #expect(result.status == 0, "\(result.output.suffix(4000))")
    print(result.output.suffix(400))
  }
}
