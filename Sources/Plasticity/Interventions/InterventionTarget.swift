internal import LinearAlgebra
internal import NeuralNetworks
package import Training

/// A network under intervention, with everything an intervention may read or change.
package final class InterventionTarget {
  /// Name of the network.
  let name: String
  let network: MLP
  let optimizer: Optimizer
  /// Features of the minibatch from which the current step was computed.
  let workspace: MLP.Workspace
  /// Target network that slowly follows this one; nil if there is none.
  let follower: MLP?
  let layers: [MLP.DenseLayer]
  let parameters: [Parameter]
  /// The optimiser's moments of each parameter.
  let firstMoments: [Matrix]
  let secondMoments: [Matrix]
  /// Initial values of each parameter, as views of ``initial``.
  let initialValues: [Matrix]
  /// Initial values of all parameters, padded as in the network.
  let initial: Vector
  /// Number of optimiser steps of this network so far.
  package internal(set) var steps = 0
  /// Whether the halves of hidden layers are tied, also in new weights.
  var tiesUnits = false
  private let seed: UInt64
  /// Index of each layer's first parameter.
  private let firstParameters: [Int]

  /// Wraps a network whose weights still have their initial values.
  package init(_ named: NamedNetwork, seed: UInt64) {
    name = named.name
    network = named.network
    optimizer = named.optimizer
    workspace = named.workspace
    follower = named.target
    layers = network.denseLayers
    let block = network.parameters
    parameters = block.parameters
    firstMoments = block.views(of: optimizer.firstMoment)
    secondMoments = block.views(of: optimizer.secondMoment)
    initial = Vector(count: block.values.count)
    initial.copy(from: block.values)
    initialValues = block.views(of: initial)
    self.seed = seed
    var (first, next): ([Int], Int) = ([], 0)
    for layer in layers {
      first.append(next)
      next += layer.parameters.count
    }
    firstParameters = first
  }

  /// Returns the indices of a layer's parameters: weight, bias, then scale and shift of its norm.
  func places(ofLayer l: Int) -> Range<Int> {
    firstParameters[l]..<firstParameters[l] + layers[l].parameters.count
  }

  /// Creates a network with new weights, the same for equal purpose and index.
  func freshNetwork(for purpose: String, index: Int) -> MLP {
    let fresh = network.fresh(
      seed: seed, purpose: "intervention.\(purpose).\(name)", index: index)
    if tiesUnits { tie(fresh) }
    return fresh
  }

  /// Creates a random stream, the same for equal purpose and index.
  func stream(for purpose: String, index: Int) -> RandomStream {
    RandomStream(seed: seed, name: "intervention.\(purpose).\(name)", index: index)
  }

  /// Reinitialises a hidden unit: incoming weights from a new network, bias 0, scale 1 and shift 0
  /// of its norm, outgoing weights 0, and the initial moments for all of these.
  func renewUnit(_ unit: Int, ofLayer l: Int, from fresh: MLP) {
    let source = fresh.denseLayers[l].weight.value
    for i in 0..<source.rows { layers[l].weight.value[i, unit] = source[i, unit] }
    layers[l].bias.value[0, unit] = 0
    layers[l].norm?.scale.value[0, unit] = 1
    layers[l].norm?.shift.value[0, unit] = 0
    for place in places(ofLayer: l) {
      for i in 0..<parameters[place].value.rows {
        firstMoments[place][i, unit] = 0
        secondMoments[place][i, unit] = optimizer.initialSecondMoment
      }
    }
    let outgoing = firstParameters[l + 1]
    for j in 0..<layers[l + 1].weight.value.columns {
      layers[l + 1].weight.value[unit, j] = 0
      firstMoments[outgoing][unit, j] = 0
      secondMoments[outgoing][unit, j] = optimizer.initialSecondMoment
    }
  }

  /// Freezes the network's function and trains the weights of a new network beside it, in the
  /// target network too; resets the moments, the step count and the initial values.
  func inject(_ fresh: MLP) {
    network.inject(fresh)
    follower?.inject(fresh)
    initial.copy(from: fresh.parameters.values)
    optimizer.reset()
  }

  /// Reinitialises layers with the weights of a new network, in the target network too, and clears
  /// their moments; if the range covers all layers, also resets the step count and the running
  /// statistics and removes the parts frozen by injections.
  func resetLayers(_ range: Range<Int>, from fresh: MLP) {
    for place in range.flatMap({ Array(places(ofLayer: $0)) }) {
      let source = fresh.parameters.parameters[place].value
      parameters[place].value.copy(from: source)
      follower?.parameters.parameters[place].value.copy(from: source)
      firstMoments[place].fill(0)
      secondMoments[place].fill(optimizer.initialSecondMoment)
    }
    follower?.parametersDidChange()
    guard range.count == layers.count else { return }
    network.removeFrozenParts()
    follower?.removeFrozenParts()
    optimizer.stepCount = 0
    network.statistics.copyValues(from: fresh.statistics)
  }
}
