import ArgumentParser
import Experiments
import Robustness
import Training

/// The options for opponents of a policy: adversaries, attacks on what it observes, impulses and
/// the certificate.
struct AttackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Train a new adversary against the policy for this many steps, or take that of a run of rarl, "
        + "rap or hinf (with :i, the i-th of a population), and evaluate the policy against it.",
      valueName: "steps|run"))
  var adversary: String?
  @Option(help: "Number of new adversaries, with the seeds 1, 2 and so on.") var adversarySeeds = 1
  @Option(
    help: ArgumentHelp(
      "Strength of new adversaries, as a fraction of the disturbance's bounds; by default that of "
        + "rarl's preset.", valueName: "fraction"))
  var adversaryStrength: Double?
  @Option(
    help: ArgumentHelp(
      "Attack what the policy observes: random:SIZE, gradient:SIZE or gradient:SIZE:STEPS, with the "
        + "largest change of a component in the policy's standard deviations. Can be repeated.",
      valueName: "attack"))
  var attack: [String] = []
  @Option(
    help: ArgumentHelp(
      "Search for the largest impulse of this many steps that the policy survives.",
      valueName: "steps"))
  var impulse: Int?
  @Option(help: "Share of the episodes that must survive the impulse, in 0...1.") var survival = 0.9
  @Option(
    help: ArgumentHelp(
      "Smooth the policy by noise of this deviation and certify its mean return under any attack; "
        + "needs --floor.", valueName: "deviation"))
  var certify: Double?
  @Option(
    help: ArgumentHelp(
      "Return below which no episode can fall, such as 0 if no reward is negative.",
      valueName: "return"))
  var floor: Double?
  @Option(help: "Number of episodes behind the certificate.") var certifyEpisodes = 10_000
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean return under every attack is at least this.",
      valueName: "return"))
  var minAttack: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the mean return against every adversary is at least this.",
      valueName: "return"))
  var minAdversary: Double?
  @Option(
    help: ArgumentHelp(
      "Exit with 1 unless the largest survived impulse is at least this fraction of the bound.",
      valueName: "fraction"))
  var minImpulse: Double?

  /// Whether there is anything to do.
  var areGiven: Bool {
    adversary != nil || !attack.isEmpty || impulse != nil || certify != nil
  }

  func validate() throws {
    for (gate, value, option, isThere) in [
      ("min-attack", minAttack, "attack", !attack.isEmpty),
      ("min-adversary", minAdversary, "adversary", adversary != nil),
      ("min-impulse", minImpulse, "impulse", impulse != nil),
      ("floor", floor, "certify", certify != nil),
    ] {
      guard let value else { continue }
      guard isThere else { throw ValidationError("--\(gate) needs --\(option)") }
      guard value.isFinite else { throw ValidationError("--\(gate) must be a finite number") }
    }
    guard certify == nil || floor != nil else {
      throw ValidationError(
        "--certify needs --floor, a return below which no episode can fall, such as 0 if no reward "
          + "is negative")
    }
    guard (1...100).contains(adversarySeeds) else {
      throw ValidationError("--adversary-seeds must lie in 1...100")
    }
  }

  /// Steps of new adversaries; nil if there are none.
  var adversarySteps: Int? { adversary.flatMap { Int($0) } }

  /// The attacks on what the policy observes.
  func attacks(on policy: StoredPolicy) throws -> [ObservationAttack] {
    try attack.map { text in
      let attack = try ObservationAttack(parsing: text)
      try policy.check(attack)
      return attack
    }
  }

  /// Refuses what the policy and its environment don't allow, before anything is run.
  func check(_ policy: StoredPolicy, episodes: Int) throws {
    _ = try attacks(on: policy)
    if let adversarySteps {
      try policy.checkAdversary(steps: adversarySteps, strength: adversaryStrength)
    } else if let adversary {
      var opposed = policy
      try opposed.oppose(adversary, registry: .ofTheTool)
    }
    if let impulse { try policy.checkImpulse(steps: impulse, share: survival) }
    if let certify {
      try policy.checkCertificate(noise: certify, floor: floor ?? .nan, episodes: certifyEpisodes)
    }
  }
}
