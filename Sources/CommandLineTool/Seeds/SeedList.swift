import Storage
import Training

/// Seeds of several runs, written as ranges and numbers such as `1...5` or `1,4,9...12`.
struct SeedList: Equatable {
  /// Greatest number of seeds.
  private static let most = 1000

  /// Seeds in ascending order.
  let seeds: [UInt64]

  /// Reads a list.
  ///
  /// - Throws: `ConfigurationError` if the text is no list, a seed comes twice or there are too many.
  init(parsing text: String) throws(ConfigurationError) {
    var seeds: Set<UInt64> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "...", omittingEmptySubsequences: false)
      let numbers = ends.compactMap { UInt64($0) }
      guard numbers.count == ends.count, (1...2).contains(ends.count),
        let first = numbers.first, let last = numbers.last
      else {
        throw ConfigurationError(
          "--seeds takes whole numbers and ranges such as 1...5 or 1,4,9, and got "
            + "'\(text.printable)'")
      }
      guard first <= last else {
        throw ConfigurationError("--seeds: write \(last)...\(first) for \(part)")
      }
      guard last - first < UInt64(Self.most), seeds.count + Int(last - first) < Self.most else {
        throw ConfigurationError("--seeds takes at most \(Self.most) seeds")
      }
      for seed in first...last where !seeds.insert(seed).inserted {
        throw ConfigurationError("--seeds has seed \(seed) twice")
      }
    }
    self.seeds = seeds.sorted()
  }

  init(_ seeds: [UInt64]) { self.seeds = seeds.sorted() }
}

extension SeedList: CustomStringConvertible {
  /// The list in its shortest form, with a range for three or more seeds in a row.
  var description: String {
    var runs: [ClosedRange<UInt64>] = []
    for seed in seeds {
      if let last = runs.last, last.upperBound + 1 == seed {
        runs[runs.count - 1] = last.lowerBound...seed
      } else {
        runs.append(seed...seed)
      }
    }
    return runs.map { run in
      switch run.upperBound - run.lowerBound {
      case 0: "\(run.lowerBound)"
      case 1: "\(run.lowerBound),\(run.upperBound)"
      default: "\(run.lowerBound)...\(run.upperBound)"
      }
    }.joined(separator: ",")
  }
}
