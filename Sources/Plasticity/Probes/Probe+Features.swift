internal import NeuralNetworks

extension Probe {
  /// Thresholds of the dormancy score: never active, ReDo's default, and that of most papers.
  static let dormancyThresholds = [0, 0.025, 0.1]

  /// Probes of the activity of hidden units.
  static let unitProbes = [
    Probe(
      "dormant-units",
      "fraction of units whose activity relative to the layer's mean is at most a threshold",
      source: "Sokar et al. 2023, arXiv:2302.12902, equation 1", scope: .features(hasTotal: true),
      columns: ["dormant-units-0", "dormant-units-0.025", "dormant-units-0.1"]
    ) { context, layer in
      dormancyThresholds.map { threshold in
        context.unitFraction(layer) { Double($0.dormantCount(threshold: threshold)) }
      }
    },
    Probe(
      "active-units", "fraction of pairs of unit and input with a feature above zero",
      source: "Ma et al. 2024, arXiv:2310.07418", scope: .features(hasTotal: true),
      applies: \.isActivating
    ) { context, layer in
      [context.unitFraction(layer, of: \.isActivating) { $0.activeFraction * Double($0.count) }]
    },
    Probe(
      "dead-units", "fraction of units that are never above zero; not for tanh",
      source: "Lyle et al. 2023, arXiv:2303.01486", scope: .features(hasTotal: true),
      applies: \.canDie
    ) { context, layer in [context.unitFraction(layer, of: \.canDie) { Double($0.deadCount) }] },
    Probe(
      "saturated-units", "fraction of units whose mean magnitude is above 0.9; for tanh only",
      source: "Rakitianskaia and Engelbrecht 2015, \"Measuring saturation in neural networks\"",
      scope: .features(hasTotal: true), applies: \.canSaturate
    ) { context, layer in
      [context.unitFraction(layer, of: \.canSaturate) { Double($0.saturatedCount) }]
    },
  ]

  /// Probes of the rank and size of features.
  static let rankProbes = [
    Probe(
      "effective-rank", "exponential of the entropy of the features' singular values",
      source: "Roy and Vetterli 2007", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer, Ranks.effective) },
    Probe(
      "srank", "smallest number of the features' singular values that sum to 99 % of all",
      source: "Kumar et al. 2021, arXiv:2010.14498", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer) { Ranks.srank($0) } },
    Probe(
      "approximate-rank",
      "smallest number of the features' singular values whose squares sum to 99 % of all squares",
      source: "Yang et al. 2020, arXiv:1909.12255", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer) { Ranks.approximate($0) } },
    Probe(
      "stable-rank",
      "squared Frobenius norm of the features over the square of their largest singular value",
      source: "Rudelson and Vershynin 2007", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer, Ranks.stable) },
    Probe(
      "feature-norm", "mean Euclidean length of a layer's features",
      source: "Moalla et al. 2024, arXiv:2405.00662", scope: .features(hasTotal: false)
    ) { context, layer in
      [layer.map { Norms.feature(context.features($0), rows: context.featureRows) } ?? .nan]
    },
  ]
}

extension ProbeContext {
  /// Returns a count of units as a fraction of one hidden layer's units, or of all hidden units.
  fileprivate func unitFraction(
    _ layer: Int?, of applies: (Activation) -> Bool = { _ in true },
    _ count: (UnitActivity) -> Double
  ) -> Double {
    let all = layers.indices.dropLast().filter { applies(layers[$0].activation) }
    let activities = (layer.map { [$0] } ?? all).map { activity($0) }
    return activities.reduce(0) { $0 + count($1) } / Double(activities.reduce(0) { $0 + $1.count })
  }

  fileprivate func rank(_ layer: Int?, _ rank: ([Double]) -> Double) -> [Double] {
    [layer.map { rank(spectrum($0)) } ?? .nan]
  }
}
