internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

extension Probe {
  /// Probes that need many gradients of the loss.
  static let lossProbes = [
    Probe(
      "hessian-eigenvalue",
      "largest eigenvalue of the Hessian of the last minibatch's loss",
      source: "Lyle et al. 2023, arXiv:2303.01486; power iteration, at most 20 products, to 1 %",
      isBasic: false, scope: .network, work: .products(20, isOrthogonal: false)
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
      isBasic: false, scope: .network, work: .products(30, isOrthogonal: true)
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
      "gradient-noise-scale", "batch size at which the gradient's noise equals its signal",
      source: "McCandlish et al. 2018, arXiv:1812.06162; the minibatch against its eighths",
      isBasic: false, scope: .network, work: .gradients(9)
    ) { context, _ in [context.gradientNoiseScale(parts: 8)] },
    Probe(
      "trainability",
      "mean squared error after fitting random targets with 100 steps of Adam, from the current "
        + "weights and from new ones",
      source: "Lyle et al. 2023, arXiv:2303.01486", isBasic: false, scope: .network,
      columns: ["trainability-loss", "trainability-fresh-loss"], work: .fit(Trainability.steps)
    ) { context, _ in
      let trainability = Trainability(
        inputs: context.batch, architecture: context.network.architecture, seed: context.seed,
        name: context.named.name)
      let name = context.named.name
      let fresh =
        context.memory.freshLosses[name]
        ?? trainability.loss(
          from: context.network.fresh(
            seed: context.seed, purpose: "probe.trainability.fresh.\(name)"))
      context.memory.freshLosses[name] = fresh
      return [trainability.loss(from: context.network), fresh]
    },
  ]
}

extension ProbeContext {
  /// Returns the noise scale from the gradients of the last minibatch and of its parts.
  fileprivate func gradientNoiseScale(parts: Int) -> Double {
    guard let minibatch = named.minibatch else { return .nan }
    let rows = minibatch.rows / parts
    guard rows > 0 else { return .nan }
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
    guard let squaredNorm else { return .nan }
    return GradientNoise.simpleScale(
      small: (rows, squaredNorm.small), large: (rows * parts, squaredNorm.large)
    ).scale
  }
}
