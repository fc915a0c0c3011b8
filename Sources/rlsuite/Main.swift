import RLSuiteTool

/// The suite's own command-line tool.
@main enum Program {
  static func main() { CommandLineTool.main() }
}
