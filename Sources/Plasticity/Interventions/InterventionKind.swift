internal import NeuralNetworks
internal import Training

/// A kind of intervention that keeps networks plastic, with its settings.
public struct InterventionKind: Sendable {
  /// A numeric setting.
  public struct Setting: Sendable {
    /// Name of the setting.
    public let name: String
    /// Default value; NaN if there is none.
    public let standard: Double
    /// Range of allowed values.
    public let range: ClosedRange<Double>
    /// Whether the value must be a whole number.
    public let isWhole: Bool
    /// Description of the setting in one phrase.
    public let summary: String

    init(
      _ name: String, _ standard: Double, _ range: ClosedRange<Double>, isWhole: Bool = false,
      _ summary: String
    ) {
      self.name = name
      self.standard = standard
      self.range = range
      self.isWhole = isWhole
      self.summary = summary
    }

    /// Parses a value of this setting.
    ///
    /// - Parameters:
    ///   - text: The value as written.
    ///   - owner: Name of the intervention or rule that has the setting, for the error message.
    ///   - origin: The text that contains the setting, for the error message.
    /// - Throws: `ConfigurationError` if the text is not a number, the number is out of range, or a
    ///   whole number is required.
    /// - Returns: The parsed number.
    func value(
      _ text: some StringProtocol, of owner: String, origin: String
    ) throws(ConfigurationError) -> Double {
      guard let value = Double(text), range.contains(value), !isWhole || value == value.rounded()
      else {
        let number = isWhole ? "a whole number" : "a number"
        throw ConfigurationError(
          "\(owner): \(name) must be \(number) in \(range.lowerBound)...\(range.upperBound) "
            + "(\(origin))")
      }
      return value
    }
  }

  /// The effect of an intervention on hidden units.
  enum UnitRole: Sendable {
    /// Reinitializes individual units.
    case replaces
    /// Ties ReLU units in pairs, before any other intervention reads the weights.
    case pairs
  }

  /// What an intervention does to the optimiser's moments; a network can have at most one such.
  enum MomentRole: Sendable {
    /// Takes steps by a rule of its own.
    case replacesRule
    /// Changes how Adam's moments decay.
    case adjustsAdam
  }

  /// Name of the intervention, as written on the command line.
  public let name: String
  /// Description of the intervention in one phrase.
  public let summary: String
  /// Publication the intervention comes from.
  public let source: String
  /// Numeric settings of the intervention.
  public let settings: [Setting]
  /// The effect on the optimiser's moments; nil if none.
  let momentRole: MomentRole?
  /// The effect on hidden units, whose outputs must then feed only the next layer; nil if none.
  let unitRole: UnitRole?
  /// Whether the intervention freezes a network's function, which batch normalisation would change.
  let freezes: Bool
  /// Whether a probe may trigger it: `probe=VALUE[@network[/layer]]` with `above` or `below`.
  public let takesProbe: Bool
  let make: @Sendable ([String: Double], InterventionTarget) -> any NetworkIntervention

  init(
    _ name: String, _ summary: String, source: String, settings: [Setting],
    momentRole: MomentRole? = nil, unitRole: UnitRole? = nil, freezes: Bool = false,
    takesProbe: Bool = false,
    make: @escaping @Sendable ([String: Double], InterventionTarget) -> any NetworkIntervention
  ) {
    self.name = name
    self.summary = summary
    self.source = source
    self.settings = settings
    self.momentRole = momentRole
    self.unitRole = unitRole
    self.freezes = freezes
    self.takesProbe = takesProbe
    self.make = make
  }

  /// Returns the kind of intervention of this name; nil if there is none.
  public static func find(_ name: String) -> InterventionKind? { all.first { $0.name == name } }

  /// All kinds of interventions.
  public static let all: [InterventionKind] =
    penalties + corrections + replacements + injections + rules

  private static func strength(_ standard: Double) -> Setting {
    Setting("strength", standard, 0...1e6, "λ")
  }

  private static func every(_ standard: Double) -> Setting {
    Setting(
      "every", standard, 1...1e15, isWhole: true,
      "optimiser steps from one time to the next, each at its iteration's end")
  }

  private static let penalties = [
    InterventionKind(
      "l2", "penalty λ/2 ‖θ‖²", source: "Dohare et al. 2024, Nature 632",
      settings: [strength(1e-4)]
    ) { settings, _ in L2(strength: settings["strength"] ?? 0) },
    InterventionKind(
      "l2-init", "penalty λ ‖θ − θ₀‖²", source: "Kumar et al. 2023, arXiv:2308.11958",
      settings: [strength(1e-3)]
    ) { L2Init(strength: $0["strength"] ?? 0, target: $1) },
    InterventionKind(
      "wasserstein", "penalty λ Σ (w₍ᵢ₎ − w₀₍ᵢ₎)² on sorted parameters",
      source: "Lewandowski et al. 2023, arXiv:2312.00246", settings: [strength(1e-3)]
    ) { Wasserstein(strength: $0["strength"] ?? 0, target: $1) },
    InterventionKind(
      "spectral", "penalty λ Σ ((σ^k − 1)² + ‖b‖^2k)",
      source: "Lewandowski et al. 2024, arXiv:2406.06811",
      settings: [strength(1e-4), Setting("power", 2, 1...8, "k")]
    ) {
      SpectralRegularization(
        strength: $0["strength"] ?? 0, power: $0["power"] ?? 2, target: $1)
    },
  ]

  private static let corrections = [
    InterventionKind(
      "weight-clipping", "keeps the weights and biases of each layer within ±κ/√(fan in)",
      source: "Elsayed et al. 2024, arXiv:2407.01704",
      settings: [
        Setting("factor", 3, 1e-3...1e6, "κ"),
        Setting("output", 1, 0...1, isWhole: true, "0 to spare the output layer"),
      ]
    ) { settings, _ in
      WeightClipping(factor: settings["factor"] ?? 3, includesOutput: settings["output"] != 0)
    },
    InterventionKind(
      "normalize-project", "keeps each layer's weights at their initial norm",
      source: "Lyle et al. 2024, arXiv:2407.01800",
      settings: [Setting("output", 0, 0...1, isWhole: true, "1 to include the output layer")]
    ) { NormalizeAndProject(includesOutput: $0["output"] == 1, target: $1) },
    InterventionKind(
      "shrink-perturb", "θ ← α θ + (1 − α) ψ with new weights ψ, or α θ + σ ε",
      source: "Ash and Adams 2020, arXiv:1910.08475",
      settings: [
        Setting("keep", 0.8, 0...1, "α"), every(10_000),
        Setting("noise", 0, 0...1e6, "σ; 0 to use new weights instead"),
      ]
    ) { settings, _ in
      ShrinkAndPerturb(
        keep: settings["keep"] ?? 1, noise: settings["noise"] ?? 0,
        every: Int(settings["every"] ?? 1))
    },
  ]

  private static let replacements = [
    InterventionKind(
      "crelu", "computes ReLU(z) and ReLU(−z) of the same sums in the two halves of hidden units",
      source: "Shang et al. 2016, arXiv:1603.05201; Abbas et al. 2023, arXiv:2303.07507",
      settings: [], unitRole: .pairs
    ) { ConcatenatedReLU(target: $1) },
    InterventionKind(
      "redo", "reinitialises dormant units", source: "Sokar et al. 2023, arXiv:2302.12902",
      settings: [
        Setting("threshold", 0.025, 0...1e6, "highest score of a dormant unit"), every(1000),
      ],
      unitRole: .replaces
    ) { settings, _ in
      ReDo(threshold: settings["threshold"] ?? 0, every: Int(settings["every"] ?? 1))
    },
    InterventionKind(
      "continual-backprop", "reinitialises a share of the least useful units at every step",
      source: "Dohare et al. 2024, Nature 632",
      settings: [
        Setting("rate", 1e-4, 0...1, "ρ, share per step"),
        Setting("maturity", 10_000, 0...1e15, isWhole: true, "m, steps a new unit is spared"),
        Setting("decay", 0.99, 0...0.999_999, "η, decay of the running utility"),
      ], unitRole: .replaces
    ) {
      ContinualBackpropagation(
        rate: $0["rate"] ?? 0, maturity: Int($0["maturity"] ?? 0), decay: $0["decay"] ?? 0,
        target: $1)
    },
    InterventionKind(
      "reset", "reinitialises the weights and moments of the last layers, or of all",
      source: "Nikishin et al. 2022, arXiv:2205.07802",
      settings: [
        every(200_000), Setting("layers", 0, 0...64, isWhole: true, "last layers; 0 for all"),
      ]
    ) { settings, _ in
      ScheduledReset(every: Int(settings["every"] ?? 1), lastLayers: Int(settings["layers"] ?? 0))
    },
    InterventionKind(
      "triggered-reset",
      "reinitialises all layers when too many units are dormant or a probe passes a limit",
      source: "Nikishin et al. 2022, arXiv:2205.07802; Sokar et al. 2023, arXiv:2302.12902",
      settings: [
        every(1000), Setting("fraction", 0.5, 0...1, "fraction of dormant units to exceed"),
        Setting("threshold", 0.025, 0...1e6, "highest score of a dormant unit"),
        Setting("above", .nan, -1e300...1e300, "limit of the probe: reset if it is greater"),
        Setting("below", .nan, -1e300...1e300, "limit of the probe: reset if it is less"),
      ], takesProbe: true
    ) { settings, _ in
      TriggeredReset(
        every: Int(settings["every"] ?? 1), fraction: settings["fraction"] ?? 1,
        threshold: settings["threshold"] ?? 0)
    },
  ]

  private static let injections = [
    InterventionKind(
      "injection", "freezes what a network has learnt and trains new weights beside it",
      source: "Nikishin et al. 2023, arXiv:2305.15555",
      settings: [
        Setting(
          "at", 100_000, 1...1e15, isWhole: true,
          "optimiser step of the first injection, made at its iteration's end"),
        Setting("every", 0, 0...1e15, isWhole: true, "steps to each further injection; 0 for none"),
      ], freezes: true
    ) { settings, _ in
      PlasticityInjection(first: Int(settings["at"] ?? 1), every: Int(settings["every"] ?? 0))
    }
  ]

  private static let rules = [
    InterventionKind(
      "upgd", "adaptive utility-based perturbed gradient descent in place of Adam's step",
      source: "Elsayed and Mahmood 2024, arXiv:2404.00781",
      settings: [
        Setting("utility-decay", 0.999, 0...0.999_999, "β_u"),
        Setting("noise", 0.001, 0...1e6, "σ"), Setting("weight-decay", 0.001, 0...1e6, "wd"),
        Setting("beta1", 0.9, 0...0.999_999, "decay of the first moment"),
        Setting("beta2", 0.999, 0...0.999_999, "decay of the second moment"),
        Setting("epsilon", 1e-5, 1e-12...1, "ε"),
      ], momentRole: .replacesRule
    ) { settings, target in
      func value(_ name: String) -> Float { Float(settings[name] ?? 0) }
      return UPGD(
        .init(
          utilityDecay: value("utility-decay"), noise: value("noise"),
          weightDecay: value("weight-decay"), beta1: value("beta1"), beta2: value("beta2"),
          epsilon: value("epsilon")), target: target)
    },
    InterventionKind(
      "equal-betas", "Adam with β₁ = β₂",
      source: "Dohare et al. 2024, Nature 632; Lyle et al. 2023, arXiv:2303.01486",
      settings: [Setting("beta", 0.99, 0...0.999_999, "β₁ and β₂")], momentRole: .adjustsAdam
    ) { EqualBetas(beta: $0["beta"] ?? 0, target: $1) },
  ]
}
