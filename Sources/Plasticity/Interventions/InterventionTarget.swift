internal import LinearAlgebra
internal import NeuralNetworks
package import Training

/// A network under intervention, with everything that one may read or change.
package final class InterventionTarget {
  /// The network's name.
  let name: String
  let network: MLP
  let optimizer: Adam
  /// Holds the features of the minibatch that the step at hand was computed from.
  let workspace: MLP.Workspace
  /// Follows the network slowly, if anything does.
  let follower: MLP?
  let layers: [MLP.DenseLayer]
  let parameters: [Parameter]
  /// The optimiser's moments of each parameter.
  let firstMoments: [Matrix]
  let secondMoments: [Matrix]
  /// The values that each parameter started from, and all of them padded.
  let initialValues: [Matrix]
  let initial: Vector
  /// Steps of this network so far.
  package internal(set) var steps = 0
  /// Whether the halves of hidden layers are tied: new weights are tied too.
  var tiesUnits = false
  private let seed: UInt64
  /// For each layer, the place of its first parameter.
  private let firstParameters: [Int]

  /// Looks into a network whose weights are still those it started from.
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

  /// The places of a layer's parameters: weight, bias and, where there is one, scale and shift.
  func places(ofLayer l: Int) -> Range<Int> {
    firstParameters[l]..<firstParameters[l] + layers[l].parameters.count
  }

  /// A network of new weights; the same whenever it is drawn for the same purpose and index.
  func freshNetwork(for purpose: String, index: Int) -> MLP {
    let fresh = network.fresh(
      seed: seed, purpose: "intervention.\(purpose).\(name)", index: index)
    if tiesUnits { tie(fresh) }
    return fresh
  }

  /// Random numbers for a purpose; the same whenever they are drawn for the same index.
  func stream(for purpose: String, index: Int) -> RandomStream {
    RandomStream(seed: seed, name: "intervention.\(purpose).\(name)", index: index)
  }

  /// Makes a hidden unit new: weights into it from a new network, bias 0, scale 1 and shift 0 of its
  /// norm, weights out of it 0, and the moments of all of these 0.
  func renewUnit(_ unit: Int, ofLayer l: Int, from fresh: MLP) {
    let source = fresh.denseLayers[l].weight.value
    for i in 0..<source.rows { layers[l].weight.value[i, unit] = source[i, unit] }
    layers[l].bias.value[0, unit] = 0
    layers[l].norm?.scale.value[0, unit] = 1
    layers[l].norm?.shift.value[0, unit] = 0
    for place in places(ofLayer: l) {
      for i in 0..<parameters[place].value.rows {
        firstMoments[place][i, unit] = 0
        secondMoments[place][i, unit] = 0
      }
    }
    let outgoing = firstParameters[l + 1]
    for j in 0..<layers[l + 1].weight.value.columns {
      layers[l + 1].weight.value[unit, j] = 0
      firstMoments[outgoing][unit, j] = 0
      secondMoments[outgoing][unit, j] = 0
    }
  }

  /// Freezes what the network computes and goes on with the weights of a new one beside it, in the
  /// network that follows too; moments, their steps and the values to start from are new.
  func inject(_ fresh: MLP) {
    network.inject(fresh)
    follower?.inject(fresh)
    initial.copy(from: fresh.parameters.values)
    optimizer.reset()
  }

  /// Gives layers the weights of a new network, in the network that follows too, and forgets their
  /// moments; where that is all layers, the steps they are corrected by, running statistics and what
  /// injections froze too.
  func resetLayers(_ range: Range<Int>, from fresh: MLP) {
    for place in range.flatMap({ Array(places(ofLayer: $0)) }) {
      let source = fresh.parameters.parameters[place].value
      parameters[place].value.copy(from: source)
      follower?.parameters.parameters[place].value.copy(from: source)
      firstMoments[place].fill(0)
      secondMoments[place].fill(0)
    }
    follower?.parametersDidChange()
    guard range.count == layers.count else { return }
    network.removeFrozenParts()
    follower?.removeFrozenParts()
    optimizer.stepCount = 0
    network.statistics.copyValues(from: fresh.statistics)
  }
}
