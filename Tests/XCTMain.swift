import Foundation
import Testing

/// Where tests start.
///
/// With a file of this name, Swift's package manager does not look for tests of XCTest, of which there are none, in an
/// index of all sources, whose making takes a fifth of the time of a build.
@main struct TestMain {
  static func main() async {
    if CommandLine.arguments.contains("swift-testing") {
      await Testing.__swiftPMEntryPoint() as Never
    }
    FileHandle.standardError.write(
      Data(
        "There are no tests of XCTest: swift test --enable-swift-testing --disable-xctest\n".utf8))
    exit(64)
  }
}
