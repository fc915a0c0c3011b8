import Environments
import Foundation
import LinearAlgebra
import RLCore
import Rendering

/// Cases that measure drawing the walker, 600 × 400, without the time of stepping it.
enum RenderingCases {
  static let all = [
    BenchmarkCase(name: "render-walker") { _ in
      let renderer = try SceneRenderer()
      return [try rate("render-walker") { renderer.draw($0.scene(of: 0)) }]
    },
    BenchmarkCase(name: "render-walker-png") { _ in
      let renderer = try SceneRenderer()
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "rlsuite-bench-\(getpid())")
      defer { try? FileManager.default.removeItem(at: folder) }
      var writer = try FrameWriter(folder: folder.path)
      return [
        try rate("render-walker-png") { environment in
          if writer.count == frames { writer = try FrameWriter(folder: folder.path) }
          try writer.write(renderer.draw(environment.scene(of: 0), overlay: overlay))
        }
      ]
    },
  ]

  private static let frames = 300

  private static let overlay = Overlay(
    title: "walker", step: 1234, steps: 1600, time: 24.68, reward: 0.12, episodeReturn: 123.4,
    action: .init([0.5, -0.5, 1, -1], of: BipedalWalker.specification))

  /// Measures the frames per second, scenes included, of the fastest of five episodes.
  private static func rate(
    _ name: String, draw: (any BatchedEnvironment) throws -> Void
  ) throws -> Measurement {
    guard let registered = EnvironmentRegistry.find("walker"),
      let heuristic = ControllerRegistry.find("walker-heuristic")
    else { preconditionFailure("no walker") }
    let environment = registered.construct(1)
    let actions = Matrix(rows: 1, columns: registered.specification.actionWidth)
    var best = (wall: Double.infinity, processor: Double.infinity)
    for _ in 0..<5 {
      environment.reset(seeds: .training(runSeed: 1))
      var controller = heuristic.make()
      var time = (wall: 0.0, processor: 0.0)
      for _ in 0..<frames {
        let row = actions.mutableRow(0)
        var action = row.mutableSpan
        controller.act(on: environment.batch.observations.row(0).span, action: &action)
        environment.step(actions: actions, in: 0..<1)
        let start = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        try draw(environment)
        time.wall += seconds(CLOCK_MONOTONIC) - start.0
        time.processor += seconds(CLOCK_PROCESS_CPUTIME_ID) - start.1
      }
      best = (min(best.wall, time.wall), min(best.processor, time.processor))
    }
    return Measurement(
      name: name, value: Double(frames) / best.wall, unit: "frames/s",
      processorValue: Double(frames) / best.processor, parameters: ["width": 600, "height": 400])
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
