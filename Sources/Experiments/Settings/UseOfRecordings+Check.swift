internal import Training

extension RunConfiguration {
  /// Refuses recordings that the agent does not use, and their absence if it learns from them alone.
  func checkUseOfRecordings(among agents: [RegisteredAgent]) throws(ConfigurationError) {
    func able(_ use: UseOfRecordings) -> String {
      agents.filter { $0.useOfRecordings == use }.map(\.identifier).joined(separator: ", ")
    }
    let use = settings.useOfRecordings
    if use == .learnsFromThemAlone {
      if run.dataset.isEmpty {
        throw ConfigurationError(
          "\(run.agent) learns from recorded episodes; name some with --dataset, such as a run with "
            + "recordings, a folder of them, or a controller with a number of steps")
      }
      let unused: [(String, Bool)] = [
        ("--record-every", run.recordings.every != nil), ("--drift", !run.drift.change.isEmpty),
      ]
      if let (option, _) = unused.first(where: \.1) {
        throw ConfigurationError(
          "\(run.agent) takes no steps in its environments; leave out \(option)")
      }
    } else if !run.dataset.isEmpty {
      let other = use == .prefillsReplay ? "--prefill fills its replay buffer with them" : nil
      throw ConfigurationError(
        "\(run.agent) does not learn from recordings alone, as --dataset is for; "
          + "\(other ?? "use --agent \(able(.learnsFromThemAlone)), and start from its policy with --from")"
      )
    }
    if !run.prefill.isEmpty, use != .prefillsReplay {
      throw ConfigurationError(
        "\(run.agent) can't begin with a filled replay buffer; leave out --prefill, use one of "
          + "\(able(.prefillsReplay)), or clone the recordings with --agent "
          + "\(able(.learnsFromThemAlone)) and start from its policy with --from")
    }
  }
}
