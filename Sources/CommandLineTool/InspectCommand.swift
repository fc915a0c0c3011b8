import ArgumentParser
import Foundation
import Recording
import Storage
import Experiments

/// The verb `inspect`: shows the contents of a file or folder and checks it for damage.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the contents of a file or folder of the suite, and check it for damage.")

  @Argument(input: "A run folder, a checkpoint folder, a safetensors file or a recording.")
  var path: String
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func run() throws {
    let path = RunFolder.resolve(path)
    if RunFolder.isRun(path) {
      try inspectRun(RunFolder(path: path))
    } else if FileSystem.isFolder(path) {
      try inspectCheckpoint(path)
    } else {
      try inspectFile(path)
    }
  }

  /// Shows a file, which is read only once since it may be a pipe.
  private func inspectFile(_ path: String) throws {
    let contents = try FileSystem.read(path)
    let isNamedSo = ["", RecordingWriter.partialSuffix].contains { path.hasSuffix(".rlrec\($0)") }
    if isNamedSo || RecordingReader.isRecording(contents) && !path.hasSuffix(".safetensors") {
      try inspectRecording(
        try RecordingReader(contents, path: path, accepting: .toLastWholeChunk))
      return
    }
    do {
      try inspectArchive(TensorArchive(safetensors: contents), path)
    } catch let error as ArchiveError {
      throw FileError.damaged(path: path, reason: "\(error)")
    }
  }

  private func inspectRun(_ folder: RunFolder) throws {
    let manifest = try RunManifest(folder: folder)
    let configuration = try StoredRun(folder.path, registry: .ofTheTool).configuration
    let checkpoints = folder.checkpointSteps
    let (best, latest) = (folder.linkedStep("best"), folder.linkedStep("latest"))
    if json {
      writeLine(
        try jsonLine(
          RunReport(
            kind: "run", path: folder.path, manifest: manifest, checkpoints: checkpoints,
            best: best, latest: latest,
            configuration: Dictionary(
              configuration.flattened, uniquingKeysWith: { first, _ in first }))))
    } else {
      let machine = manifest.machine
      let commit = manifest.sources.map { "\($0.commit)\($0.isDirty ? ", modified" : "")" }
      writeLine(
        table([
          ["run", folder.path], ["environment", manifest.environment], ["agent", manifest.agent],
          ["seed", "\(manifest.seed)"], ["commit", commit ?? "unknown"],
          ["packages", RunManifest.text(manifest.packages)],
          ["machine", "\(machine.processor), \(machine.cores) cores, \(machine.operatingSystem)"],
          [
            "libraries",
            "\(machine.toolchain), kernels \(machine.kernels), OpenBLAS \(machine.openBLASCore), "
              + "Box2D \(machine.box2D)",
          ],
          ["checkpoints", checkpoints.map(grouped).joined(separator: ", ")],
          ["best", best.map(grouped) ?? "none"], ["latest", latest.map(grouped) ?? "none"],
        ]))
      if let warning = machine.openBLASWarning { writeLine("warning      \(warning)") }
      if FileSystem.exists(folder.alarmsFile) {
        writeLine("alarms       in \(folder.alarmsFile)")
      }
      for session in manifest.sessions {
        writeLine(
          "session      from step \(grouped(session.firstStep)), \(session.started), "
            + "\(counted(session.threads, "thread")), \(session.outcome ?? "no recorded end")")
      }
      writeLine("\n\(configuration.yaml)")
    }
    // Reading every checkpoint in full reveals damage.
    for steps in checkpoints { _ = try Checkpoint(path: folder.checkpoint("\(steps)")) }
  }

  private func inspectCheckpoint(_ path: String) throws {
    let checkpoint = try Checkpoint(path: path)
    if json {
      writeLine(try jsonLine(CheckpointReport(kind: "checkpoint", manifest: checkpoint.manifest)))
    } else {
      let manifest = checkpoint.manifest
      writeLine(
        table([
          ["checkpoint", path], ["environment", manifest.environment], ["agent", manifest.agent],
          ["steps", grouped(manifest.steps)], ["iterations", grouped(manifest.iterations)],
        ]))
      for component in manifest.components {
        writeLine(
          "\(component.name): \(grouped(component.bytes)) bytes, CRC-32C \(component.checksum)")
      }
      writeLine("")
    }
    try inspectArchive(checkpoint.trainer, "\(path)/\(Checkpoint.trainerFile)")
  }

  private func inspectRecording(_ recording: RecordingReader) throws {
    let path = recording.path
    let report = RecordingReport(recording, verified: nil)
    if json {
      writeLine(
        try jsonLine(
          RecordingContents(
            kind: "recording", fingerprint: String(recording.fingerprint, radix: 16),
            header: recording.header, summary: report)))
    } else {
      let header = recording.header
      let policy = header.policy.map {
        "\(String($0.fingerprint, radix: 16)), \(grouped($0.steps)) steps"
      }
      let branch = header.branch.map {
        "step \(grouped($0.step)) of recording \(String($0.recording, radix: 16)) by \($0.agent)"
      }
      let build = header.build
      writeLine(
        table([
          ["recording", path],
          [
            "environment",
            "\(header.environment), version \(header.environmentVersion)"
              + (header.wrapping.map { ", wrapped by \($0)" } ?? ""),
          ],
          ["agent", "\(header.agent), \(header.mode.rawValue)"],
          ["policy", policy ?? "none, or one in training"],
          ["episode", "\(header.episode), seed \(header.seed)"],
          [
            "steps", "\(grouped(report.steps)) of \(decimals(header.timeStep, 4)) s, \(report.end)",
          ],
          ["return", decimals(report.episodeReturn, 4)],
          ["fingerprint", String(recording.fingerprint, radix: 16)],
          ["branch", branch ?? "of none"],
          ["bytes", grouped(report.bytes)],
          [
            "made with",
            "\(build.commit), \(build.toolchain), Box2D \(build.box2D), \(build.libc), "
              + "\(build.processor)",
          ],
        ]))
      for parameter in header.parameters {
        writeLine("  \(parameter.name): \(number(parameter.value)) \(parameter.unit)")
      }
      for perturbation in header.perturbations {
        writeLine("  perturbed by \(perturbation.name)")
      }
      for disturbance in header.disturbanceComponents {
        writeLine(
          "  disturbed by \(disturbance.name), at most \(disturbance.bound) \(disturbance.unit)")
      }
    }
    // A missing end is damage, reported after the rest has been shown.
    if let missing = recording.missingEnd { throw FileError.damaged(path: path, reason: missing) }
  }

  private func inspectArchive(_ archive: TensorArchive, _ path: String) throws {
    let tensors = archive.tensors.sorted { $0.key < $1.key }
    if json {
      let entries = tensors.map { TensorReport(name: $0.key, $0.value) }
      writeLine(
        try jsonLine(
          ArchiveReport(kind: "tensors", path: path, metadata: archive.metadata, tensors: entries)))
      return
    }
    writeLine(path)
    for (key, value) in archive.metadata.sorted(by: { $0.key < $1.key }) {
      writeLine("  \(key.printable): \(value.printable(atMost: 4000))")
    }
    let rows = tensors.map { name, tensor in
      let report = TensorReport(name: name, tensor)
      return [name, report.type, "\(tensor.shape)", report.range]
    }
    writeLine(table([["tensor", "type", "shape", "range"]] + rows, indent: "  "))
  }

  private struct RunReport: Encodable {
    var kind: String
    var path: String
    var manifest: RunManifest
    var checkpoints: [Int]
    var best: Int?
    var latest: Int?
    var configuration: [String: String]
  }

  private struct RecordingContents: Encodable {
    var kind: String
    var fingerprint: String
    var header: RecordingHeader
    var summary: RecordingReport
  }

  private struct CheckpointReport: Encodable {
    var kind: String
    var manifest: CheckpointManifest
  }

  private struct ArchiveReport: Encodable {
    var kind: String
    var path: String
    var metadata: [String: String]
    var tensors: [TensorReport]
  }

  private struct TensorReport: Encodable {
    var name: String
    var type: String
    var shape: [Int]
    /// Least and greatest of the finite numbers.
    var least: Double?
    var greatest: Double?
    /// Count of NaN and infinite numbers.
    var notFinite: Int?

    init(name: String, _ tensor: TensorArchive.Tensor) {
      self.name = name
      shape = tensor.shape
      switch tensor.values {
      case .floats(let values):
        type = "F32"
        measure(values.lazy.map(Double.init))
      case .doubles(let values):
        type = "F64"
        measure(values)
      case .words: type = "U64"
      }
    }

    private mutating func measure(_ values: some Collection<Double>) {
      var count = 0
      for value in values where value.isFinite {
        count += 1
        least = Swift.min(least ?? value, value)
        greatest = Swift.max(greatest ?? value, value)
      }
      notFinite = values.count - count
    }

    var range: String {
      let range = least.flatMap { least in
        greatest.map { "\(number(least)) … \(number($0))" }
      }
      let lost = notFinite.flatMap { $0 > 0 ? "\(grouped($0)) not finite" : nil }
      return [range, lost].compactMap(\.self).joined(separator: ", ")
    }

    enum CodingKeys: String, CodingKey {
      case name, type, shape, least, greatest
      case notFinite = "not-finite"
    }
  }
}
