internal import Foundation
internal import RLCore
internal import Robustness
internal import Storage
package import Training

/// The memory that this process may use.
package struct MemoryLimit {
  /// Number of bytes.
  var bytes: Double
  /// What sets the limit, for messages.
  var owner: String

  /// The least of physical memory, a control group's limit, and limits of the process on address
  /// space and data, from which its present use is subtracted.
  package static var current: MemoryLimit {
    var limits = [
      MemoryLimit(
        bytes: Double(ProcessInfo.processInfo.physicalMemory), owner: "this machine has")
    ]
    func text(_ path: String) -> String { (try? FileSystem.readText(path, atMost: 1 << 20)) ?? "" }
    let groups = text("/proc/self/cgroup").lines.compactMap { $0.split(separator: ":").last }
    for path in [
      "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ] + groups.map({ "/sys/fs/cgroup\($0)/memory.max" }) {
      if let line = text(path).lines.first, let bytes = Double(line) {
        limits.append(MemoryLimit(bytes: bytes, owner: "its control group allows"))
      }
    }
    limits += process(limits: text("/proc/self/limits"), status: text("/proc/self/status"))
    return limits.min { $0.bytes < $1.bytes } ?? limits[0]
  }

  /// Returns the limits in the texts of `/proc/self/limits` and `/proc/self/status`.
  static func process(limits: String, status: String) -> [MemoryLimit] {
    func used(_ name: String) -> Double {
      let line = status.lines.first { $0.hasPrefix(name) }
      let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
      return 1024 * (kilobytes.flatMap { Double($0) } ?? 0)
    }
    let names = [("Max address space", "VmSize:"), ("Max data size", "VmData:")]
    return names.compactMap { name, use in
      guard let line = limits.lines.first(where: { $0.hasPrefix(name) }),
        let soft = line.dropFirst(name.count).split(separator: " ").first,
        let bytes = Double(soft)
      else { return nil }
      return MemoryLimit(
        bytes: max(0, bytes - used(use)), owner: "its limit on \(name.dropFirst(4)) leaves")
    }
  }

  /// Throws an error if a run needs more than three quarters of this memory.
  ///
  /// - Parameter needs: What the parts of the run need.
  /// - Throws: `ConfigurationError` with the figure and the key of the part that needs most.
  package func check(_ needs: [MemoryNeed]) throws(ConfigurationError) {
    // Several parts may depend on the same setting.
    let keys = Dictionary(grouping: needs, by: \.key).mapValues { parts in
      (
        bytes: parts.reduce(0) { $0 + $1.bytes },
        greatest: parts.reduce(0) { $0 + $1.greatestBytes }
      )
    }
    let total = keys.values.reduce(0) { $0 + $1.greatest }
    guard total > 0.75 * bytes,
      let (key, need) = keys.max(by: { ($0.value.greatest, $1.key) < ($1.value.greatest, $0.key) })
    else { return }
    let copies =
      need.greatest > need.bytes ? ", three times that while a checkpoint is written" : ""
    let whole =
      total > 1.1 * need.greatest ? ", the whole run needs \(Self.gigabytes(total))" : ""
    throw ConfigurationError(
      "\(key) needs \(Self.gigabytes(need.bytes))\(copies)\(whole), and \(owner) "
        + "\(Self.gigabytes(bytes)); lower it")
  }

  /// Returns how many runs with these needs may be trained at a time, at least 1.
  func runsThatFit(_ needs: [MemoryNeed]) -> Int {
    let total = needs.reduce(0) { $0 + $1.greatestBytes }
    return Int(max(1, min(0.75 * bytes / max(total, 1), 1024)))
  }

  private static func gigabytes(_ bytes: Double) -> String {
    bytes < 1e9
      ? "\((bytes / 1e5).rounded() / 10) MB" : "\((bytes / 1e8).rounded() / 10) GB"
  }
}

extension RunConfiguration {
  /// Estimates of the memory that the run needs.
  func memoryNeeds(in environment: RegisteredEnvironment) -> [MemoryNeed] {
    let specification = environment.specification
    // The actions of running episodes, from which checkpoints restore them.
    let log =
      4 * Double(run.environments) * Double(specification.episodeSteps)
      * Double(specification.actionWidth)
    let waiting = run.perturb.waitingNumbers(in: specification)
    let queues = 4 * Double(run.environments) * Double(waiting)
    return settings.memoryNeeds(in: specification, environments: run.environments)
      + [MemoryNeed(key: "environments", bytes: log, isSaved: true)]
      + (waiting == 0 ? [] : [MemoryNeed(key: "perturb", bytes: queues, isSaved: false)])
  }
}
