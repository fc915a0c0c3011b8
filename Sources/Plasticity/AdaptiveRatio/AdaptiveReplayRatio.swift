public import Training
public import Storage

/// Adapts an agent's replay ratio by a rule, between iterations.
///
/// The first value of the probe, φ₀, is measured before learning begins.  Later checks are made
/// every `every` environment steps, at the end of the first iteration that reaches them.
public final class AdaptiveReplayRatio: TrainingAttachment {
  public let metricNames = ["adaptive-ratio/setting", "adaptive-ratio/probe"]
  private static let prefix = "adaptive-ratio"
  private let agent: any ReplayRatioAgent
  private let selection: AdaptiveRatioSelection
  private let rule: any RatioRule
  private let probe: RatioProbe
  private let every: Int
  private let totalSteps: Int
  private let notice: (String) -> Void
  private var hasLearnt = false
  private var first: RatioProbe.Value?
  private var nextCheck = 0
  private var checks = 0

  /// Prepares to adapt an agent's replay ratio and sets it to the rule's initial ratio.
  ///
  /// - Parameters:
  ///   - selection: The rule.
  ///   - agent: The agent whose ratio is set and whose networks are measured.
  ///   - episodeSteps: Steps in a full episode of the agent's task.
  ///   - totalSteps: Total environment steps of the run.
  ///   - seed: The run's seed; minibatches for measurements are drawn from a separate stream.
  ///   - notice: Called at most once for each warning: if the probe says nothing about plasticity,
  ///     or if no check is due before the run's end.
  /// - Throws: `ConfigurationError` if the agent lacks the network or layer, if the highest ratio
  ///   exceeds the agent's limit, or if checks are further apart than the run is long.
  public init(
    _ selection: AdaptiveRatioSelection, of agent: any ReplayRatioAgent, episodeSteps: Int,
    totalSteps: Int, seed: UInt64, notice: @escaping (String) -> Void
  ) throws(ConfigurationError) {
    self.agent = agent
    self.selection = selection
    self.totalSteps = totalSteps
    self.notice = notice
    let greatest = type(of: agent).greatestReplayRatio
    if let high = selection.numbers["high"], high > greatest {
      throw ConfigurationError(
        "\(selection.kind.name): high must be at most \(greatest), the agent's highest replay ratio "
          + "(\(selection.text))")
    }
    every = selection.every(episodeSteps: episodeSteps)
    guard every < totalSteps else {
      throw ConfigurationError(
        "\(selection.kind.name): every is \(every) and the run takes \(totalSteps) steps, so that "
          + "no check would be made; lower every (\(selection.text))")
    }
    probe = try RatioProbe(
      selection.probe, window: Int(selection.numbers["window"] ?? 1), of: agent, seed: seed)
    rule = selection.kind.make(selection.numbers, selection.words)
    agent.replayRatio = rule.ratio
  }

  public func didIterate() -> [Double] {
    // The ratio of the iteration that has ended; the next may have another.
    let setting = rule.ratio
    probe.didIterate()
    var value: RatioProbe.Value?
    if !hasLearnt { value = begin() }
    if hasLearnt, value == nil, agent.environmentSteps >= nextCheck { value = check() }
    agent.replayRatio = rule.ratio
    return [setting, value?.mean ?? .nan]
  }

  /// Measures φ₀ again after each iteration until learning begins, and after that only if no
  /// measurement has succeeded yet.
  private func begin() -> RatioProbe.Value? {
    var value: RatioProbe.Value?
    let isLearning = probe.hasLearnt
    if !isLearning || first == nil {
      value = probe.measure()
      if let value { (first, nextCheck) = (value, agent.environmentSteps + every) }
    }
    if isLearning, let first {
      hasLearnt = true
      rule.begin(first.mean)
      warnIfUnchecked()
    }
    return value
  }

  private func check() -> RatioProbe.Value? {
    guard let value = probe.measure() else { return nil }
    rule.check(value.mean)
    checks += 1
    if nextCheck <= agent.environmentSteps {
      nextCheck += ((agent.environmentSteps - nextCheck) / every + 1) * every
    }
    if checks == 1, let first { warnIfFlat(from: first, to: value) }
    return value
  }

  /// Warns once learning has begun: only the agent knows in advance when that is.
  private func warnIfUnchecked() {
    guard nextCheck >= totalSteps else { return }
    notice(
      "adaptive-ratio: the first check is due at step \(nextCheck) and the run takes \(totalSteps), "
        + "so that the ratio stays at \(rule.ratio); lower every")
  }

  /// Warns if the probe has not moved since before learning, to within the threshold or two
  /// standard errors, whichever is greater: there is nothing to recover from then.
  private func warnIfFlat(from first: RatioProbe.Value, to value: RatioProbe.Value) {
    guard rule is StabilizationRule else { return }
    let change = abs(value.mean - first.mean)
    let noise = 2 * (first.error * first.error + value.error * value.error).squareRoot()
    let hasSwitched = rule.ratio != agent.replayRatio
    guard hasSwitched || change <= noise else { return }
    let consequence =
      hasSwitched
      ? "so the rule goes to the high ratio at its first check and says nothing about plasticity"
      : "which is within the noise of its minibatches"
    notice(
      "adaptive-ratio: \(selection.probe.text) of \(probe.networkNames.joined(separator: ", ")) was "
        + "\(Self.text(first.mean)) at first and is \(Self.text(value.mean)) now, "
        + "\(consequence); choose a probe that moves, such as \(Self.suggestion(selection))")
  }

  private static func text(_ value: Double) -> String { "\(Float(value))" }

  /// A probe that moves in every network that learns, with or without normalisation layers.
  private static func suggestion(_ selection: AdaptiveRatioSelection) -> String {
    let probe = selection.probe.probe.name == "feature-norm" ? "effective-rank" : "feature-norm"
    return "probe=\(probe),relative=0.02"
  }

  public func save(to archive: inout TensorArchive) {
    archive.set(
      "\(Self.prefix).progress",
      .words([
        hasLearnt ? 1 : 0, UInt64(nextCheck), UInt64(checks), first == nil ? 0 : 1,
        (first?.mean ?? 0).bitPattern, (first?.error ?? 0).bitPattern,
      ]))
    rule.save(to: &archive, prefix: Self.prefix)
    probe.save(to: &archive)
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let words = try archive.words("\(Self.prefix).progress", count: 6)
    let value = RatioProbe.Value(
      mean: Double(bitPattern: words[4]), error: Double(bitPattern: words[5]))
    guard words[0] <= 1, words[3] <= 1, words[0] <= words[3], max(words[1], words[2]) < 1 << 62,
      value.mean.isFinite, value.error.isFinite
    else { throw .invalid(reason: "its replay ratio's progress does not fit") }
    try rule.load(from: archive, prefix: Self.prefix)
    try probe.load(from: archive)
    (hasLearnt, nextCheck, checks) = (words[0] == 1, Int(words[1]), Int(words[2]))
    first = words[3] == 1 ? value : nil
    agent.replayRatio = rule.ratio
  }
}
