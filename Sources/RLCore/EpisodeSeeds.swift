internal import LinearAlgebra

/// Where the seeds of episodes come from.
///
/// Every episode has a 64-bit seed of its own, and `reset(seed:)` with it gives the same episode
/// anywhere, in Gymnasium too.  Seeds of training have the top bit set and seeds of evaluation do
/// not, so the two can never overlap.
public enum EpisodeSeeds: Sendable, Equatable {
  /// Episode k of environment i of a training run.
  case training(runSeed: UInt64)
  /// Gymnasium's rule for vector environments: environment i starts at `seed + i`, and later
  /// episodes continue at `+ count` steps, so that no seed repeats.
  case consecutive(first: UInt64, environments: Int)

  /// The seed of one episode.
  public func seed(environment: Int, episode: Int) -> UInt64 {
    switch self {
    case .training(let runSeed):
      var mixer = SplitMix64(state: runSeed)
      mixer.state = mixer.next() ^ UInt64(environment)
      mixer.state = mixer.next() ^ UInt64(episode)
      return mixer.next() | 1 << 63
    case .consecutive(let first, let environments):
      return (first &+ UInt64(environment) &+ UInt64(episode) &* UInt64(environments)) & ~(1 << 63)
    }
  }
}
