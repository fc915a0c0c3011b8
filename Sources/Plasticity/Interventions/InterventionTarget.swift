internal import LinearAlgebra
internal import NeuralNetworks
package import Training

/// A network under intervention, with everything an intervention may read or change.
package final class InterventionTarget {
  /// Name of the network.
  let name: String
  let network: MLP
  // Its hook keeps the target alive.
  unowned let optimizer: Optimizer
  /// Features of the minibatch from which the current step was computed.
  let workspace: MLP.Workspace
  /// Target network that slowly follows this one; nil if there is none.
  let follower: MLP?
  /// Parameters of the network's owner that belong to no layer.
  let own: [OwnTarget]
  let layers: [MLP.DenseLayer]
  let parameters: [Parameter]
  /// The optimiser's moments of each parameter.
  let firstMoments: [Matrix]
  let secondMoments: [Matrix]
  /// Number of optimiser steps of this network so far.
  package internal(set) var steps = 0
  /// Number of optimiser steps at the end of the previous iteration.
  var stepsBefore = 0
  /// Last minibatch of the iteration that has just ended; nil at all other times, and if the network
  /// has not learnt in it.
  var minibatch: LearntMinibatch?
  /// Whether the halves of hidden layers are tied, also in new weights.
  var tiesUnits = false
  /// Called after weights have been replaced by new ones, with their moments.
  var didRenew: ((NewWeights) -> Void)?
  private let seed: UInt64
  /// Index of each layer's first parameter.
  private let firstParameters: [Int]
  /// Workspace of the features at an iteration's end, allocated on first use.
  private var ownWorkspace: MLP.Workspace?

  /// Wraps a network whose weights still have their initial values.
  package init(_ named: NamedNetwork, seed: UInt64) {
    name = named.name
    network = named.network
    optimizer = named.optimizer
    workspace = named.workspace
    follower = named.target
    own = named.own.map { OwnTarget($0) }
    layers = network.denseLayers
    let block = network.parameters
    parameters = block.parameters
    firstMoments = block.views(of: optimizer.firstMoment)
    secondMoments = block.views(of: optimizer.secondMoment)
    self.seed = seed
    var (first, next): ([Int], Int) = ([], 0)
    for layer in layers {
      first.append(next)
      next += layer.parameters.count
    }
    firstParameters = first
  }

  /// Own parameters that interventions treat as they treat weights.
  var ownWeights: [OwnTarget] { own.filter { !$0.isMultiplier } }

  /// Returns the indices of a layer's parameters: weight, bias, then scale and shift of its norm.
  func places(ofLayer l: Int) -> Range<Int> {
    firstParameters[l]..<firstParameters[l] + layers[l].parameters.count
  }

  /// Returns whether the iteration that has just ended reached a multiple of a number of steps.
  func reached(every interval: Int) -> Bool { steps / interval > stepsBefore / interval }

  /// Computes the features of the iteration's last minibatch at the current weights, without
  /// dropout; nil if the network has not learnt.
  func currentFeatures() -> MLP.Workspace? {
    guard let minibatch, minibatch.rows > 0 else { return nil }
    let workspace = ownWorkspace ?? network.makeWorkspace(rows: minibatch.input.rows)
    ownWorkspace = workspace
    network.forward(minibatch.input, rows: minibatch.rows, in: workspace)
    return workspace
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
    for j in 0..<layers[l + 1].weight.value.columns { layers[l + 1].weight.value[unit, j] = 0 }
    let weights = NewWeights.unit(unit, ofLayer: l)
    resetMoments(of: weights)
    didRenew?(weights)
  }

  /// Freezes the network's function and trains the weights of a new network beside it, in the
  /// target network too; resets the moments and the step count.
  func inject(_ fresh: MLP) {
    network.inject(fresh)
    follower?.inject(fresh)
    optimizer.restart()
  }

  /// Reinitialises layers with the weights of a new network, in the target network too.
  ///
  /// Their moments become new, and own parameters return to their initial values.  If the range covers all layers,
  /// also resets the step count and the running statistics and removes the parts frozen by
  /// injections.
  func resetLayers(_ range: Range<Int>, from fresh: MLP) {
    for place in range.flatMap({ Array(places(ofLayer: $0)) }) {
      let source = fresh.parameters.parameters[place].value
      parameters[place].value.copy(from: source)
      follower?.parameters.parameters[place].value.copy(from: source)
    }
    follower?.parametersDidChange()
    for own in own { own.reset() }
    guard range.count == layers.count else {
      let weights = NewWeights.layers(range)
      resetMoments(of: weights)
      didRenew?(weights)
      return
    }
    network.removeFrozenParts()
    follower?.removeFrozenParts()
    network.statistics.copyValues(from: fresh.statistics)
    optimizer.restart()
  }

  /// Passes on that all weights are new, tied if units are.
  func allWeightsAreNew() {
    if tiesUnits {
      tie(network)
      if let follower { tie(follower) }
    }
    didRenew?(.layers(0..<layers.count))
  }

  /// Calls a closure with parameter, row and column of each element of new weights.
  func forEachElement(of weights: NewWeights, _ body: (_ place: Int, _ i: Int, _ j: Int) -> Void) {
    switch weights {
    case .layers(let range):
      for place in range.flatMap({ Array(places(ofLayer: $0)) }) {
        let value = parameters[place].value
        for i in 0..<value.rows { for j in 0..<value.columns { body(place, i, j) } }
      }
    case .unit(let unit, let l):
      for place in places(ofLayer: l) {
        for i in 0..<parameters[place].value.rows { body(place, i, unit) }
      }
      let outgoing = firstParameters[l + 1]
      for j in 0..<parameters[outgoing].value.columns { body(outgoing, unit, j) }
    }
  }

  private func resetMoments(of weights: NewWeights) {
    forEachElement(of: weights) { place, i, j in
      firstMoments[place][i, j] = 0
      secondMoments[place][i, j] = optimizer.initialSecondMoment
    }
  }
}

/// Weights that have been replaced by new ones, about which nothing remembered is true any more.
package enum NewWeights {
  /// All parameters of these layers.
  case layers(Range<Int>)
  /// What leads into a hidden unit, and its outgoing weights, which are 0.
  case unit(Int, ofLayer: Int)
}

/// Own parameters of a network's owner, with their initial values.
package final class OwnTarget {
  let block: ParameterBlock
  // Its hook keeps this object alive.
  unowned let optimizer: Optimizer
  /// Whether only resets reach them.
  let isMultiplier: Bool
  /// Initial values of each parameter.
  let initialValues: [Matrix]

  /// Wraps parameters that still have their initial values.
  init(_ own: OwnParameters) {
    block = own.block
    optimizer = own.optimizer
    isMultiplier = own.isMultiplier
    initialValues = own.block.parameters.map { $0.value.duplicate() }
  }

  /// Gives all parameters their initial values and resets their optimiser.
  func reset() {
    for (parameter, initial) in zip(block.parameters, initialValues) {
      parameter.value.copy(from: initial)
    }
    optimizer.restart()
  }
}
