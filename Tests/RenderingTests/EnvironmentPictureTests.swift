import Environments
import Foundation
import LinearAlgebra
import RLCore
import Rendering
import TestSupport
import Testing
import Storage

/// Pictures of every registered environment.
@Suite struct EnvironmentPictureTests {
  private static let identifiers = EnvironmentRegistry.all.filter(\.hasPicture)
    .map(\.identifier)

  /// The scene of an episode after some steps of the environment's controller, or of rest.
  private func scene(_ identifier: String, steps: Int) throws -> Scene {
    let registered = try #require(EnvironmentRegistry.find(identifier))
    let environment = registered.construct(1)
    environment.reset(environment: 0, seed: 7)
    var controller = ControllerRegistry.all.first {
      $0.environmentIdentifiers.contains(identifier)
    }?.make()
    let actions = Matrix(rows: 1, columns: registered.specification.actionWidth)
    for _ in 0..<steps {
      let row = actions.mutableRow(0)
      var action = row.mutableSpan
      controller?.act(on: environment.batch.observations.row(0).span, action: &action)
      environment.step(actions: actions, in: 0..<1)
    }
    return environment.scene(of: 0)
  }

  private func picture(
    _ identifier: String, steps: Int, width: Int = 600, height: Int = 400
  ) throws -> Picture {
    let scene = try scene(identifier, steps: steps)
    return try SceneRenderer(width: width, height: height).draw(scene)
  }

  @Test(arguments: identifiers) func showSomething(identifier: String) throws {
    for steps in [0, 30] {
      #expect(try !scene(identifier, steps: steps).elements.isEmpty)
      let picture = try picture(identifier, steps: steps)
      let colors = Set((0..<240_000).map { picture[$0 % 600, $0 / 600] })
      #expect(colors.count > 100, "\(colors.count) colours")
    }
  }

  @Test(arguments: identifiers) func otherStatesLookDifferent(identifier: String) throws {
    let difference = try PictureDifference(
      picture(identifier, steps: 0), picture(identifier, steps: 30))
    #expect(difference.visibleShare > 0.001, "\(difference)")
  }

  @Test(arguments: identifiers) func equalStatesLookTheSame(identifier: String) throws {
    #expect(try picture(identifier, steps: 30) == picture(identifier, steps: 30))
  }

  /// What is cut off beyond the edges must not be missed within: a picture twice as wide holds the
  /// same landscape.
  @Test(arguments: identifiers) func widerPicturesShowTheSame(identifier: String) throws {
    let narrow = try picture(identifier, steps: 30)
    let wide = try picture(identifier, steps: 30, width: 1200)
    let middle = try Picture(width: 600, height: 400)
    for i in 0..<240_000 { middle.pixels[i] = wide[300 + i % 600, i / 600] }
    let difference = PictureDifference(narrow, middle)
    #expect(difference.visibleShare < 0.01, "\(difference)")
  }

  /// Compares with pictures that somebody has looked at.
  ///
  /// On the machine that made them not a bit differs.  Other versions of Cairo and other
  /// processors move edges by a fraction of a pixel: that changes many pixels by a level or two
  /// and few by more than eight.  A body that moved on by a few steps changes several times as
  /// many, which `goldenPicturesTellStatesApart` makes sure of.  There is no overlay, because
  /// Cairo 1.18 places letters by fractions of pixels; those of the scenes are few.
  ///
  /// `RLSUITE_WRITE_GOLDEN=1 swift test --enable-swift-testing --disable-xctest -c release --filter goldenPicturesAreMatched` makes new
  /// ones.
  @Test(arguments: identifiers) func goldenPicturesAreMatched(identifier: String) throws {
    let actual = try picture(identifier, steps: 30, width: 300, height: 200)
    let golden = Self.goldenPath(identifier)
    if ProcessInfo.processInfo.environment["RLSUITE_WRITE_GOLDEN"] != nil {
      try FileSystem.makeFolder(Fixture.url("Golden").path)
      try actual.write(to: golden)
    }
    let difference = PictureDifference(try Picture.readPNG(golden), actual)
    guard !difference.isWithinTolerance else { return }
    let folder = FileManager.default.temporaryDirectory.appending(path: "rlsuite-pictures").path
    try FileSystem.makeFolder(folder)
    let path = "\(folder)/\(identifier).png"
    try actual.write(to: path)
    Issue.record("\(identifier) differs from \(golden): \(difference); see \(path)")
  }

  @Test(arguments: identifiers) func goldenPicturesTellStatesApart(identifier: String) throws {
    let golden = try Picture.readPNG(Self.goldenPath(identifier))
    let later = try picture(identifier, steps: 40, width: 300, height: 200)
    let difference = PictureDifference(golden, later)
    #expect(!difference.isWithinTolerance, "\(difference)")
  }

  private static func goldenPath(_ identifier: String) -> String {
    Fixture.url("Golden/\(identifier).png").path
  }
}

/// How far two pictures of one size are apart.
private struct PictureDifference: CustomStringConvertible {
  /// Mean absolute difference of the components, in levels of 255.
  var mean = 0.0
  /// Part of the pixels with a component more than eight levels off.
  var visibleShare = 0.0

  init(_ first: Picture, _ second: Picture) {
    let count = first.width * first.height
    var (total, visible) = (0, 0)
    for i in 0..<count {
      var largest = 0
      for shift in [UInt32(0), 8, 16] {
        let (a, b) = (first.pixels[i] >> shift & 255, second.pixels[i] >> shift & 255)
        let difference = abs(Int(a) - Int(b))
        total += difference
        largest = max(largest, difference)
      }
      if largest > 8 { visible += 1 }
    }
    mean = Double(total) / Double(3 * count)
    visibleShare = Double(visible) / Double(count)
  }

  var isWithinTolerance: Bool { mean <= 0.25 && visibleShare <= 0.004 }

  var description: String {
    "mean difference \(mean) levels, \(visibleShare * 100) % of the pixels by more than 8"
  }
}
