public import NeuralNetworks
public import Storage

extension TensorArchive {
  /// Adds the frozen parts of a network, if it has any.
  ///
  /// `<name>.injections` holds their number of pairs; `<name>.frozen.0`, `.1` and so on are the
  /// prefixes of their parameters.
  public mutating func setFrozenParts(of network: MLP) {
    guard network.injections > 0 else { return }
    set("\(network.name).injections", .words([UInt64(network.injections)]))
    for part in network.frozenParts { set(part.network.parameters.parameters) }
  }

  /// Replaces a network's frozen parts by those in the archive, or removes them if there are none.
  public func readFrozenParts(into network: MLP) throws(ArchiveError) {
    let name = "\(network.name).injections"
    network.removeFrozenParts()
    guard tensors[name] != nil else { return }
    let count = try words(name, count: 1)[0]
    guard (1...UInt64(MLP.mostInjections)).contains(count), !network.architecture.usesBatchNorm
    else { throw .invalid(reason: "\(name) is impossible") }
    // Checked before anything is allocated: the parts have the shapes of the network's parameters.
    for parameter in network.parameters.parameters {
      let suffix = parameter.name.dropFirst(network.name.count)
      for k in 0..<2 * count {
        let part = "\(network.name).frozen.\(k)\(suffix)"
        guard let shape = tensors[part]?.shape else { throw .missing(name: part) }
        guard shape == tensors[parameter.name]?.shape else {
          throw .invalid(reason: "\(part) has another shape than \(parameter.name)")
        }
      }
    }
    network.makeFrozenParts(injections: Int(count))
    for part in network.frozenParts {
      try read(into: part.network.parameters.parameters)
      part.network.parametersDidChange()
    }
  }
}
