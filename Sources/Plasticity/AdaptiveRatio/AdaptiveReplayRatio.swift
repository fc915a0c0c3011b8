public import Training
public import Storage

/// Sets an agent's replay ratio by a rule, between two iterations.
///
/// The probe is measured before anything is learnt, φ₀, and then at the first end of an iteration
/// every so many steps later.
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

  /// Prepares to adapt; the agent has the rule's first ratio from now on.
  ///
  /// - Parameters:
  ///   - selection: The rule.
  ///   - agent: Whose ratio and networks.
  ///   - episodeSteps: Those of a full episode of its task.
  ///   - totalSteps: Environment steps the run is going to take.
  ///   - seed: The run's; minibatches to measure on are drawn from a stream of their own.
  ///   - notice: Is told, once, where a rule can't tell anything, or the first check comes too late.
  /// - Throws: ``ConfigurationError`` where the agent has no such network or layer, or can't be told
  ///   such ratios, or where checks are further apart than the run is long.
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
          + "nothing would be checked; lower every (\(selection.text))")
    }
    probe = try RatioProbe(
      selection.probe, window: Int(selection.numbers["window"] ?? 1), of: agent, seed: seed)
    rule = selection.kind.make(selection.numbers, selection.words)
    agent.replayRatio = rule.ratio
  }

  public func didIterate() -> [Double] {
    // What held in the iteration that has ended: the next may do otherwise.
    let setting = rule.ratio
    probe.didIterate()
    var value: RatioProbe.Value?
    if !hasLearnt { value = begin() }
    if hasLearnt, value == nil, agent.environmentSteps >= nextCheck { value = check() }
    agent.replayRatio = rule.ratio
    return [setting, value?.mean ?? .nan]
  }

  /// Measures φ₀ anew until there is learning, and afterwards where it could not be measured before.
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

  /// How long it takes until there is learning is known to the agent alone.
  private func warnIfUnchecked() {
    guard nextCheck >= totalSteps else { return }
    notice(
      "adaptive-ratio: the first check is due at step \(nextCheck) and the run takes \(totalSteps), "
        + "so that the ratio stays at \(rule.ratio); lower every")
  }

  /// A probe that is where it was before anything was learnt has nothing to recover from: to within
  /// the threshold, or two standard errors where that is more.
  private func warnIfFlat(from first: RatioProbe.Value, to value: RatioProbe.Value) {
    guard rule is StabilizationRule else { return }
    let change = abs(value.mean - first.mean)
    let noise = 2 * (first.error * first.error + value.error * value.error).squareRoot()
    let hasSwitched = rule.ratio != agent.replayRatio
    guard hasSwitched || change <= noise else { return }
    let consequence =
      hasSwitched
      ? "so the rule goes to the high ratio at its first check and tells nothing about plasticity"
      : "which is within the noise of its minibatches"
    notice(
      "adaptive-ratio: \(selection.probe.text) of \(probe.networkNames.joined(separator: ", ")) was "
        + "\(Self.text(first.mean)) at first and is \(Self.text(value.mean)) now, "
        + "\(consequence); choose a probe that moves, such as \(Self.suggestion(selection))")
  }

  private static func text(_ value: Double) -> String { "\(Float(value))" }

  /// Features grow or shrink wherever a network learns, with and without norms.
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
