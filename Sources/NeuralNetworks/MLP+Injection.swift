internal import LinearAlgebra

/// Plasticity injection: what a network computes is frozen, and new weights learn beside it.
///
/// With h the whole network, θ what it has learnt and θ' new weights, it computes
/// `h(θ', x) − h(θ'₀, x) + h(θ, x)` from then on; θ'₀ is a copy of θ' as it started, and θ' alone is trained.
/// The first two terms cancel exactly at first, so that outputs stay as they are bit for bit.
///
/// - Source: Nikishin et al. 2023, arXiv:2305.15555, section 4.
/// - Difference from source: there h is the head over a convolutional encoder that goes on learning; a
///   perceptron has no encoder, so that h is all of it.
extension MLP {
  /// A network whose output is added to that of another or taken from it, and which does not learn.
  public struct FrozenPart {
    /// Of the same shape.
    public let network: MLP
    /// Whether its output is taken away: it is what an injection started from.
    public let isSubtracted: Bool
  }

  /// More would make every pass that many times as long.
  public static let mostInjections = 16

  /// How often the network has been injected with new weights.
  public var injections: Int { frozenParts.count / 2 }

  /// Freezes what the network computes and goes on with new weights beside it.
  ///
  /// - Parameter fresh: A network of the same shape, whose parameters are taken over.
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

  /// Makes room for the frozen parts of so many injections, to be read from a file.
  public func makeFrozenParts(injections: Int) {
    precondition(
      injections == 0 || !architecture.usesBatchNorm && injections <= Self.mostInjections,
      "\(injections) injections")
    frozenParts = (0..<injections).reversed().flatMap { makeFrozenPair($0) }
  }

  /// Leaves what learns alone.
  public func removeFrozenParts() { frozenParts = [] }

  /// Moves the frozen parts towards those of a network that has been injected as often.
  public func followFrozenParts(of other: MLP, rate: Float) {
    precondition(frozenParts.count == other.frozenParts.count, "one network is injected, one not")
    for (mine, theirs) in zip(frozenParts, other.frozenParts) {
      softUpdate(
        mine.network.parameters.values, towards: theirs.network.parameters.values, rate: rate)
      mine.network.parametersDidChange()
    }
  }

  /// What the injection of an index starts from, and what it freezes.
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

  /// Adds the derivatives by the input that go through the frozen parts.
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
  /// Memory for what frozen parts compute; allocated when it is first asked for.
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
