internal import LinearAlgebra
internal import RLCore
internal import Storage
internal import Training

/// A baseline without knowledge, which can act in every environment; trained policies and
/// controllers are compared with it.
public enum Baseline: String, Sendable, CaseIterable {
  /// Uniformly random actions.
  case random
  /// The same action in every step: zero, or the nearest one that is allowed.
  case zero

  /// Summary of the baseline in one sentence.
  public var summary: String {
    switch self {
    case .random: "Uniformly random actions, drawn from the episode's seed."
    case .zero: "Zero in every step, or the first choice."
    }
  }

  /// Returns why the baseline can't act in an environment, in one sentence; nil if it can.
  func problem(in specification: EnvironmentSpecification) -> String? {
    guard self == .random, case .box(let low, let high) = specification.actionSpace,
      !(low + high).allSatisfy(\.isFinite)
    else { return nil }
    return "random needs bounded actions, and those of \(specification.identifier) are not"
  }
}

/// A policy that acts by a baseline, whatever it observes.
final class BaselinePolicy: Policy {
  let environmentIdentifier: String
  let baseline: Baseline
  private let space: Space

  init(_ baseline: Baseline, in specification: EnvironmentSpecification) {
    self.baseline = baseline
    environmentIdentifier = specification.identifier
    space = specification.actionSpace
  }

  func fits(_ specification: EnvironmentSpecification) -> Bool {
    specification.actionSpace == space
  }

  func makeActor(rows: Int) -> any PolicyActor { BaselineActor(baseline, space) }

  /// Writes nothing: a baseline has no weights.
  func save(to archive: inout TensorArchive) {}
}

private final class BaselineActor: PolicyActor {
  private let baseline: Baseline
  private let space: Space

  init(_ baseline: Baseline, _ space: Space) { (self.baseline, self.space) = (baseline, space) }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    for i in 0..<rows {
      for j in 0..<space.width {
        actions[i, j] =
          switch (baseline, space) {
          case (.random, .box(let low, let high)): streams[i].uniform(from: low[j], to: high[j])
          case (.random, .discrete(let count)): Float(streams[i].integer(below: UInt32(count)))
          case (.zero, .box(let low, let high)): min(max(0, low[j]), high[j])
          case (.zero, .discrete): 0
          }
      }
    }
  }
}
