internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

extension Probe {
  /// Probes that need many gradients of the loss.
  static let lossProbes = [
    Probe(
      "hessian-eigenvalue",
      "largest eigenvalue of the Hessian of the last minibatch's loss",
      source: "Lyle et al. 2023, arXiv:2303.01486; 20 steps of Lanczos", isBasic: false,
      scope: .network, work: .products(Eigenvalues.steps)
    ) { context, _ in
      var random = context.stream("hessian-eigenvalue")
      let value = context.withCurvature { curvature in
        Eigenvalues.largest(
          start: curvature.randomDirection(using: &random), product: curvature.product)
      }
      return [value ?? .nan]
    },
    Probe(
      "gradient-subspace",
      "share of the gradient's squared length in the span of the Hessian's 10 leading eigenvectors",
      source: "Gur-Ari et al. 2018, arXiv:1812.04754; Schneider et al. 2024, arXiv:2401.06604; "
        + "30 steps of Lanczos",
      isBasic: false, scope: .network, work: .products(30)
    ) { context, _ in
      var random = context.stream("gradient-subspace")
      let value = context.withCurvature { curvature in
        let leading = Eigenvalues.leading(
          10, steps: 30, start: curvature.randomDirection(using: &random),
          product: curvature.product)
        guard !leading.vectors.isEmpty else { return Double.nan }
        return Eigenvalues.fraction(of: curvature.gradient(), in: leading.vectors)
      }
      return [value ?? .nan]
    },
    Probe(
      "gradient-noise-scale",
      "trace of the gradient's covariance, squared length of the gradient, and the ratio of their "
        + "running means: the batch size at which noise equals signal",
      source: "McCandlish et al. 2018, arXiv:1812.06162; the minibatch against its eighths",
      isBasic: false, scope: .network,
      columns: ["gradient-noise", "gradient-signal", "gradient-noise-scale"], work: .gradients(9)
    ) { context, _ in
      guard let estimate = context.gradientNoise(parts: 8) else { return [.nan, .nan, .nan] }
      let means = context.memory.addGradientNoise(
        of: context.named.name, signal: estimate.signal, noise: estimate.noise)
      return [estimate.noise, estimate.signal, means.scale]
    },
    Probe(
      "trainability",
      "mean squared error after fitting random targets with 100 steps of Adam, from the current "
        + "weights and from new ones",
      source: "Lyle et al. 2023, arXiv:2303.01486", isBasic: false, scope: .network,
      columns: ["trainability-loss", "trainability-fresh-loss"],
      work: .fit(2 * Trainability.steps)
    ) { context, _ in
      let name = context.named.name
      let trainability = Trainability(
        inputs: context.batch, architecture: context.network.architecture, seed: context.seed,
        name: name)
      let fresh = context.network.fresh(
        seed: context.seed, purpose: "probe.trainability.fresh.\(name)")
      return [context.network, fresh].map { trainability.loss(from: $0) }
    },
  ]
}

extension ProbeContext {
  /// Estimates signal and noise from the gradients of the last minibatch and of its parts; returns
  /// nil if there is no minibatch or if it has fewer rows than parts.
  fileprivate func gradientNoise(parts: Int) -> (signal: Double, noise: Double)? {
    guard let minibatch = named.minibatch else { return nil }
    let rows = minibatch.rows / parts
    guard rows > 0 else { return nil }
    let outputGradient = Matrix(rows: minibatch.rows, columns: network.architecture.outputs)
    let squaredNorm = withCurvature { curvature in
      _ = curvature.gradient()
      // The loss is a mean over all rows, so the gradients of a part's own mean are larger by this
      // factor.  The backward pass runs over all rows, so that dropout masks stay the same.
      func squaredNorm(_ part: Range<Int>) -> Double {
        let scale = Float(minibatch.rows) / Float(part.count)
        outputGradient.fill(0)
        for i in part {
          for j in 0..<outputGradient.columns {
            outputGradient[i, j] = scale * minibatch.outputGradient[i, j]
          }
        }
        network.backward(
          minibatch.input, rows: minibatch.rows, outputGradient: outputGradient,
          in: named.workspace)
        return Norms.sums(network.parameters.parameters.map(\.gradient)).squares
      }
      let small = (0..<parts).map { squaredNorm($0 * rows..<($0 + 1) * rows) }
      return (small: small.reduce(0, +) / Double(parts), large: squaredNorm(0..<rows * parts))
    }
    return squaredNorm.map {
      GradientNoise.estimates(small: (rows, $0.small), large: (rows * parts, $0.large))
    }
  }
}
