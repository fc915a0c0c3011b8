internal import LinearAlgebra

/// A rule for the seeds of episodes.
///
/// Every episode has its own 64-bit seed, and `reset(seed:)` with it produces the same episode
/// anywhere, in Gymnasium too.  Training seeds have the top bit set and evaluation seeds do not, so
/// the two never overlap.
public enum EpisodeSeeds: Sendable, Equatable {
  /// Seeds of a training run, mixed from the run's seed, the environment and the episode.
  case training(runSeed: UInt64)
  /// Gymnasium's rule for vector environments: environment i starts at `first + i`, and each later
  /// episode adds the number of environments, so that no seed repeats.
  case consecutive(first: UInt64, environments: Int)

  /// Returns the seed of one episode.
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
