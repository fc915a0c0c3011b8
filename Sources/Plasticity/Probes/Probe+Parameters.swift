internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

extension Probe {
  /// Probes of the norms of weights, gradients and steps.
  static let sizeProbes = [
    Probe(
      "weight-norm", "mean magnitude and Frobenius norm of the weights, without biases",
      source: "Dohare et al. 2024, Nature 632", scope: .parameters(hasTotal: true),
      columns: ["weight-magnitude", "weight-norm"]
    ) { context, layer in
      let sums = Norms.sums(context.chosen(layer).map(\.weight.value))
      return [sums.meanMagnitude, sums.l2]
    },
    Probe(
      "gradient-norm",
      "L1 and L2 norm of the network's last gradient before clipping, and its fraction of zeros",
      source: "Klein et al. 2024, arXiv:2411.04832; magnitudes of at most 1e-8 count as zero",
      scope: .parameters(hasTotal: true), columns: ["gradient-l1", "gradient-l2", "gradient-zeros"]
    ) { context, layer in
      guard context.named.minibatch != nil else { return [.nan, .nan, .nan] }
      let gradients = context.chosen(layer).flatMap { $0.parameters.map(\.gradient) }
      let sums = Norms.sums(gradients, tolerance: Norms.zeroTolerance)
      return [sums.l1, sums.l2, sums.zeroFraction]
    },
    Probe(
      "effective-learning-rate",
      "length of the weights' last optimiser step, relative to their norm",
      source: "Lyle et al. 2024, arXiv:2407.01800", scope: .parameters(hasTotal: false)
    ) { context, layer in
      guard let layer, context.named.minibatch != nil else { return [.nan] }
      let (block, optimizer) = (context.network.parameters, context.named.optimizer)
      let weight = context.layers[layer].weight
      guard let index = block.parameters.firstIndex(where: { $0.value === weight.value }) else {
        return [.nan]
      }
      if let length = optimizer.hook?.lengthOfLastStep(ofParameter: index) {
        return [length / Norms.sums([weight.value]).l2]
      }
      return [
        Norms.effectiveLearningRate(
          weight: weight.value, firstMoment: block.views(of: optimizer.firstMoment)[index],
          secondMoment: block.views(of: optimizer.secondMoment)[index], optimizer: optimizer)
      ]
    },
  ]
}

extension ProbeContext {
  /// Returns one dense layer, or all of them.
  fileprivate func chosen(_ layer: Int?) -> [MLP.DenseLayer] {
    layer.map { [layers[$0]] } ?? layers
  }
}
