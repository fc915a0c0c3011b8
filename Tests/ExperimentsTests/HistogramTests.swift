import Experiments
import Foundation
import RLCore
import Storage
import TestSupport
import Testing

/// Histograms of weights and features, and what TensorBoard reads of them and of the settings.
@Suite struct HistogramTests {
  @Test func numbersAreCounted() throws {
    let histogram = try #require(Histogram([-1, 0, 2, .nan, 2, .infinity]))
    #expect(histogram.minimum == -1 && histogram.maximum == 2 && histogram.count == 4)
    #expect(histogram.sum == 3 && histogram.sumOfSquares == 9)
    #expect(histogram.limits.count == Histogram.intervals && histogram.limits.last == 2)
    #expect(histogram.counts.first == 1 && histogram.counts.last == 2)
    #expect(histogram.counts[10] == 1 && histogram.counts.reduce(0, +) == 4)
    #expect(Histogram([]) == nil && Histogram([.nan]) == nil)
    let equal = try #require(Histogram([3, 3]))
    #expect(equal.limits == [3] && equal.counts == [2])
  }

  private static let program = """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2
    events = EventAccumulator("run/tensorboard", size_guidance={"histograms": 0})
    events.Reload()
    for tag in sorted(events.Tags()["histograms"]):
        found = events.Histograms(tag)
        last = found[-1].histogram_value
        print(tag, len(found), found[-1].step, int(last.num), int(sum(last.bucket)), last.max)
    images = events.Images("eval/last-state")
    print("images", len(images), images[-1].step, images[-1].width, images[-1].height,
          images[-1].encoded_image_string.hex())
    content = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    settings = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    print("settings.learning-rate", settings["settings.learning-rate"].number_value)
    """

  /// Draws no scene, but returns a picture for each.
  private final class Painter: TrainingObserver {
    private(set) var elements = 0

    func picture(of scene: Scene) -> (png: Data, width: Int, height: Int)? {
      elements += scene.elements.count
      return (Data([1, 2, 3]), 30, 20)
    }
  }

  /// A histogram for each hundredth of the run at most, of what the probes have measured.
  @Test(.enabled(if: Python.has("tensorboard"), "python3 has no TensorBoard"))
  func tensorBoardReadsThem() throws {
    let folder = try TemporaryFolder()
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    for (key, value) in [("steps", 4096), ("probes.every", 1), ("epochs", 1)] {
      try experiment.set(key, to: value)
    }
    try experiment.set("probes.select", to: ["weight-norm"])
    try experiment.set("evaluation.every", to: 2048)
    let painter = Painter()
    try experiment.start(in: folder.file("run"), threads: 1).train(observer: painter)
    #expect(painter.elements > 0)
    let (status, output) = try Python.run(["-c", Self.program], in: folder.path)
    #expect(status == 0)
    let lines = output.lines.map { $0.split(separator: " ").map(String.init) }
    let networks = Set(lines.compactMap { $0[0].split(separator: "/").dropFirst().first })
    #expect(networks == ["policy", "critic"], "\(output)")
    let first = try #require(lines.first { $0[0] == "weights/policy/0" })
    // Four iterations of 1,024 steps; 4 inputs of 64 units.
    #expect(first[1...4] == ["4", "4096", "256", "256"], "\(output)")
    let features = try #require(lines.first { $0[0] == "features/policy/0" })
    #expect(features[1...4] == ["4", "4096", "16384", "16384"], "\(output)")
    #expect(lines.contains(["images", "2", "4096", "30", "20", "010203"]), "\(output)")
    #expect(lines.last?.last == "0.001")
  }
}
