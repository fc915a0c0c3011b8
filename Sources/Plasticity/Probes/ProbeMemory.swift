internal import Training
internal import Storage

/// What probes remember between measurements.
final class ProbeMemory {
  /// Running means of the gradient's signal and noise, by the network's name.
  private var gradientNoise: [String: GradientNoise.RunningMeans] = [:]

  /// Adds a measurement of a network's gradient and returns the running means.
  func addGradientNoise(
    of network: String, signal: Double, noise: Double
  ) -> GradientNoise.RunningMeans {
    var means = gradientNoise[network] ?? GradientNoise.RunningMeans()
    means.add(signal: signal, noise: noise)
    gradientNoise[network] = means
    return means
  }

  /// Writes the memory, with names that begin with the prefix.
  func save(to archive: inout TensorArchive, prefix: String) {
    for (network, means) in gradientNoise {
      archive.set(Self.name(network, prefix), .doubles([means.signal, means.noise]))
    }
  }

  /// Restores what ``save(to:prefix:)`` wrote about the networks.
  func load(
    from archive: TensorArchive, prefix: String, networks: [NamedNetwork]
  ) throws(ArchiveError) {
    gradientNoise = [:]
    for network in networks {
      let name = Self.name(network.name, prefix)
      guard archive.tensors[name] != nil else { continue }
      let means = try archive.doubles(name, count: 2)
      guard means.allSatisfy(\.isFinite) else {
        throw .invalid(reason: "its gradient noise of \(network.name) is not finite")
      }
      gradientNoise[network.name] = GradientNoise.RunningMeans(signal: means[0], noise: means[1])
    }
  }

  private static func name(_ network: String, _ prefix: String) -> String {
    "\(prefix).\(network).gradient-noise"
  }
}
