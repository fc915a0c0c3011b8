internal import Training

/// The parts of a run of the incremental worst-case search: the fallback, then one part for each case.
///
/// An extension has no part for the fallback and as many further cases.
struct IWOCSPlan {
  /// Steps in which one policy learns, and those of the search after it.
  struct Part: Equatable {
    /// Whether the fallback learns, rather than the policy of a case.
    var isFallback: Bool
    /// Environment steps after which the part begins.
    var start: Int
    /// Environment steps after which the policy has learnt.
    var learnt: Int
    /// Environment steps after which the part ends: those between are the search's, used or not.
    var end: Int
  }

  /// Parts in order of time.
  let parts: [Part]

  /// Divides the steps of a run.
  ///
  /// - Parameters:
  ///   - configuration: Number of cases and shares.
  ///   - horizon: Steps of the run or its extension.
  ///   - environments: Number of environments, a multiple of whose rounds every part has.
  init(_ configuration: IWOCSConfiguration, _ horizon: TrainingHorizon, environments: Int) {
    let unit = configuration.stepsAtOnce * environments
    func rounded(_ steps: Double) -> Int { max(1, Int(steps / Double(unit))) * unit }
    var parts: [Part] = []
    var start = horizon.start
    if start == 0 {
      let end = rounded(configuration.fallbackShare * Double(horizon.end))
      parts.append(Part(isFallback: true, start: start, learnt: end, end: end))
      start = end
    }
    for k in 0..<configuration.cases {
      let left = configuration.cases - k
      let steps = rounded(Double(max(0, horizon.end - start)) / Double(left))
      let isSearching = left > 1 || configuration.choosesGreatestError
      let learnt = rounded(Double(steps) * (1 - (isSearching ? configuration.searchShare : 0)))
      parts.append(
        Part(isFallback: false, start: start, learnt: start + learnt, end: start + steps))
      start += steps
    }
    self.parts = parts
  }

  /// Returns the part in which the next step is taken; the last one after its end.
  func part(after steps: Int) -> Part {
    parts.first { steps < $0.end } ?? parts[parts.count - 1]
  }

  /// Returns whether a part is the last one.
  func isLast(_ part: Part) -> Bool { part == parts.last }
}
