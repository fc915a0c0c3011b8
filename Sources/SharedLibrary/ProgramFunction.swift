internal import CRLSuite
internal import Foundation
internal import RLSuiteTool

/// Implements `rlsuite_run_program`.
@_cdecl("rlsuite_run_program") public func runProgram() -> Int32 {
  CommandLineTool.main()
  exit(Int32(RLSUITE_OK))
}
