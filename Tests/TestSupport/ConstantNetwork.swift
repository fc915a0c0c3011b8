internal import LinearAlgebra
public import NeuralNetworks

extension MLP {
  /// Returns a network without hidden layers whose outputs do not depend on its inputs.
  public static func constant(_ name: String, inputs: Int, outputs: [Float]) -> MLP {
    var unused = RandomStream(seed: 0, name: "unused")
    let network = MLP(
      name: name,
      architecture: MLPArchitecture(
        inputs: inputs, hidden: [], outputs: outputs.count, activation: .relu),
      initializer: .fanInUniform, random: &unused)
    network.makeConstant(outputs)
    return network
  }

  /// Makes the outputs of a network without hidden layers independent of its inputs.
  public func makeConstant(_ outputs: [Float]) {
    parameters.parameters[0].value.fill(0)
    for (j, output) in outputs.enumerated() { parameters.parameters[1].value[0, j] = output }
    parametersDidChange()
  }
}
