/// A kind of perturbation, with the form of its value.
public struct PerturbationKind: Sendable {
  /// Name of the kind, to the left of the equals sign.
  public let name: String
  /// Form of the value, to the right of it.
  public let form: String
  /// What it does, in one sentence without a full stop.
  public let summary: String

  /// All kinds, in the order in which they act.
  public static let all = [
    PerturbationKind(
      name: "action-delay", form: "STEPS",
      summary: "actions act this many steps late; the zero action acts before the first"),
    PerturbationKind(
      name: "action-dropout", form: "P",
      summary:
        "with probability P a step's action is lost, and the last one that arrived acts again"),
    PerturbationKind(
      name: "action-noise", form: "STD",
      summary: "normal noise, in half-ranges of each component, on actions within their bounds; of "
        + "discrete actions, the probability with which a random choice replaces one"),
    PerturbationKind(
      name: "push", form: Push.forms.joined(separator: " or "),
      summary: "disturbance, as a fraction of its bound; can be given several times, and adds up"),
    PerturbationKind(
      name: "observation-bias", form: "B or constant:B, or one for each component, B:B:…",
      summary:
        "offset in the unit of each component, drawn for each episode from -B..B, or constant"),
    PerturbationKind(
      name: "observation-noise", form: "STD, or one for each component, STD:STD:…",
      summary: "normal noise in the unit of each component, new in every step"),
    PerturbationKind(
      name: "observation-delay", form: "STEPS",
      summary: "observations arrive this many steps late; the first one until then"),
  ]

  /// Returns the kind of a name; nil if there is none.
  public static func find(_ name: String) -> PerturbationKind? { all.first { $0.name == name } }
}
