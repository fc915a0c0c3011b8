internal import NeuralNetworks

extension Probe {
  /// Thresholds of dormancy: never active, ReDo's default, and the one most papers report.
  static let dormancyThresholds = [0, 0.025, 0.1]

  /// What units do.
  static let unitProbes = [
    Probe(
      "dormant-units",
      "fraction of units whose share of the layer's activity is at most a threshold",
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
      "dead-units", "fraction of units that are not above zero on any input; not for tanh",
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

  /// How many directions features span.
  static let rankProbes = [
    Probe(
      "effective-rank", "exponential of the entropy of the features' singular values",
      source: "Roy and Vetterli 2007", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer, Ranks.effective) },
    Probe(
      "srank", "fewest singular values of the features that sum to 99 % of all",
      source: "Kumar et al. 2021, arXiv:2010.14498", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer) { Ranks.srank($0) } },
    Probe(
      "approximate-rank", "fewest singular values whose squares sum to 99 % of all squares",
      source: "Yang et al. 2020, arXiv:1909.12255", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer) { Ranks.approximate($0) } },
    Probe(
      "stable-rank",
      "squared Frobenius norm of the features over their largest singular value's square",
      source: "Rudelson and Vershynin 2007", scope: .features(hasTotal: false),
      work: .spectrum
    ) { context, layer in context.rank(layer, Ranks.stable) },
    Probe(
      "feature-norm", "mean Euclidean length of a layer's features",
      source: "Moalla et al. 2024, arXiv:2405.00662", scope: .features(hasTotal: false)
    ) { context, layer in
      [layer.map { Norms.feature(context.features($0), rows: context.rows) } ?? .nan]
    },
  ]
}

extension ProbeContext {
  /// A count of units as a fraction of a hidden layer's, or of all hidden layers' together.
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
