import Environments
import Experiments
import Foundation
import RLCore
import Recording
import Report
import Storage
import TestSupport
import Testing

@Suite struct FilmTests {
  /// Whole numbers of a stream, as the player reads them.
  private struct Numbers {
    var bytes: ArraySlice<UInt8>

    mutating func next() -> Int {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = bytes.popFirst() {
        value |= UInt64(byte & 127) << shift
        shift += 7
        if byte < 128 { break }
      }
      return Int(value >> 1) ^ -Int(value & 1)
    }
  }

  private struct Head: Decodable {
    struct Style: Decodable { let kind: String }
    let frames: Int
    let styles: [Style]
    let streams: [Int]
  }

  private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Recordings/Golden")

  static let environments = Registry.standard.environments.map(\.identifier).filter {
    FileSystem.exists("\(golden.path)/\($0).rlrec")
  }

  @Test(arguments: environments)
  func everyElementIsWhereItWas(environment: String) throws {
    let recording = try RecordingReader(path: "\(Self.golden.path)/\(environment).rlrec")
    let registered = try Registry.standard.environment(environment)
    let replay = try Replay(recording, environment: registered.makeVector(1))
    var encoder = FilmEncoder(
      FilmEncoder.Caption(replay, of: registered.specification, stride: 1))
    var scenes: [Scene] = []
    repeat {
      scenes.append(replay.environment.scene(of: 0))
      encoder.add(
        scenes[scenes.count - 1], action: replay.action, disturbance: replay.disturbance,
        reward: replay.reward, totalReward: replay.totalReward)
    } while try scenes.count < 50 && replay.next()

    let contents = encoder.contents
    let end = try #require(contents.firstIndex(of: 0x0A))
    let head = try JSONDecoder().decode(Head.self, from: Data(contents[..<end]))
    #expect(head.frames == scenes.count)
    var place = end + 1
    var streams = head.streams.map { length in
      place += length
      return Numbers(bytes: contents[place - length..<place])
    }
    #expect(place == contents.count)
    var outlines: [[(x: Int, y: Int)]] = []
    while !streams[6].bytes.isEmpty {
      var outline = [(x: 0, y: 0)]
      for _ in 1..<streams[6].next() {
        let last = outline[outline.count - 1]
        outline.append((last.x + streams[6].next(), last.y + streams[6].next()))
      }
      outlines.append(outline)
    }
    var placed: [[Int]] = []
    let unit = scenes[0].camera.height / 2048
    var greatest = 0.0
    for scene in scenes {
      let count = placed.count + streams[1].next()
      placed = (0..<count).map { index in
        let before = index < placed.count ? placed[index] : [0, 0, 0, 0]
        return (0..<4).map { before[$0] + streams[2 + $0].next() }
      }
      let expected = scene.elements.compactMap { Self.points($0, in: scene.camera) }
      try #require(placed.count == expected.count)
      for (element, points) in zip(placed, expected) {
        #expect(head.styles[element[0]].kind == points.kind)
        let outline = outlines[element[1]]
        try #require(outline.count == points.points.count)
        for (corner, point) in zip(outline, points.points) {
          let (x, y) = (Double(element[2] + corner.x), Double(element[3] + corner.y))
          greatest = max(greatest, abs(x * unit - point.x), abs(y * unit - point.y))
        }
      }
    }
    // Half a unit for the place, and two for an outline that was stored elsewhere.
    #expect(greatest <= 2.51 * unit)
  }

  /// Kind and points of an element that is in sight.
  private static func points(
    _ element: Scene.Element, in camera: Scene.Camera
  ) -> (kind: String, points: [Scene.Point])? {
    let (kind, points, reach): (String, [Scene.Point], Double)
    switch element {
    case .polygon(let corners, _, let outline):
      (kind, points, reach) = ("polygon", corners, outline?.width ?? 0)
    case .circle(let center, let radius, _, let outline):
      (kind, points, reach) = ("circle", [center], radius + (outline?.width ?? 0))
    case .line(let corners, let stroke): (kind, points, reach) = ("line", corners, stroke.width)
    case .arrow(let start, let end, let stroke):
      (kind, points, reach) = ("arrow", [start, end], 4 * stroke.width)
    case .text(let text, let anchor, let height, _, _):
      (kind, points, reach) = ("text", [anchor], height * Double(text.count))
    }
    let (xs, ys) = (points.map(\.x).sorted(), points.map(\.y).sorted())
    let (width, height) = (camera.width * 0.55 + reach, camera.height * 0.55 + reach)
    let isInSight =
      xs[xs.count - 1] >= camera.center.x - width && xs[0] <= camera.center.x + width
      && ys[ys.count - 1] >= camera.center.y - height && ys[0] <= camera.center.y + height
    return isInSight ? (kind, points) : nil
  }

  @Test func aFilmOfAWholeWalkIsSmall() throws {
    let film = try #require(
      try EpisodeFilm.make(
        "\(Self.golden.path)/walker.rlrec", name: "walk", registry: .standard))
    #expect(film.base64.utf8.count < 300_000)
    #expect(film.summary.hasPrefix("ppo on walker, seed 0, "), "\(film.summary)")
  }

  @Test func aDivergedSceneIsDrawnWithoutWhatIsNotFinite() throws {
    let recording = try RecordingReader(path: "\(Self.golden.path)/cartpole-v1.rlrec")
    let registered = try Registry.standard.environment("cartpole-v1")
    let replay = try Replay(recording, environment: registered.makeVector(1))
    var encoder = FilmEncoder(
      FilmEncoder.Caption(replay, of: registered.specification, stride: 1))
    var scene = replay.environment.scene(of: 0)
    scene.camera = .init(center: .init(.nan, .infinity), width: .nan, height: 0)
    let point = Scene.Point(.nan, 1e308)
    scene.elements = [
      .line([point, point], .init(.init(0), width: .nan)),
      .circle(center: .init(0, 0), radius: .infinity, fill: nil),
      .text("</script>\0", at: .init(0, 0), height: 1, color: .init(0)),
    ]
    encoder.add(scene, action: [.nan], disturbance: [], reward: .infinity, totalReward: -.infinity)
    #expect(!encoder.contents.isEmpty)
  }
}
