internal import LinearAlgebra

/// Plasticity injection: the learnt weights are frozen, and new weights learn beside them.
///
/// With h the whole network, θ the learnt weights and θ' the new ones, the network then computes
/// `h(θ', x) − h(θ'₀, x) + h(θ, x)`, where θ'₀ is a copy of the initial θ', and only θ' is trained.
/// The first two terms cancel exactly at first, so the outputs remain the same bit for bit.
///
/// - Source: Nikishin et al. 2023, arXiv:2305.15555, section 4.
/// - Difference from source: there h is the head on a convolutional encoder that continues to
///   learn; a perceptron has no encoder, so h is the whole network.
extension MLP {
  /// A network that does not learn and whose output is added to or subtracted from another's.
  public struct FrozenPart {
    /// The frozen network, which has the shape of the one it is added to.
    public let network: MLP
    /// Whether the output is subtracted, because the part holds the initial weights of an
    /// injection.
    public let isSubtracted: Bool
  }

  /// Maximum number of injections, since each one makes every pass longer.
  public static let mostInjections = 16

  /// Number of times that the network has been injected with new weights.
  public var injections: Int { frozenParts.count / 2 }

  /// Freezes the learnt weights and continues with new ones beside them.
  ///
  /// - Parameter fresh: A network of the same shape, whose parameters are copied.
  public func inject(_ fresh: MLP) {
    precondition(
      !architecture.usesBatchNorm && injections < Self.mostInjections, "an injection too many")
    let parts = makeFrozenPair(injections)
    parts[0].network.parameters.copyValues(from: fresh.parameters)
    parts[1].network.parameters.copyValues(from: parameters)
    for part in parts { part.network.parametersDidChange() }
    frozenParts = parts + frozenParts
    parameters.copyValues(from: fresh.parameters)
    parametersDidChange()
  }

  /// Allocates the frozen parts of the given number of injections, to be read from a file.
  public func makeFrozenParts(injections: Int) {
    precondition(
      injections == 0 || !architecture.usesBatchNorm && injections <= Self.mostInjections,
      "\(injections) injections")
    frozenParts = (0..<injections).reversed().flatMap { makeFrozenPair($0) }
  }

  /// Removes the frozen parts, so that only the weights that learn remain.
  public func removeFrozenParts() { frozenParts = [] }

  /// Moves the frozen parts towards those of a network with the same number of injections.
  public func followFrozenParts(of other: MLP, rate: Float) {
    precondition(frozenParts.count == other.frozenParts.count, "one network is injected, one not")
    for (mine, theirs) in zip(frozenParts, other.frozenParts) {
      softUpdate(
        mine.network.parameters.values, towards: theirs.network.parameters.values, rate: rate)
      mine.network.parametersDidChange()
    }
  }

  /// Creates both parts of an injection: one for its initial weights, one for the frozen ones.
  private func makeFrozenPair(_ injection: Int) -> [FrozenPart] {
    (0..<2).map { k in
      var random = RandomStream(seed: 0, name: "unused")
      let network = MLP(
        name: "\(name).frozen.\(2 * injection + k)", architecture: architecture,
        initializer: initializer, random: &random)
      return FrozenPart(network: network, isSubtracted: k == 0)
    }
  }

  /// Copies the frozen parts of a network of the same shape.
  func copyFrozenParts(of other: MLP) {
    makeFrozenParts(injections: other.injections)
    for (mine, theirs) in zip(frozenParts, other.frozenParts) {
      mine.network.parameters.copyValues(from: theirs.network.parameters)
      mine.network.parametersDidChange()
    }
  }

  /// Adds the outputs of the frozen parts to the network's own.
  ///
  /// The latest injection comes first: its two parts cancel before anything is rounded.
  func addFrozenOutputs(_ input: Matrix, firstRow: Int, rows: Int, in workspace: Workspace) {
    let output = workspace.output
    for (part, scratch) in zip(frozenParts, workspace.scratch(for: frozenParts)) {
      let frozen = part.network.forward(
        input, firstRow: firstRow, rows: rows, in: scratch.workspace)
      for i in 0..<rows {
        for j in 0..<output.columns {
          output[i, j] += part.isSubtracted ? -frozen[i, j] : frozen[i, j]
        }
      }
    }
  }

  /// Adds the derivatives with respect to the input that flow through the frozen parts.
  func addFrozenInputGradients(
    _ input: Matrix, firstRow: Int, rows: Int, outputGradient: Matrix, in workspace: Workspace,
    to inputGradient: Matrix
  ) {
    let gradient = workspace.frozenInputGradient(columns: inputGradient.columns)
    for (part, scratch) in zip(frozenParts, workspace.scratch(for: frozenParts)) {
      part.network.backward(
        input, firstRow: firstRow, rows: rows, outputGradient: outputGradient,
        in: scratch.workspace, inputGradient: gradient, updatesParameters: false)
      for i in 0..<rows {
        for j in 0..<gradient.columns {
          inputGradient[i, j] += part.isSubtracted ? -gradient[i, j] : gradient[i, j]
        }
      }
    }
  }
}

extension MLP.Workspace {
  /// Returns workspaces for the frozen parts, allocated on first use.
  fileprivate func scratch(
    for parts: [MLP.FrozenPart]
  ) -> [(part: MLP, workspace: MLP.Workspace)] {
    let isCurrent =
      parts.count == frozenScratch.count
      && zip(parts, frozenScratch).allSatisfy { $0.network === $1.part }
    if !isCurrent {
      frozenScratch = parts.map { ($0.network, $0.network.makeWorkspace(rows: capacity)) }
    }
    return frozenScratch
  }

  fileprivate func frozenInputGradient(columns: Int) -> Matrix {
    if let frozenGradient { return frozenGradient }
    let gradient = Matrix(rows: capacity, columns: columns)
    frozenGradient = gradient
    return gradient
  }
}
